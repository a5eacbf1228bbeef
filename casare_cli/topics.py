"""The topics of `casare-rpa help TOPIC`, made from the tables that the program itself uses."""

from __future__ import annotations

from collections.abc import Callable

from casare_cli import exit_codes

Rows = list[tuple[str, str]]


def exit_code_rows() -> Rows:
    return [(str(code), text) for code, text in exit_codes.MEANINGS.items()]


def environment_rows() -> Rows:
    """Each setting's variables with its help and default."""
    from dataclasses import fields

    from casare_rpa.settings import Settings, environment_names

    rows = []
    for item in fields(Settings):
        names = environment_names(item.name)
        default = item.default
        shown = "" if default in ("", (), None, False) else f" Default: {default}."
        also = f" Also: {', '.join(names[1:])}." if len(names) > 1 else ""
        rows.append((names[0], f"{item.metadata['help']}{shown}{also}"))
        if item.name == "api_key":
            rows.append((f"{names[0]}_FILE", "File that holds the key."))
    return [*rows, *_OTHER_VARIABLES]


_OTHER_VARIABLES: Rows = [
    ("CREDENTIALS_DIRECTORY", "Folder of systemd credentials; casare-api-key there is the key."),
    ("CASARE_COMPLETION_SECONDS", "How long the Tab key waits for ids. Default: 0.3."),
    ("NO_COLOR", "Print without colour."),
    ("CLICOLOR_FORCE", "Print with colour even when the output is no terminal."),
    ("TERM", "With dumb: no colour and no cursor movement."),
    ("COLUMNS", "Width of the terminal."),
]

_FORMATTING: Rows = [
    ("-o table", "The default: columns on a terminal, else a line each with tabs, no header."),
    (
        "-o json",
        'One document; a list is {"schema_version": 1, "items": [...], "next_cursor": ...}.',
    ),
    ("-o jsonl", "A line of JSON for each item or event, as it comes."),
    ("-o yaml", "The same document as YAML."),
    ("-o name", "Ids only, one a line, for xargs and $(...)."),
    ("-o none", "Nothing on stdout; the exit code tells."),
    (
        "--json FIELDS",
        "Only these members of the JSON: --json job_id,status. Alone: which there are.",
    ),
    (
        "--query EXPRESSION",
        "What a JMESPath finds in the JSON: --query 'items[?attempt > `1`].job_id'.",
    ),
    ("--query with -o jsonl", "The expression sees each line by itself."),
    ("--query with -o name", "Texts are printed bare, one a line, without quotes."),
    (
        "--time-format",
        "relative (5m ago) or iso in tables; JSON and YAML always have ISO 8601 in UTC.",
    ),
    (
        "errors",
        'A line on stderr; with JSON or YAML one object: {"error": {"code", "message", ...}}.',
    ),
    ("schemas", "casare-rpa api schema COMMAND prints the JSON Schema of what a command answers."),
]

TOPICS: dict[str, tuple[str, Callable[[], Rows]]] = {
    "exit-codes": ("What each exit code tells a script", exit_code_rows),
    "environment": ("Settings by environment variable", environment_rows),
    "formatting": ("How answers are printed and chosen from", lambda: _FORMATTING),
}
