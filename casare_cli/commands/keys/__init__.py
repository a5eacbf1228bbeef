"""Make, list and revoke the keys of people and scripts.

Examples:
    casare-rpa keys create --role developer --name laptop > api.key
    casare-rpa keys list --status active
"""
