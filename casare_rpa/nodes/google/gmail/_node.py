"""What the nodes of Gmail have in common: the mailbox, and how its messages are named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from casare_rpa.nodes.base import Context, param, prop
from casare_rpa.nodes.google._node import OUTCOME, NamedAccountNode, TokenAccountNode, wanted
from casare_rpa.nodes.google._services import GMAIL, Service, quoted
from casare_rpa.nodes.values.reading import MISSING, comma_separated, literal

MAILBOX = "/gmail/v1/users/me"
MESSAGES = f"{MAILBOX}/messages"
#: Of the nodes that say whether it went well, and no status.
WENT = OUTCOME[:2]
_IDS = ("id", "message_id")


class GmailNode(NamedAccountNode, abstract=True):
    """A node that works on the mailbox of a stored account."""

    service: ClassVar[Service] = GMAIL
    credential_name: str = prop("google", kind="string", help="The stored account to use.")


class GmailTokenNode(TokenAccountNode, abstract=True):
    """The same for a node that takes a token as well."""

    service: ClassVar[Service] = GMAIL


def message_id_param(help: str = "The message: its `id`, or a message that a node gave.") -> Any:
    """The message of a node that has no other default for it than none."""
    return param(None, kind="string", required=True, help=help)


def message_path(message_id: Any, *more: str) -> str:
    """The path of one message, or of something below it. Raises NodeError if there is no id."""
    return "/".join((MESSAGES, quoted(wanted(id_of(message_id), "message_id")), *more))


def id_of(value: Any) -> Any:
    """The id that *value* is, or that is in it where it is a message."""
    if not isinstance(value, Mapping):
        return value
    return next((value[name] for name in _IDS if value.get(name)), "")


def words(ctx: Context, value: Any) -> list[Any]:
    """A list as it is, in JSON, in a variable, or in a text with commas; nothing is an empty one.

    Names of labels have spaces: a text without commas is one word.
    """
    if isinstance(value, str):
        found = literal(value)
        if found is MISSING:
            found = ctx.get_variable(value.strip()) if value.strip() else None
        value = found if isinstance(found, list | tuple | Mapping) else comma_separated(value)
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
