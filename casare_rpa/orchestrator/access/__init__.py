"""Keys: whose they are, what they may call, how often, and how wrong ones are met."""
