"""The fleet at a glance, and the small one of `casare-rpa demo`."""
