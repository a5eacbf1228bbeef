"""What encoders make of a secret, each written independently of how it is looked for."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from collections.abc import Callable
from html.entities import html5
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape, quoteattr

Encoder = Callable[[str], str]


def _base64(ahead: int, encode: Callable[[bytes], bytes]) -> Encoder:
    """Only what depends on the secret alone: the letters at its ends hold bits of others."""

    def encoded(text: str) -> str:
        raw = text.encode()
        whole = encode(b"u" * ahead + raw).decode()
        return whole[(0, 2, 3)[ahead] : (ahead + len(raw)) * 8 // 6]

    return encoded


_NAMES = {text: f"&{name}" for name, text in html5.items() if name.endswith(";")}

ENCODERS: dict[str, Encoder] = {
    "plain": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "json, not only ASCII": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json with \\/": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "json in json": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "python": lambda text: repr(text)[1:-1],
    "python, ASCII": lambda text: ascii(text)[1:-1],
    "python bytes": lambda text: repr(text.encode())[2:-1],
    "url": lambda text: quote(text, safe=""),
    "url path": quote,
    "url as scripts write it": lambda text: quote(text, safe="!'()*"),
    "url, lower case": lambda text: re.sub(
        "%..", lambda found: found[0].lower(), quote(text, safe="")
    ),
    "url form": quote_plus,
    "url twice": lambda text: quote(quote(text, safe=""), safe=""),
    "url, all of it": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "html": html.escape,
    "xml": lambda text: escape(text, {'"': "&quot;", "'": "&apos;"}),
    "xml attribute": lambda text: quoteattr(text)[1:-1],
    "xml numbers": lambda text: "".join(
        c if c.isascii() and c.isalnum() else f"&#{ord(c)};" for c in text
    ),
    "xml numbers, hexadecimal": lambda text: "".join(
        c if c.isascii() and c.isalnum() else f"&#x{ord(c):X};" for c in text
    ),
    "html names": lambda text: "".join(_NAMES.get(c, c) for c in text),
    "xml in xml": lambda text: html.escape(html.escape(text)),
    "shell": lambda text: shlex.quote(text),
    "shell, double quotes": lambda text: "".join(f"\\{c}" if c in '$`"\\' else c for c in text),
    "shell, numbers": lambda text: "".join(
        c if c.isascii() and c.isalnum() else "".join(f"\\{byte:03o}" for byte in c.encode())
        for c in text
    ),
    "shell, backslashes": lambda text: "".join(
        c if c.isalnum() or c == "\n" else f"\\{c}" for c in text
    ),
    **{f"base64 behind {n}": _base64(n, base64.b64encode) for n in range(3)},
    **{f"base64url behind {n}": _base64(n, base64.urlsafe_b64encode) for n in range(3)},
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal, upper case": lambda text: text.encode().hex().upper(),
    "hexadecimal dump": lambda text: text.encode().hex(" "),
    "hexadecimal dump in pairs": lambda text: text.encode().hex(" ", -2),
    "hexadecimal dump in pairs behind one": lambda text: f"u{text}".encode().hex(" ", -2)[2:],
}


def in_lines(encoded: str) -> str:
    """Base64 as mails and PEM files have it."""
    return "\n".join(encoded[at : at + 64] for at in range(0, len(encoded), 64))
