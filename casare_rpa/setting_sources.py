"""Where settings are given: files with profiles, environment variables, options.

`[profiles.NAME]` in a file holds settings that count when that profile is chosen; they win over
those outside of it. Everything here raises ConfigInvalid, which names the setting, where it was
given and what is wrong with it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass
from pathlib import Path
from typing import Any, Literal

from casare_rpa.domain.json_values import Json
from casare_rpa.errors import ConfigInvalid

Fields = Mapping[str, Field[Any]]
Origin = Literal["file", "profile", "environment", "option"]

PROFILES = "profiles"
#: Short names that files may use.
ALIASES = {"url": "orchestrator_url"}
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A value that a setting was given. `place` is the file, the variable or the option."""

    value: Any
    origin: Origin
    place: str
    #: The file that holds nothing but the value, where a variable names one.
    file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """A file of settings as it was written."""

    path: Path
    plain: Json
    profiles: dict[str, Json]

    @classmethod
    def read(cls, path: Path) -> ConfigFile | None:
        """None when there is no such file."""
        try:
            return cls.parse(path, path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigInvalid(f"cannot read {path}: {reason}") from error

    @classmethod
    def parse(cls, path: Path, text: str) -> ConfigFile:
        """Raises ValueError for what is no TOML."""
        import tomllib  # noqa: PLC0415 - most machines have no such file

        plain = tomllib.loads(text)
        profiles = plain.pop(PROFILES, {})
        if not isinstance(profiles, dict) or not all(
            isinstance(t, dict) for t in profiles.values()
        ):
            raise ValueError("profiles are tables: [profiles.NAME]")
        return cls(path=path, plain=plain, profiles=profiles)

    def settings(self, known: Fields) -> dict[str, Given]:
        return self._given(known, self.plain, "file", str(self.path))

    def profile(self, known: Fields, name: str) -> dict[str, Given]:
        """The settings of a profile; none if this file has no such profile."""
        table = self.profiles.get(name, {})
        outer = {key: item for key, item in known.items() if key != "profile"}
        return self._given(outer, table, "profile", f"{self.path} [{PROFILES}.{name}]")

    def _given(
        self, known: Fields, table: Mapping[str, Any], origin: Origin, place: str
    ) -> dict[str, Given]:
        found = {}
        for word, raw in table.items():
            name = setting_name(word, known, place)
            value = convert(known[name], raw, place)
            found[name] = Given(value=value, origin=origin, place=place)
        return found


def setting_name(word: str, known: Fields, place: str) -> str:
    """The setting that *word* means."""
    name = ALIASES.get(word, word)
    if name in known:
        return name
    raise ConfigInvalid(f"{place}: no setting is called {word!r}", hint=_meant(word, known))


def _meant(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

    close = get_close_matches(word, [*known, *ALIASES], n=1)
    return f"Did you mean {close[0]!r}?" if close else "casare-rpa config list names them all."


def of_files(known: Fields, files: Iterable[ConfigFile]) -> dict[str, Given]:
    """The settings outside of profiles; later files win."""
    return {name: given for file in files for name, given in file.settings(known).items()}


def of_profile(known: Fields, files: Iterable[ConfigFile], name: str) -> dict[str, Given]:
    """The settings of the profile *name* in all files; later files win."""
    having = [file for file in files if name in file.profiles]
    if not having:
        names = sorted({found for file in files for found in file.profiles})
        raise ConfigInvalid(
            f"there is no profile {name!r}",
            hint=f"Profiles: {', '.join(names)}."
            if names
            else f"Make it: casare-rpa login --profile {name} --url URL",
        )
    return {key: given for file in having for key, given in file.profile(known, name).items()}


def of_environment(known: Fields, env: Mapping[str, str]) -> dict[str, Given]:
    given = {}
    for name, item in known.items():
        for variable in environment_names(item):
            file_variable = f"{variable}_FILE"
            if variable in env:
                value = convert(item, env[variable], variable)
                given[name] = Given(value=value, origin="environment", place=variable)
                break
            if item.metadata["secret"] and file_variable in env:
                file = Path(env[file_variable])
                value = read_secret(file, file_variable)
                given[name] = Given(
                    value=value, origin="environment", place=file_variable, file=file.absolute()
                )
                break
    return given


def of_options(known: Fields, options: Mapping[str, Any]) -> dict[str, Given]:
    """The options that are not None."""
    return {
        name: Given(
            value=convert(known[name], value, f"option {name}"), origin="option", place="option"
        )
        for name, value in options.items()
        if value is not None
    }


def environment_names(item: Field[Any]) -> tuple[str, ...]:
    """The variables that set the setting, first wins."""
    return (f"CASARE_{item.name.upper()}", *item.metadata["env"])


def read_secret(path: Path, origin: str) -> str:
    """What the file holds, without the white space around it. Raises ConfigInvalid."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigInvalid(f"{origin}: cannot read {path}: {reason}") from error


def convert(item: Field[Any], value: Any, origin: str) -> Any:
    """Cast *value* to the type of the setting's default."""
    try:
        return _converted(item, value)
    except (TypeError, ValueError) as error:
        shown = "" if item.metadata["secret"] else f" {value!r}"
        raise ConfigInvalid(f"{origin}: {item.name} cannot be{shown}: {error}") from error


def _converted(item: Field[Any], value: Any) -> Any:
    kind: type[Any] = type(item.default)
    if kind is bool:
        return _boolean(value)
    if kind is tuple:
        return _words(value, os.pathsep if item.name == "allowed_paths" else ",")
    if kind is str:
        return _text(value, item.metadata["choices"])
    number = _number(value, kind)
    if not _is_within(number, item):
        raise ValueError(f"{allowed(item)} is wanted")
    return number


def allowed(item: Field[Any]) -> str:
    """What the setting may be, in words; empty when that is any text or list."""
    kind, about = type(item.default), item.metadata
    if kind in (int, float):
        least, most = about["minimum"], about["maximum"]
        return f"at least {least}" if most is None else f"{least} to {most}"
    return ", ".join(about["choices"])


def _is_within(number: float, item: Field[Any]) -> bool:
    """Not for NaN either, which is neither above nor below anything."""
    least, most = item.metadata["minimum"], item.metadata["maximum"]
    return bool(least <= number <= (math.inf if most is None else most))


def _boolean(value: Any) -> bool:
    text = str(value).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError("true or false is wanted")


def _words(value: Any, separator: str) -> tuple[str, ...]:
    if not isinstance(value, (str, list, tuple)):
        raise TypeError("a list is wanted")
    parts = value.split(separator) if isinstance(value, str) else value
    return tuple(text for part in parts if (text := str(part).strip()))


def _text(value: Any, choices: tuple[str, ...]) -> str:
    if not isinstance(value, str):
        raise TypeError("text is wanted")
    if choices and value not in choices:
        raise ValueError(f"one of {', '.join(choices)} is wanted")
    return value


def _number(value: Any, kind: type[int] | type[float]) -> int | float:
    wanted = "a whole number is wanted" if kind is int else "a number is wanted"
    if isinstance(value, bool):
        raise TypeError(wanted)
    try:
        number = kind(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(wanted) from None
    if isinstance(value, float) and number != value and not math.isnan(value):
        raise ValueError(wanted)
    return number
