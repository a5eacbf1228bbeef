"""Nodes that compute: comparison, arithmetic, lists, maps, strings, JSON."""
