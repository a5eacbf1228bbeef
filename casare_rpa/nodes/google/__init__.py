"""Google's services: Drive, Sheets, and what the nodes for all of them have in common."""
