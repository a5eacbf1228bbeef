"""What is on the screen, and what looks like it."""
