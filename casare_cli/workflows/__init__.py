"""Workflows as people name them: files, ids and names."""
