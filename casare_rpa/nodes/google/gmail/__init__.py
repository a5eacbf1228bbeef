"""The nodes of Gmail."""
