"""What stands for our signs on a terminal whose encoding does not have them."""

from __future__ import annotations

import codecs

#: The name of the error handler, for `errors=` of a stream.
LOOKALIKE = "casare_rpa.lookalike"
_SIGNS = {
    **{"✓": "+", "✗": "x", "▶": ">", "○": "o", "⏳": "...", "…": "...", "→": "->", "←": "<-"},
    **{"↺": "@", "├": "|", "└": "`", "─": "-", "│": "|", "█": "#"},
    "\N{MULTIPLICATION SIGN}": "x",
}


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_SIGNS.get(sign, "?") for sign in missing), error.end


codecs.register_error(LOOKALIKE, _stand_in)
