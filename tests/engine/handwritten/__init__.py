"""Workflow documents as people write them by hand, each with the outcome it means."""
