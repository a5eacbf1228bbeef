"""What a stored secret is: one text, or several fields such as username and password."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from casare_rpa.errors import InvalidInput

#: The field of a secret that is one text.
VALUE = "value"
MAX_VALUE_BYTES = 64 << 10
#: Where a service is, not how to get in; to mask a port would mask any number like it. And what
#: Google's key files say of the account beside its key: error messages name it.
_NOT_SECRET = frozenset(
    {
        *("host", "port", "database", "api_url", "base_url", "provider"),
        *("type", "project_id", "client_email", "token_uri", "auth_uri", "universe_domain"),
        *("auth_provider_x509_cert_url", "client_x509_cert_url", "subject"),
        "service_account_file",
    }
)
_NAME = re.compile(r"[\w-]+(?:[ ./][\w-]+)*")
_MAX_NAME_LENGTH = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """`text` is the whole of it, if it is one text; `fields` are its parts, if it has some.

    A text that is a JSON object has both.
    """

    text: str | None = field(default=None, repr=False)
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of_text(cls, text: str) -> Secret:
        """From an environment variable or a file, whose last line may have an end."""
        text = text.removesuffix("\n").removesuffix("\r")
        return cls(text=text, fields=_object(text))

    @classmethod
    def of_fields(cls, fields: Mapping[str, Any]) -> Secret:
        """From a source that knows fields; the one called `value` is the text."""
        text = fields.get(VALUE)
        rest = {name: value for name, value in fields.items() if name != VALUE}
        if not isinstance(text, str):
            return cls(fields=dict(fields))
        return cls(text=text, fields={**_object(text), **rest})

    @property
    def whole(self) -> Any:
        """What `{{$secret:NAME}}` stands for: the text, else all fields."""
        return dict(self.fields) if self.text is None else self.text

    @property
    def parts(self) -> dict[str, Any]:
        """All fields; a text that has none of its own is the field `value`."""
        text = {} if self.text is None or _object(self.text) else {VALUE: self.text}
        return {**text, **self.fields}

    @property
    def hidden(self) -> list[Any]:
        """The values that must not be seen."""
        parts = [value for name, value in self.fields.items() if name not in _NOT_SECRET]
        return [part for part in (self.text, *parts) if part is not None]

    def field(self, name: str) -> Secret | None:
        """One field as a secret of its own; None if there is none of that name."""
        if name == VALUE and self.text is not None:
            return Secret(text=self.text)
        value = self.fields.get(name)
        if isinstance(value, Mapping):
            return Secret.of_fields(value)
        return None if value is None else Secret(text=str(value))


#: Finds a secret by its name. Raises SecretMissing, and CasareError when a source fails.
FindSecret = Callable[[str], Secret]


def _object(text: str) -> dict[str, Any]:
    if not text.lstrip().startswith("{"):
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def check_name(name: str) -> str:
    """*name* if it can be one. Raises InvalidInput."""
    if len(name) > _MAX_NAME_LENGTH or not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name[:80]!r} is no name for a secret",
            hint="Letters, digits, - and _, in parts separated by . or / or a space.",
        )
    return name


def check_field(name: str) -> str:
    """*name* if a field can be called so. Raises InvalidInput."""
    if len(name) > _MAX_NAME_LENGTH or not re.fullmatch(r"[\w-]+", name):
        raise InvalidInput(
            f"{name[:80]!r} is no name for a field", hint="Letters, digits, - and _."
        )
    return name


def readings(name: str) -> Iterator[tuple[str, str]]:
    """What *name* may mean, as (secret, field): all of it a secret, or its last part a field."""
    yield name, ""
    cut = max(name.rfind("."), name.rfind("/"))
    if cut > 0:
        yield name[:cut], name[cut + 1 :]
