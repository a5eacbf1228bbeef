"""The agent as a service of its system: what `agent install` writes for systemd, launchd, Windows.

A file that was written here carries a mark; only such a file is replaced or removed.
"""
