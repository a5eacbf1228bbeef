"""Files and folders on disk: text, CSV, JSON and ZIP."""
