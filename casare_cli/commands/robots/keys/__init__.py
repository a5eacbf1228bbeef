"""Make, list, replace and revoke the keys of robots."""
