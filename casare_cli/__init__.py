"""The `casare-rpa` command: what people and scripts type."""
