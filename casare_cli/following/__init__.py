"""Following a run: its events, its history, the picture of its steps."""
