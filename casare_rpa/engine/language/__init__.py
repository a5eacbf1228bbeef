"""What texts of a workflow may say: placeholders, and expressions with their limits."""
