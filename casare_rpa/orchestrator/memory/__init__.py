"""What one process keeps in memory for all its calls: wake-ups, pages, keys, open sockets."""
