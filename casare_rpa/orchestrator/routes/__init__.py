"""The REST calls, a file for each noun."""
