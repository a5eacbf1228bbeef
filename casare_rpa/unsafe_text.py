"""Text of others that is shown on a terminal or in a log."""

from __future__ import annotations

import re

# C0 without tab and newline, DEL, C1, the bidirectional overrides, lone surrogates.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def escape(text: str) -> str:
    """*text* with control characters made visible, so that data cannot drive the terminal."""
    return _UNSAFE.sub(lambda found: repr(found[0])[1:-1], text)
