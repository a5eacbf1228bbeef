"""Look at jobs that failed for good, run them again or forget them.

Examples:
    casare-rpa jobs dead-letters list
    casare-rpa jobs dead-letters get job_1
    casare-rpa jobs dead-letters retry job_1
"""
