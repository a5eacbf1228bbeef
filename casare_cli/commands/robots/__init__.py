"""See the robots and manage their keys."""
