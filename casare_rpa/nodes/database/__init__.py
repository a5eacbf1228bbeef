"""Nodes for SQLite, PostgreSQL, and MySQL or MariaDB."""
