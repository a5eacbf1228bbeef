"""The program that runs a workflow's Python code in a process of its own.

Started by its path, isolated, with a request in JSON on standard input: `code`, `variables` and
`answer`, the file that takes the answer. It imports nothing of the project.
"""

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

NAME = "<script>"


def main() -> None:
    request = json.load(sys.stdin)
    answer = run(request["code"], request["variables"])
    sys.stdout.flush()
    Path(request["answer"]).write_text(as_json(answer), "utf-8")
    # What the code left running (threads, exit hooks) does not keep the workflow waiting.
    sys.stderr.flush()
    os._exit(0)


def run(code: str, variables: dict[str, Any]) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "__main__", "variables": variables, **variables}
    try:
        exec(compile(code, NAME, "exec"), names)  # noqa: S102 - running code is its purpose
    except SystemExit as leaving:
        if leaving.code not in (None, 0):
            return {"error": f"the script left with {leaving.code!r}"}
    except BaseException as error:
        return {"error": describe(error)}
    return {"result": names.get("result")}


def describe(error: BaseException) -> str:
    """`ValueError: too small (line 3)`, by the innermost line of the script itself."""
    words = "".join(traceback.format_exception_only(error)).strip()
    if isinstance(error, SyntaxError):  # The lines before show the place, which `line` tells too.
        words = words.splitlines()[-1]
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == NAME]
    line = lines[-1] if lines else getattr(error, "lineno", None)
    return f"{words} (line {line})" if line else words


def as_json(answer: dict[str, Any]) -> str:
    """The answer; values that JSON does not know become text."""
    try:
        return json.dumps(answer, default=_other)
    except (TypeError, ValueError, RecursionError):
        return json.dumps({"result": str(answer.get("result"))})


def _other(value: Any) -> Any:
    return list(value) if isinstance(value, set | frozenset | range) else str(value)


if __name__ == "__main__":
    main()
