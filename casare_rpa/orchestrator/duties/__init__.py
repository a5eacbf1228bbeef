"""What one orchestrator of several does by itself: reap leases, fire schedules."""
