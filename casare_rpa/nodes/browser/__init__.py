"""What a person does in a web browser."""
