"""The engine: a workflow is compiled into a plan once, and the plan is run.

    plan = compile_workflow(workflow)
    result = await run_plan(plan, RunOptions(working_dir=Path.cwd()), EventBus())

What the two need is imported when one of them is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from casare_rpa.engine.options import RunOptions
    from casare_rpa.engine.planning.compile import compile_workflow
    from casare_rpa.engine.planning.plan import Plan
    from casare_rpa.engine.result import RunError, RunResult
    from casare_rpa.engine.run import run_plan
    from casare_rpa.engine.stop import StopFlag

__all__ = [
    "Plan",
    "RunError",
    "RunOptions",
    "RunResult",
    "StopFlag",
    "compile_workflow",
    "run_plan",
]

_HOMES = {
    "Plan": "planning.plan",
    "RunError": "result",
    "RunOptions": "options",
    "RunResult": "result",
    "StopFlag": "stop",
    "compile_workflow": "planning.compile",
    "run_plan": "run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
