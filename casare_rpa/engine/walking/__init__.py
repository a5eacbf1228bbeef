"""Walking a plan: strands, their regions, and how things go wrong there."""
