"""Lists of what the orchestrator has: how they come in pages, and the columns of each."""
