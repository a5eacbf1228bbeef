"""What happens inside one transaction: all SQL, once for every database."""
