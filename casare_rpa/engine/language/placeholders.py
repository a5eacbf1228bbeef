"""Placeholders in text: `{{ path }}`, and the older `${path}` and `%path%`.

Text is compiled once into a Template. A text that is one placeholder gives the value with its type;
otherwise each value is put in as text. What cannot be resolved stays as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

_NAME = r"[^\W\d][\w-]*(?:\.[\w-]+|\[\d+\])*"
_STRICT = r"[^\W\d]\w*(?:\.\w+|\[\d+\])*"
_MAIN = rf"\{{\{{\s*(?P<main>\$?{_NAME}|\$secret:[\w./-]+)(?P<filter>\s*\|\s*length)?\s*\}}\}}"
_DOLLAR = rf"\$\{{(?P<dollar>\$?{_STRICT})\}}"
_PERCENT = rf"%(?P<percent>\$?{_STRICT})%"
_ANY_FORM = re.compile("|".join((_MAIN, _DOLLAR, _PERCENT)))
_EXPRESSION_FORMS = re.compile("|".join((_MAIN, _DOLLAR)))
_STORED = "$secret:"
_STEP = re.compile(r"\.?([\w-]+)|\[(\d+)\]")

MISSING: Any = type("Missing", (), {"__repr__": lambda _: "<missing>"})()
_ABSENT: Any = object()


class Scope(Protocol):
    """Where names are looked up: the variables, outputs and stored secrets of a run."""

    @property
    def variables(self) -> Mapping[str, Any]: ...
    @property
    def outputs(self) -> Mapping[str, Mapping[str, Any]]: ...
    @property
    def output_aliases(self) -> Mapping[str, Mapping[str, str]]: ...
    @property
    def environment(self) -> Mapping[str, str]: ...

    @property
    def secret(self) -> Callable[[str], Any]: ...

    def unresolved(self, written: str) -> None:
        """Told of a placeholder that stays as it is written."""
        ...

    def failed_condition(self, message: str) -> None:
        """Told of a condition that counts as false because it failed."""
        ...


def find_placeholders(text: str, *, legacy_percent: bool = True) -> Iterator[tuple[int, int]]:
    """Where placeholders stand in *text*, as (start, end)."""
    pattern = _ANY_FORM if legacy_percent else _EXPRESSION_FORMS
    return (match.span() for match in pattern.finditer(text))


def secrets_in(value: Any) -> Iterator[str]:
    """The names of the stored secrets that placeholders in *value* stand for."""
    if isinstance(value, str):
        if _STORED in value:
            paths = (match["main"] or "" for match in _ANY_FORM.finditer(value))
            yield from (p.removeprefix(_STORED) for p in paths if p.startswith(_STORED))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from secrets_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from secrets_in(item)


def text_of(value: Any) -> str:
    """A value as text between other text: None is empty."""
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)


class Reference:
    """One placeholder: its path, and how it is written."""

    __slots__ = ("_first", "_length", "_rest", "path", "warns", "written")

    def __init__(self, written: str, path: str, *, length: bool, warns: bool) -> None:
        self.written = written
        self.path = path
        self.warns = warns
        self._length = length
        steps = [a or int(b) for a, b in _STEP.findall(path.removeprefix("$"))]
        self._first = str(steps[0])
        self._rest = tuple(steps[1:])

    @property
    def first(self) -> str:
        """The name that the path begins with."""
        return self._first

    @property
    def port(self) -> str | None:
        """The key behind the first name, which is an output if that is a node."""
        return self._rest[0] if self._rest and isinstance(self._rest[0], str) else None

    @property
    def is_plain(self) -> bool:
        """Whether it is a name, or a name and one key."""
        return (
            not self._length
            and not self.path.startswith("$")
            and len(self._rest) <= 1
            and all(isinstance(step, str) for step in self._rest)
            and self.path.count(".") == len(self._rest)
        )

    def find(self, scope: Scope) -> Any:
        """The value, or MISSING."""
        value = self._look_up(scope)
        if self._length and value is not MISSING:
            return len(value) if hasattr(value, "__len__") else MISSING
        return value

    def _look_up(self, scope: Scope) -> Any:
        variables = scope.variables
        value = variables.get(self.path, _ABSENT)
        if value is not _ABSENT:
            return value
        if self.path.startswith(_STORED):
            return scope.secret(self.path.removeprefix(_STORED))
        if self.path.startswith("$"):
            system = SYSTEM_NAMES.get(self.path)
            return system() if system else MISSING
        return self._walk(variables, scope)

    def _walk(self, variables: Mapping[str, Any], scope: Scope) -> Any:
        first, rest = self._first, self._rest
        value = variables.get(first)
        if value is not None:
            found = walk(value, rest)
            if found is not MISSING:
                return found
        elif first == "env" and rest and first not in variables:
            return scope.environment.get(self.path[4:], MISSING)
        outputs = scope.outputs.get(first)
        return MISSING if outputs is None else self._output(outputs, rest, scope)

    def _output(self, outputs: Mapping[str, Any], rest: tuple[str | int, ...], scope: Scope) -> Any:
        if not rest:
            return outputs
        port = rest[0]
        if port not in outputs and isinstance(port, str):
            port = scope.output_aliases.get(self._first, {}).get(port, port)
        value = outputs.get(port, MISSING) if isinstance(port, str) else MISSING
        return value if value is MISSING or len(rest) == 1 else walk(value, rest[1:])


def walk(value: Any, steps: tuple[str | int, ...]) -> Any:
    """Follow map keys, attributes and list indexes; MISSING where there is none or a None."""
    for step in steps:
        value = _step(value, step)
        if value is None or value is MISSING:
            return MISSING
    return value


def _step(value: Any, step: str | int) -> Any:
    if isinstance(value, Mapping):
        found = value.get(step, MISSING)
        return value.get(str(step), MISSING) if found is MISSING else found
    if isinstance(value, (list, tuple, str)):
        if not isinstance(step, int) and not step.isdecimal():
            return MISSING
        index = int(step)
        return value[index] if index < len(value) else MISSING
    if isinstance(step, str) and not step.startswith("_"):
        found = getattr(value, step, MISSING)
        return MISSING if callable(found) else found
    return MISSING


def _now(form: Callable[[datetime], Any]) -> Callable[[], Any]:
    return lambda: form(datetime.now())  # noqa: DTZ005 - the system names are local time


SYSTEM_NAMES: dict[str, Callable[[], Any]] = {
    "$currentDate": _now(lambda now: now.strftime("%Y-%m-%d")),
    "$currentTime": _now(lambda now: now.strftime("%H:%M:%S")),
    "$currentDateTime": _now(lambda now: now.isoformat(timespec="microseconds")),
    "$timestamp": _now(lambda now: int(now.timestamp())),
}


class Template:
    """A compiled text. `resolve` gives its value in a scope."""

    __slots__ = ("_parts", "_whole")

    def __init__(self, parts: list[str | Reference], whole: Reference | None) -> None:
        self._parts = parts
        self._whole = whole

    @classmethod
    def joined(cls, pieces: list[str | Template]) -> Template:
        """One text out of texts and templates."""
        parts: list[str | Reference] = []
        for piece in pieces:
            parts += [piece] if isinstance(piece, str) else piece._parts
        return cls(parts, None)

    @property
    def reference(self) -> Reference | None:
        """The one placeholder that the text consists of, if so."""
        return self._whole

    @property
    def references(self) -> list[Reference]:
        """Every placeholder in the text."""
        return [part for part in self._parts if isinstance(part, Reference)]

    def resolve(self, scope: Scope) -> Any:
        whole = self._whole
        if whole is not None:
            value = whole.find(scope)
            return self._literally(whole, scope) if value is MISSING else value
        return "".join([self._text(part, scope) for part in self._parts])

    def resolve_value(self, scope: Scope) -> Any:
        """As resolve, for one placeholder inside an expression: an unknown one is an error."""
        value = self._whole.find(scope) if self._whole else MISSING
        if value is MISSING:
            written = self._whole.written if self._whole else ""
            raise NameError(f"{written} is unknown")
        return value

    def _text(self, part: str | Reference, scope: Scope) -> str:
        if isinstance(part, str):
            return part
        value = part.find(scope)
        return self._literally(part, scope) if value is MISSING else text_of(value)

    @staticmethod
    def _literally(reference: Reference, scope: Scope) -> str:
        if reference.warns:
            scope.unresolved(reference.written)
        return reference.written


@lru_cache(maxsize=8192)
def compile_text(text: str) -> Template:
    """The template of *text*, from a cache."""
    parts: list[str | Reference] = []
    position = 0
    for match in _ANY_FORM.finditer(text):
        if match.start() > position:
            parts.append(text[position : match.start()])
        parts.append(_reference(match))
        position = match.end()
    if position < len(text):
        parts.append(text[position:])
    return Template(parts, _only_reference(parts))


def _reference(match: re.Match[str]) -> Reference:
    main = match["main"]
    path = main or match["dollar"] or match["percent"]
    # ${HOME} and %TEMP% are also the shell's own words, so only the main form is worth a warning.
    return Reference(match[0], path, length=match["filter"] is not None, warns=main is not None)


def _only_reference(parts: list[str | Reference]) -> Reference | None:
    found = [part for part in parts if isinstance(part, Reference)]
    others = "".join(part for part in parts if isinstance(part, str))
    return found[0] if len(found) == 1 and not others.strip() else None


Resolver = Callable[[Scope], Any]


def compile_value(value: Any) -> Resolver | None:
    """How to resolve *value* with all its list items and map values; None if it has no placeholder.

    Containers come out fresh each time, so that nobody changes the plan through them.
    """
    if isinstance(value, str):
        return _compile_text(value) if _ANY_FORM.search(value) else None
    if isinstance(value, Mapping):
        return _compile_map(value)
    if isinstance(value, (list, tuple)):
        return _compile_list(value)
    return None


def _compile_text(text: str) -> Resolver:
    template = compile_text(text)
    reference = template.reference
    if reference is None or not reference.is_plain:
        return template.resolve
    return _shortcut(reference.path, template.resolve)


def _shortcut(path: str, resolve: Resolver) -> Resolver:
    """What *resolve* does for `{{name}}` and `{{node.port}}`, straight for the usual case."""
    first, _, port = path.partition(".")

    def find_variable(scope: Scope) -> Any:
        value = scope.variables.get(path)
        return resolve(scope) if value is None else value

    def find_output(scope: Scope) -> Any:
        variables = scope.variables
        if first not in variables and path not in variables:
            outputs = scope.outputs.get(first)
            if outputs is not None and port in outputs:
                return outputs[port]
        return resolve(scope)

    return find_output if port else find_variable


def _compile_map(value: Mapping[Any, Any]) -> Resolver:
    parts = [(key, item, compile_value(item)) for key, item in value.items()]
    return lambda scope: {k: item if get is None else get(scope) for k, item, get in parts}


def _compile_list(value: list[Any] | tuple[Any, ...]) -> Resolver:
    parts = [(item, compile_value(item)) for item in value]
    if all(get is None for _, get in parts):
        return lambda _scope: list(value)
    return lambda scope: [item if get is None else get(scope) for item, get in parts]


_PATH = re.compile(rf"\$?{_NAME}")


@lru_cache(maxsize=4096)
def _path_reference(path: str) -> Reference | None:
    if not _PATH.fullmatch(path):
        return None
    return Reference(path, path, length=False, warns=False)


def find_path(scope: Scope, path: str) -> Any:
    """The value that `{{path}}` stands for, or MISSING."""
    reference = _path_reference(path)
    return MISSING if reference is None else reference.find(scope)
