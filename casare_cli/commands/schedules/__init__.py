"""Let the orchestrator submit jobs by the clock."""
