"""Submit jobs, follow them and see what became of them."""
