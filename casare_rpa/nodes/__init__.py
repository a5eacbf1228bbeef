"""The node library: what a workflow can do, one file per family of nodes."""
