"""The agent's side towards its machine: folders, clocks, signals, status, probes."""
