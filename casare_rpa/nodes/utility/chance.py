"""Random numbers, texts, choices and orders."""

from __future__ import annotations

import math
import random
import secrets
import string
import uuid
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, port, prop
from casare_rpa.nodes.values.reading import as_int, as_list, as_number, as_text

MAX_LENGTH = 1_000_000
_SPECIAL = "!@#$%^&*()_+-=[]{}|;:,.<>?"


class RandomNumberNode(Node):
    """Draw a random number from a range; bounds the wrong way round are swapped."""

    category = "utility"
    example = {"min_value": 1, "max_value": 6, "integer_only": True}
    outputs = (Output("result", "FLOAT"),)
    min_value: Any = port(0, kind="float", aliases=("min",), help="The least.")
    max_value: Any = port(100, kind="float", aliases=("max",), help="The greatest.")
    integer_only: bool = prop(False, kind="boolean", help="Whole numbers, both ends included.")

    def run(self, ctx: Context) -> Outputs:
        bounds = (as_number(self.min_value, "min_value"), as_number(self.max_value, "max_value"))
        low, high = sorted(bounds)
        if not all(map(math.isfinite, bounds)):
            raise NodeError("the bounds must be finite", ErrorCode.VALUE_OUT_OF_RANGE)
        if not self.integer_only:
            return {"result": random.uniform(low, high)}
        first, last = math.ceil(low), math.floor(high)
        if first > last:
            raise NodeError(
                f"no whole number lies from {low} to {high}", ErrorCode.VALUE_OUT_OF_RANGE
            )
        return {"result": random.randint(first, last)}


class RandomStringNode(Node):
    """Make a random text, from a source that is good enough for passwords."""

    category = "utility"
    example = {"length": 12, "include_special": True}
    outputs = (Output("result", "STRING"),)
    length: Any = port(8, kind="integer", help="How many characters.")
    include_uppercase: bool = prop(True, kind="boolean", help="Take A to Z.")
    include_lowercase: bool = prop(True, kind="boolean", help="Take a to z.")
    include_digits: bool = prop(True, kind="boolean", help="Take 0 to 9.")
    include_special: bool = prop(False, kind="boolean", help=f"Take {_SPECIAL}")
    custom_chars: Any = prop("", kind="string", help="Take these characters and no others.")

    def run(self, ctx: Context) -> Outputs:
        length = as_int(self.length, "length")
        if not 0 <= length <= MAX_LENGTH:
            raise NodeError(
                f"length must lie from 0 to {MAX_LENGTH}, not {length}",
                ErrorCode.VALUE_OUT_OF_RANGE,
            )
        characters = self._characters()
        if not characters:
            raise NodeError("no characters to choose from", ErrorCode.INVALID_INPUT)
        return {"result": "".join(secrets.choice(characters) for _ in range(length))}

    def _characters(self) -> str:
        classes = (
            (self.include_uppercase, string.ascii_uppercase),
            (self.include_lowercase, string.ascii_lowercase),
            (self.include_digits, string.digits),
            (self.include_special, _SPECIAL),
        )
        return as_text(self.custom_chars) or "".join(some for taken, some in classes if taken)


class RandomUUIDNode(Node):
    """Make a UUID."""

    category = "utility"
    example = {"version": 4, "format": "hex"}
    outputs = (Output("result", "STRING", aliases=("uuid",)),)
    version: Any = prop(4, kind="integer", choices=(1, 4), help="1 tells time and machine.")
    format: str = prop(
        "standard", kind="choice", choices=("standard", "hex", "urn"), help="How it is written."
    )

    def run(self, ctx: Context) -> Outputs:
        version, form = as_int(self.version, "version"), as_text(self.format).strip().lower()
        if version not in (1, 4):
            raise NodeError(f"version must be 1 or 4, not {version}", ErrorCode.INVALID_INPUT)
        made = uuid.uuid4() if version == 4 else uuid.uuid1()
        forms = {"standard": str(made), "hex": made.hex, "urn": made.urn}
        if form not in forms:
            raise NodeError(f"format: there is no {form!r}", ErrorCode.INVALID_INPUT)
        return {"result": forms[form]}


class RandomChoiceNode(Node):
    """Pick random items of a list: one and its index, or a list and the index -1."""

    category = "utility"
    example = {"items": ["red", "green", "blue"]}
    outputs = (Output("result"), Output("index", "INTEGER"))
    items: Any = param(
        None, kind="list", required=True, aliases=("list",), help="What to choose from."
    )
    count: Any = prop(1, kind="integer", minimum=1, help="How many.")
    allow_duplicates: bool = prop(False, kind="boolean", help="An item may be picked again.")

    def run(self, ctx: Context) -> Outputs:
        items = as_list(ctx, self.items, "items")
        count = as_int(self.count, "count")
        if not items:
            raise NodeError("items is empty", ErrorCode.VALUE_OUT_OF_RANGE, business=True)
        if count < 1 or (count > len(items) and not self.allow_duplicates):
            raise NodeError(
                f"count: {count} of {len(items)} items cannot be picked",
                ErrorCode.VALUE_OUT_OF_RANGE,
            )
        if count == 1:
            index = random.randrange(len(items))
            return {"result": items[index], "index": index}
        pick = random.choices if self.allow_duplicates else random.sample
        return {"result": pick(items, k=count), "index": -1}


class ShuffleListNode(Node):
    """Return the list in random order."""

    category = "utility"
    example = {"items": [1, 2, 3]}
    outputs = (Output("result", "LIST"),)
    items: Any = param(None, kind="list", required=True, aliases=("list",), help="The list.")

    def run(self, ctx: Context) -> Outputs:
        items = as_list(ctx, self.items, "items")
        return {"result": random.sample(items, k=len(items))}
