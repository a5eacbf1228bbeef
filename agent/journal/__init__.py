"""The journals on this machine's disk: one for each attempt."""
