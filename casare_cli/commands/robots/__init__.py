"""See the robots, pause and drain them, manage their keys.

Examples:
    casare-rpa robots list --status idle
    casare-rpa robots pause invoices-1 --for 30m --note "new printer"
    casare-rpa robots keys create invoices-1 > robot.key
"""
