"""What a workflow asks a person, at the terminal that it was started from."""
