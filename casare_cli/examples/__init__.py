"""Example workflows that ship with the package, with the input they read."""
