"""Keep workflows in the orchestrator and check workflow files.

Examples:
    casare-rpa workflows validate invoices.json
    casare-rpa workflows push invoices.json
    casare-rpa workflows graph invoices.json
"""
