"""Between the program and a person at a terminal: what is printed, what is typed."""
