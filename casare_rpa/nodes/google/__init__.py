"""Google's services: Drive, and what the nodes for all of them have in common."""
