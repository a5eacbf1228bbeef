"""One job's process: what starts, watches and ends it, and what runs inside it."""
