"""What a run is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casare_rpa.ai_services import AiServices
from casare_rpa.engine.walking.resume import StartPoint
from casare_rpa.secrets import FindSecret

if TYPE_CHECKING:
    from casare_rpa.nodes.person import Person

DEFAULT_MAX_RESULT_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Inputs and limits of one run.

    `variables` override those of the workflow. `node_timeout_seconds` bounds a node that waits (0:
    no limit), `timeout_seconds` the whole run. With `allowed_paths` files are reached only below
    those folders. `templates_dir` is the folder of prompt templates, `scratch_dir` a folder for
    what goes with the run, made by the node that needs it (None: the system's temporary folder).
    `browser_headless` counts where a workflow does not say whether its browser has a window; `ai`
    where a node that asks a language model does not say where and with which key.
    `environment` is what nodes see of the process environment; None: all but CASARE_* and what
    signs in to Vault. `find_secret` gives stored secrets; without it the run has none. It may wait,
    and is called in threads. Outputs and variables that together exceed `max_result_bytes` as JSON
    are cut out of the result, the largest first. `person` is who dialogs ask; without one they
    fail. With `start` the run goes on where another stood; with `tells_start_points` its events say
    what another run needs for that. With `tells_left_files` the working folder goes with the run,
    whose log names the files that are left in it.
    """

    variables: Mapping[str, Any] = field(default_factory=dict)
    working_dir: Path
    workflow_id: str = ""
    workflow_name: str = ""
    job_id: str = ""
    node_timeout_seconds: float = 120.0
    timeout_seconds: float | None = None
    allowed_paths: tuple[str, ...] = ()
    templates_dir: str = ""
    block_private_addresses: bool = False
    browser_headless: bool = True
    ai: AiServices = field(default_factory=AiServices)
    scratch_dir: Path | None = None
    triggered_by: str = "manual"
    environment: Mapping[str, str] | None = None
    max_result_bytes: int = DEFAULT_MAX_RESULT_BYTES
    find_secret: FindSecret | None = None
    person: Person | None = None
    start: StartPoint | None = None
    tells_start_points: bool = False
    tells_left_files: bool = False
