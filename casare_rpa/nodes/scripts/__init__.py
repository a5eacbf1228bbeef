"""Expressions, and programs in Python, JavaScript and the system's shell."""
