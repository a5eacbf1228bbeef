"""See and change settings: what each is, and which file or variable says so.

Examples:
    casare-rpa config list --changed --show-origin
    casare-rpa config set orchestrator_url https://rpa.example.org
"""
