"""Where a job's time went: read from its history, shown as lines or as a page."""
