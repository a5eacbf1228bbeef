"""What the commands for settings share: each setting with its value and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casare_cli.context import App, config_files, user_config_file
from casare_cli.terminal.columns import Column
from casare_rpa.domain.json_values import Json

if TYPE_CHECKING:
    from casare_rpa.errors import ConfigInvalid
    from casare_rpa.setting_sources import ConfigFile, Given

HIDDEN = "(hidden)"


def rows(app: App) -> Iterator[Json]:
    """Every setting: {"name", "value", "origin", "place", "line"}; secrets only as set or not."""
    from casare_rpa.settings import FIELDS

    given = app.given()
    for name, item in FIELDS.items():
        yield _row(name, given.get(name), item)


def row_of(app: App, name: str, otherwise: Given | None = None) -> Json:
    """The row of one setting. Where other settings are wrong it says what *otherwise* gives it,
    and a note tells of the others: who mends two of them mends one first."""
    from casare_rpa.errors import ConfigInvalid
    from casare_rpa.settings import FIELDS

    try:
        given = app.given().get(name)
    except ConfigInvalid as error:
        app.out.aside(f"note: {with_line(error).message}")
        given = otherwise
    return _row(name, given, FIELDS[name])


def _row(name: str, given: Given | None, item: Any) -> Json:
    value = given.value if given else item.default
    return {
        "name": name,
        "value": shown(value, secret=item.metadata["secret"]),
        "origin": given.origin if given else "default",
        "place": given.place if given else None,
        "line": _line(name, given) if given else None,
    }


def shown(value: Any, *, secret: bool) -> Any:
    """*value* as it may be printed: a secret as set, an address without its password."""
    if secret:
        return HIDDEN if value else ""
    if isinstance(value, tuple):
        return list(value)
    return without_password(value) if isinstance(value, str) else value


def without_password(text: str) -> str:
    """*text* with the passwords of the addresses in it hidden."""
    import re

    return re.sub(r"(\w+://[^:/@\s]*):[^@/\s]*@", rf"\1:{HIDDEN}@", text)


def _line(name: str, given: Given) -> int | None:
    """The line of the file that gives the setting, under whichever of its names."""
    from casare_cli.profiles.toml_files import line_of
    from casare_rpa.setting_sources import PROFILES

    if given.origin not in ("file", "profile"):
        return None
    path, _, table = given.place.partition(f" [{PROFILES}.")
    inside = (PROFILES, table.removesuffix("]")) if table else ()
    lines = (line_of(Path(path), (*inside, word)) for word in _words(name))
    return next((line for line in lines if line is not None), None)


def _words(name: str) -> list[str]:
    """The names that a file may use for the setting."""
    from casare_rpa.setting_sources import ALIASES

    return [name, *(word for word, meant in ALIASES.items() if meant == name)]


def write(profile: str, values: Mapping[str, Any]) -> Path:
    """Put settings into this user's file, in *profile* unless that is empty; the file.

    Raises ConfigInvalid, and writes nothing, when the file cannot be changed.
    """
    from casare_cli.profiles.toml_files import line_of, set_values
    from casare_rpa.setting_sources import PROFILES

    path = user_config_file()
    inside = (PROFILES, profile) if profile else ()
    changes = {}
    for name, value in values.items():
        words = [word for word in _words(name) if line_of(path, (*inside, word))]
        changes[(*inside, *(words or [name])[:1])] = value
    set_values(path, changes)
    return path


def own_place(profile: str) -> str:
    """How the place is called where this user's file gives a setting."""
    from casare_rpa.setting_sources import PROFILES

    return f"{user_config_file()} [{PROFILES}.{profile}]" if profile else str(user_config_file())


def take_out(profile: str, word: str) -> list[str]:
    """Take the setting *word* out of this user's file, or out of *profile* there; the names it had.

    None where it has no such setting. Raises ConfigInvalid when the file cannot be changed.
    """
    from casare_cli.profiles.removing import remove
    from casare_cli.profiles.toml_files import line_of
    from casare_rpa.setting_sources import ALIASES, PROFILES

    path = user_config_file()
    inside = (PROFILES, profile) if profile else ()
    words = [word, *_words(ALIASES.get(word, word))]
    there = [w for w in dict.fromkeys(words) if line_of(path, (*inside, w))]
    if there:
        remove(path, [(*inside, w) for w in there])
    return there


def origin_text(row: Json) -> str:
    """Where the setting is given, in words."""
    match row["origin"]:
        case "default":
            return "default"
        case "option":
            return "command line"
        case "environment":
            return str(row["place"])
        case _:
            path, _, table = str(row["place"]).partition(" ")
            line = f":{row['line']}" if row["line"] else ""
            return f"{path}{line} {table}".rstrip()


NAME = Column("SETTING", "name")
VALUE = Column("VALUE", "value")
ORIGIN = Column("ORIGIN", "", origin_text)


def with_line(error: ConfigInvalid) -> ConfigInvalid:
    """*error* with the line of the file that it is about, if it is about one."""
    from casare_cli.profiles.toml_files import line_of

    for path, inside, place in _written(error):
        line = line_of(path, inside) if _is_about(error.message, place, inside[-1]) else None
        if line is not None:
            error.message = error.message.replace(str(path), f"{path}:{line}", 1)
            return error
    return error


def _written(error: ConfigInvalid) -> Iterator[tuple[Path, tuple[str, ...], str]]:
    """Each setting in the files that *error* could be about: the file, its whole name, and how the
    place is called. None where a file cannot be read: then that is the error."""
    from casare_rpa.setting_sources import PROFILES, ConfigFile

    for path in config_files():
        if not error.message.startswith(str(path)):
            continue
        with suppress(type(error)):
            file = ConfigFile.read(path)
            for word in file.plain if file else ():
                yield path, (word,), str(path)
            for name, table in file.profiles.items() if file else ():
                for word in table:
                    yield path, (PROFILES, name, word), f"{path} [{PROFILES}.{name}]"


def _is_about(message: str, place: str, word: str) -> bool:
    """Whether the message is about what *word* is given at that place."""
    from casare_rpa.setting_sources import ALIASES

    told = message.removeprefix(f"{place}: ")
    return told != message and (
        told.startswith(f"{ALIASES.get(word, word)} ") or told.endswith(f" {word!r}")
    )


def read_files() -> list[ConfigFile]:
    """The settings files that there are, weakest first. Raises ConfigInvalid."""
    from casare_rpa.setting_sources import ConfigFile

    return [found for path in config_files() if (found := ConfigFile.read(path))]


def profile_names() -> list[str]:
    return sorted({name for file in read_files() for name in file.profiles})
