"""The environment of a run, and small values."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, Node, NodeError, Output, Outputs, param, prop

_COMPARISON = re.compile(r"(.*?)(>=|<=|!=|==|>|<)(.*)", re.DOTALL)
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


class EnvironmentVariableNode(Node):
    """Read or set an environment variable.

    What is set is seen by later nodes of the run and by the programs they start. The scopes `user`
    and `system` exist on Windows only. Variables that begin with CASARE_ are the robot's own: they
    read as missing and cannot be set.
    """

    category = "system"
    example = {"var_name": "HOME"}
    side_effect = True
    action: str = prop("get", kind="choice", choices=("get", "set"), help="What to do.")
    var_name: str = param("", kind="string", aliases=("name",), help="The variable.")
    value: Json = param("", kind="string", help="What to set.")
    scope: str = prop(
        "process", kind="choice", choices=("process", "user", "system"), help="For whom."
    )
    outputs = (
        Output("result_value", "STRING"),
        Output("exists", "BOOLEAN"),
        Output("success", "BOOLEAN"),
    )

    def run(self, ctx: Context) -> Outputs:
        name = str(self.var_name or "").strip()
        if not name or "=" in name or "\0" in name:
            raise NodeError(f"{name!r} is no name of a variable", ErrorCode.INVALID_INPUT)
        if str(self.scope).lower() != "process":
            raise NodeError(
                f"the scope {self.scope!r} is not available, only `process`",
                ErrorCode.NOT_IMPLEMENTED,
            )
        match str(self.action).lower():
            case "get":
                found = ctx.environment.get(name)
                return {"result_value": found or "", "exists": found is not None, "success": True}
            case "set":
                return self._set(ctx, name)
        raise NodeError(
            f"no action {self.action!r}; the actions are: get, set", ErrorCode.INVALID_INPUT
        )

    def _set(self, ctx: Context, name: str) -> Outputs:
        if name.upper().startswith("CASARE_"):
            raise NodeError(f"{name} belongs to the robot", ErrorCode.PERMISSION_DENIED)
        text = "" if self.value is None else str(self.value)
        if "\0" in text:
            raise NodeError("value holds a NUL character", ErrorCode.INVALID_INPUT)
        ctx.set_environment(name, text)
        return {"result_value": text, "exists": True, "success": True}


class UUIDGeneratorNode(Node):
    """Generate one or more UUIDs, of version 4 (random) or 1 (time). `uuid` is the first."""

    category = "system"
    example = {"count": 2}
    uuid_version: str = prop("4", kind="choice", choices=("1", "4"), help="Which version.")
    count: int = prop(1, kind="integer", minimum=1, maximum=100, help="How many.")
    outputs = (Output("uuid", "STRING"), Output("uuids", "LIST"), Output("success", "BOOLEAN"))

    def run(self, ctx: Context) -> Outputs:
        made = {"1": uuid.uuid1, "4": uuid.uuid4}.get(str(self.uuid_version))
        if made is None:
            raise NodeError(
                f"no uuid_version {self.uuid_version!r}; there are: 1, 4", ErrorCode.INVALID_INPUT
            )
        found = [str(made()) for _ in range(min(max(int(self.count), 1), 100))]
        return {"uuid": found[0], "uuids": found, "success": True}


class Base64Node(Node):
    """Encode text to Base64, or decode it; both as UTF-8. Empty input fails."""

    category = "system"
    example = {"input_text": "one line"}
    action: str = prop("encode", kind="choice", choices=("encode", "decode"), help="What to do.")
    input_text: Json = param("", kind="text", help="The text.")
    outputs = (Output("output", "STRING"), Output("success", "BOOLEAN"))

    def run(self, ctx: Context) -> Outputs:
        if self.input_text is None or self.input_text == "":
            raise NodeError("input_text is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        match str(self.action).lower():
            case "encode":
                output = base64.b64encode(_bytes(self.input_text)).decode("ascii")
            case "decode":
                output = _decoded(str(self.input_text))
            case _:
                raise NodeError(
                    f"no action {self.action!r}; the actions are: encode, decode",
                    ErrorCode.INVALID_INPUT,
                )
        return {"output": output, "success": True}


class AssertSystemNode(Node):
    """Check a condition and, unless `fail_on_false` is off, fail if it does not hold.

    A text may hold one comparison (>= <= != == > <) of numerals or bare words; with nothing on the
    left, `value` stands there. `true` and `false` mean themselves, other text that is not empty
    holds.
    """

    category = "system"
    example = {"condition": "2 > 1"}
    condition: Json = param(kind="string", required=True, port_kind="ANY", help="What must hold.")
    value: Json = param(None, kind="any", help="What to compare.")
    assert_message: str = prop("Assertion failed", kind="string", help="What to say.")
    fail_on_false: bool = prop(True, kind="boolean", help="Fail the node.")
    outputs = (Output("passed", "BOOLEAN"), Output("message", "STRING"))

    def run(self, ctx: Context) -> Outputs:
        passed = self._holds()
        if not passed and self.fail_on_false:
            raise NodeError(str(self.assert_message), ErrorCode.VALIDATION_FAILED, business=True)
        return {"passed": passed, "message": "" if passed else str(self.assert_message)}

    def _holds(self) -> bool:
        if not isinstance(self.condition, str):
            return bool(self.condition)
        text = self.condition.strip()
        if found := _COMPARISON.fullmatch(text):
            left, test, right = found[1].strip(), found[2], found[3].strip()
            return _compare(self.value if left == "" else left, test, right)
        return text.lower() not in ("", "false")


def _compare(left: Any, test: str, right: Any) -> bool:
    numerals = _numeral(left), _numeral(right)
    if None in numerals:
        return _TESTS[test](_bare(left), _bare(right))
    return _TESTS[test](*numerals)


def _numeral(value: Any) -> float | int | None:
    if isinstance(value, int | float):
        return value
    try:
        return float(str(value).strip())
    except ValueError:
        return None


def _bare(value: Any) -> str:
    text = str(value).strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | bytearray) else str(value).encode()


def _decoded(text: str) -> str:
    packed = "".join(text.split()).replace("-", "+").replace("_", "/")
    try:
        raw = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
        return raw.decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise NodeError(f"not Base64 of a text: {error}", ErrorCode.INVALID_FORMAT) from error
