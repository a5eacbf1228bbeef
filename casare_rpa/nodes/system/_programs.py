"""Programs of the machine that nodes speak to: the first of several that is there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.scripts.child import Command, Ended, run_child

_USUAL_SECONDS = 30.0
_LONGEST_WORDS = 300


def first_of(names: Iterable[str], environment: Mapping[str, str] | None = None) -> str | None:
    """The path of the first program that the search path has; None if it has none of them."""
    path = (os.environ if environment is None else environment).get("PATH", os.defpath)
    return next(filter(None, (shutil.which(name, path=path) for name in names)), None)


async def ended(
    ctx: Context,
    argv: Sequence[str],
    *,
    stdin: str = "",
    timeout_seconds: float = _USUAL_SECONDS,
    capture: bool = True,
) -> Ended:
    """Run a program to its end, its words in English. Raises NodeError as `run_child` does."""
    return await run_child(
        Command(
            argv=argv,
            environment={**ctx.environment, "LC_ALL": "C.UTF-8"},
            stdin=stdin.encode(),
            timeout_seconds=timeout_seconds,
            capture=capture,
        )
    )


async def answered(ctx: Context, argv: Sequence[str], *, stdin: str = "") -> str:
    """What a program writes to stdout. Raises NodeError with its own words if it fails."""
    done = await ended(ctx, argv, stdin=stdin)
    if done.return_code != 0:
        raise failed(argv, done)
    return done.stdout


def failed(argv: Sequence[str], done: Ended) -> NodeError:
    """That a program failed, in its own words."""
    words = " ".join((done.stderr or done.stdout).split()) or f"exit status {done.return_code}"
    name = os.path.basename(argv[0])  # noqa: PTH119 - a text, not a path
    return NodeError(f"{name}: {words[:_LONGEST_WORDS]}", ErrorCode.UNKNOWN_ERROR)
