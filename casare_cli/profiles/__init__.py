"""Profiles of this user: settings, the key of each, and where secrets are kept."""
