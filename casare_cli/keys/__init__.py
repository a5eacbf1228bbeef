"""Where the API key of a profile is: found when it is needed, kept by `login`."""
