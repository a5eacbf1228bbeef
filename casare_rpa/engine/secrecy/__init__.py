"""Secret values of a run: fetched when they are needed, and shown nowhere."""
