"""Nodes that look into text and change it."""
