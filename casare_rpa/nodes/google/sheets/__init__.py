"""The nodes of Google Sheets."""
