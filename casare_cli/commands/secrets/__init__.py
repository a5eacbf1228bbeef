"""Set, list and delete the secrets that workflows on this machine may use.

Examples:
    casare-rpa secrets set erp --field password
    casare-rpa secrets list
"""
