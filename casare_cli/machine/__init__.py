"""What runs on this machine: its agent, its journals, its database, its logs."""
