"""What every request passes before its route, and what is answered when it has none."""
