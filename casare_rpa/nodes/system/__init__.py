"""The machine: commands, processes, environment, figures, and small things around them."""
