"""JavaScript of workflows: values go into it as data, never as code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.domain.json_values import json_safe
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.values.reading import as_text

_PLACEHOLDER = re.compile(r"\{\{\s*[^{}]+?\s*\}\}")
#: Comments, texts, and regular expressions, which follow an operator.
_TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*.*?(?:\*/|$))
    |(?P<text>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`(?:\\.|[^`\\])*`?)
    |(?P<regex>(?<=[(,=:\[!&|?{};+\-*%<>~^])\s*/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+/)
    """,
    re.VERBOSE | re.DOTALL,
)
_LINE_END = re.compile(r"\\r\\n|\\n|\\r|\\t")
_STATEMENT = re.compile(
    r"(?<![\w$.])return(?![\w$])"
    r"|^\s*(?:const|let|var|if|for|while|do|try|throw|switch|class)(?![\w$])",
    re.MULTILINE,
)
#: A line that begins a statement without a semicolon before it.
_NEW_LINE = re.compile(r"[\w$)\]}']\s*\n\s*(?!in\b|instanceof\b)[\w$]")
_IS_FUNCTION = re.compile(r"\s*(?:async\s+)?(?:function\b|\([^()]*\)\s*=>|[\w$]+\s*=>)", re.DOTALL)
_PYTHON = re.compile(r"^\s*(?:import |from \w+ import |def |async def |await page\.|page\.)", re.M)


@cache
def in_page(name: str) -> str:
    """A function of this package that runs in pages: the file `js/<name>.js`."""
    return (Path(__file__).parent / "js" / f"{name}.js").read_text("utf-8")


def prepared(ctx: Context, value: Any, name: str = "script") -> str:
    r"""The script of a parameter as written, its placeholders filled in.

    Inside a text of the script a value becomes a part of that text, elsewhere a JSON value. A
    script of one line in which `\n` stands outside of texts was escaped once too often.
    """
    script = as_text(value)
    if _PLACEHOLDER.fullmatch(script.strip()):
        script = as_text(ctx.resolve(script))
    else:
        script = "".join(_filled(ctx, script))
    if not script.strip():
        raise NodeError(f"{name} is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    return script if "\n" in script.strip() else _unescaped(script)


def as_function(script: str) -> str:
    """A JavaScript function of one argument, `arg`, for what a workflow calls a script.

    That is a function, an expression, or statements, which give a value with `return`.
    """
    text = script.strip().rstrip(";")
    if _IS_FUNCTION.match(text):
        return (
            f"async (arg) => {{ const value = (\n{text}\n); "
            "return typeof value === 'function' ? await value(arg) : value; }"
        )
    if _is_statements(text):
        return f"async (arg) => {{\n{script}\n}}"
    return f"async (arg) => (\n{text}\n)"


def looks_like_python(script: str) -> bool:
    """Whether *script* calls a driver's page in Python."""
    return bool(_PYTHON.search(script)) and not re.search(r"\b(?:const|let|var)\b|=>|;\s*$", script)


def _is_statements(text: str) -> bool:
    code = _outside(_TOKEN.sub(lambda match: " " if match["comment"] else "''", text))
    return ";" in code or any(each.search(code) for each in (_STATEMENT, _NEW_LINE))


def _outside(code: str) -> str:
    """*code* without what stands in brackets."""
    depth = 0
    kept: list[str] = []
    for letter in code:
        depth -= letter in ")]}"
        if depth <= 0:
            kept.append(letter)
        depth += letter in "([{"
    return "".join(kept)


def _filled(ctx: Context, script: str) -> Iterator[str]:
    end = 0
    for match in _PLACEHOLDER.finditer(script):
        yield script[end : match.start()]
        value = ctx.resolve(match[0])
        if value == match[0]:
            yield match[0]  # it names nothing; the run has said so
        else:
            yield _inserted(value, _quote_around(script, match.start()))
        end = match.end()
    yield script[end:]


def _quote_around(script: str, at: int) -> str:
    """The quote of the text that *at* is in; empty if it is in code."""
    for token in _TOKEN.finditer(script):
        if token.start() < at < token.end():
            return token["text"][0] if token["text"] else ("/" if token["regex"] else "*")
        if token.start() >= at:
            break
    return ""


def _inserted(value: Any, quote: str) -> str:
    if quote == "":
        return _as_value(value)
    text = as_text(value) if not isinstance(value, (dict, list)) else _json(value)
    if quote == "*":  # a comment
        return text.replace("*/", "* /").replace("\n", " ")
    if quote == "/":
        return re.sub(r"[^\w\s]", lambda match: f"\\{match[0]}", text)
    escaped = json.dumps(text)[1:-1].replace('\\"', '"').replace(quote, f"\\{quote}")
    return escaped.replace("${", "\\${") if quote == "`" else escaped


def _as_value(value: Any) -> str:
    """JSON, which is JavaScript too; a text that is a JSON list or object stands for that."""
    if isinstance(value, str):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, (dict, list)):
            return _json(found)
    return _json(value)


def _json(value: Any) -> str:
    return json.dumps(json_safe(value))


def _unescaped(script: str) -> str:
    """*script* with line ends where they are only written."""
    parts: list[str] = []
    end = 0
    for token in _TOKEN.finditer(_cut_comments(script)):
        parts += [
            _LINE_END.sub("\n", script[end : token.start()]),
            script[token.start() : token.end()],
        ]
        end = token.end()
    return "".join((*parts, _LINE_END.sub("\n", script[end:])))


def _cut_comments(script: str) -> str:
    """The same length, with comments ending where a line end is written."""
    return re.sub(r"(//(?:(?!\\n).)*)\\n", lambda match: match[1] + " \n", script)
