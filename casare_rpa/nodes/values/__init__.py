"""What values mean, to nodes and to the engine alike: as numbers, lists, choices, conditions."""
