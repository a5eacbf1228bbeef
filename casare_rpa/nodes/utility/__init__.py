"""Nodes of every day: the log, dates, chance, conversion, checks, waiting."""
