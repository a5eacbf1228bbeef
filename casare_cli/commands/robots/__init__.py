"""See the robots, pause and drain them, manage their keys."""
