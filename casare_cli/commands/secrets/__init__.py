"""Set, list and delete the secrets that workflows on this machine may use."""
