"""Let the orchestrator submit jobs by the clock.

Examples:
    casare-rpa schedules create invoices --cron '0 6 * * 1-5' --timezone Europe/Berlin
    casare-rpa schedules next invoices
    casare-rpa schedules trigger invoices
"""
