"""Run the server that keeps workflows and hands out jobs.

Examples:
    casare-rpa orchestrator start
    casare-rpa orchestrator backup /var/backups/casare.db
    casare-rpa orchestrator migrate --database postgresql://casare@db/casare
"""
