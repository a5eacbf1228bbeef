"""Run the server that keeps workflows and hands out jobs."""
