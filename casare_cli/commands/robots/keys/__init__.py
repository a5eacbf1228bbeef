"""Make, list, replace and revoke the keys of robots.

Examples:
    casare-rpa robots keys create invoices-1 > robot.key
    casare-rpa robots keys list --status active
"""
