"""Look at jobs that failed for good, run them again or forget them."""
