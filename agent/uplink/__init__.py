"""Everything that the agent says to its orchestrator and hears from it."""
