"""Make, list and revoke the keys of people and scripts."""
