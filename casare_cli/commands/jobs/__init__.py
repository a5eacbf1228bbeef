"""Submit jobs, follow them and see what became of them.

Examples:
    casare-rpa jobs submit invoices.json --wait
    casare-rpa jobs list --status failed --since 1d
    casare-rpa jobs watch @latest
    casare-rpa jobs why job_1
"""
