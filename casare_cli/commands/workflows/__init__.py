"""Keep workflows in the orchestrator and check workflow files."""
