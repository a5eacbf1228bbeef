"""Stored secrets: where a robot keeps them, and in which order they are looked for."""

from casare_rpa.errors import SecretMissing
from casare_rpa.secrets.lookup import SecretSources, own_keys
from casare_rpa.secrets.secret import FindSecret, Secret

__all__ = ["FindSecret", "Secret", "SecretMissing", "SecretSources", "own_keys"]
