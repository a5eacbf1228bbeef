"""The nodes of Google Drive."""
