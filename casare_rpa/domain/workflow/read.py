"""The doors: from text, document or file to a workflow, with every problem at once."""

from __future__ import annotations

import gzip
import importlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

from casare_rpa.domain.workflow.json_text import JsonText, is_plain_json
from casare_rpa.domain.workflow.model import Workflow
from casare_rpa.domain.workflow.node_shapes import MAX_NODES
from casare_rpa.domain.workflow.parse import Parsed, read_document
from casare_rpa.domain.workflow.ports import Catalogue
from casare_rpa.domain.workflow.positions import Positions, pointer
from casare_rpa.domain.workflow.problems import Findings, Problem, Severity
from casare_rpa.domain.workflow.validate import check_graph
from casare_rpa.errors import NotFound, WorkflowInvalid

#: A further look at what was read, which notes what it finds.
Check: TypeAlias = Callable[[Parsed, Findings], None]

MAX_FILE_BYTES = 50 * 1024 * 1024


def check_workflow(
    text_or_document: object,
    *,
    catalogue: Catalogue | None = None,
    name: str | None = None,
    also: Check | None = None,
) -> tuple[Workflow | None, list[Problem]]:
    """Read a workflow and say everything that is wrong with it; never raises for what it holds.

    Takes JSON text, its bytes, or the parsed document. The workflow is None if any problem is an
    error. Without a *catalogue* node types are not checked, and ports are judged by their names.
    A document without a name is called *name*. What *also* notes gets its line like the rest.
    """
    findings = Findings()
    if not isinstance(text_or_document, (str, bytes)):
        document = text_or_document
        if isinstance(document, Mapping):
            document = dict(document)
        return _check(document, catalogue, name, also, findings), findings.problems
    text = JsonText(text_or_document, findings)
    if not text.ok:
        return None, findings.problems
    workflow = _check(text.document, catalogue, name, also, findings)
    if not text.has_duplicate_keys and not findings.problems:
        return workflow, []
    assert text.text is not None
    positions = Positions(text.text)
    problems = [_placed(p, positions) for p in _duplicates(positions) + findings.problems]
    problems.sort(key=lambda p: p.line or 0)
    return (None if _errors(problems) else workflow), problems


def _placed(problem: Problem, positions: Positions) -> Problem:
    if problem.line is not None:
        return problem
    line, column = positions.line_and_column(problem.pointer)
    return replace(problem, line=line, column=column)


def parse_workflow(
    document: Mapping[str, Any] | str | bytes, *, name: str | None = None
) -> Workflow:
    """The workflow in *document*; raises WorkflowInvalid with every problem if one is an error."""
    workflow, problems = check_workflow(document, name=name)
    if workflow is None:
        raise invalid(problems)
    return workflow


def invalid(problems: list[Problem]) -> WorkflowInvalid:
    """The exception for *problems*, at least one of which is an error."""
    return WorkflowInvalid(_summary(problems), problems, hint=_errors(problems)[0].hint)


def load_workflow(path: str | Path) -> Workflow:
    """The workflow in a `.json`, `.json.gz` or `.json.zst` file, called like the file if nameless.

    Raises NotFound if there is no such file, and WorkflowInvalid, which names the file, if it
    cannot be read.
    """
    path = Path(path)
    text = read_workflow_file(path)
    workflow, problems = check_workflow(text, name=path.name.partition(".")[0])
    if workflow is None:
        raise WorkflowInvalid(
            f"{path}: {_summary(problems)}", problems, hint=_errors(problems)[0].hint
        )
    return workflow


def read_workflow_file(path: Path) -> bytes:
    """The JSON text in the file, unpacked; raises like `load_workflow`."""
    try:
        packed = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}") from None
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    match path.suffix:
        case ".gz":
            return _gunzip(packed, path)
        case ".zst":
            return _unzstd(packed, path)
    if len(packed) > MAX_FILE_BYTES:
        raise _unreadable(path, f"more than {MAX_FILE_BYTES // 1024**2} MiB")
    return packed


def _gunzip(packed: bytes, path: Path) -> bytes:
    try:
        with gzip.GzipFile(fileobj=BytesIO(packed)) as stream:
            text = stream.read(MAX_FILE_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, f"no sound gzip file ({error})") from error
    return _within_limit(text, path)


def _unzstd(packed: bytes, path: Path) -> bytes:
    try:
        zstandard = importlib.import_module("zstandard")
    except ImportError:
        raise _unreadable(
            path,
            "reading .zst files needs the package zstandard",
            hint="pip install zstandard, or unpack the file with `zstd -d`",
        ) from None
    try:
        with zstandard.ZstdDecompressor().stream_reader(packed) as stream:
            text: bytes = stream.read(MAX_FILE_BYTES + 1)
    except zstandard.ZstdError as error:
        raise _unreadable(path, f"no zstd file ({error})") from error
    return _within_limit(text, path)


def _within_limit(text: bytes, path: Path) -> bytes:
    if len(text) > MAX_FILE_BYTES:
        raise _unreadable(path, f"more than {MAX_FILE_BYTES // 1024**2} MiB when unpacked")
    return text


def _unreadable(path: Path, why: str, hint: str | None = None) -> WorkflowInvalid:
    problem = Problem(code="UNREADABLE_FILE", severity=Severity.ERROR, message=why, hint=hint)
    return WorkflowInvalid(f"{path}: {why}", [problem], hint=hint)


def _check(
    document: Any,
    catalogue: Catalogue | None,
    name: str | None,
    also: Check | None,
    findings: Findings,
) -> Workflow | None:
    if not is_plain_json(document, findings):
        return None
    parsed = read_document(document, findings, name)
    if parsed is None:
        return None
    if len(parsed.workflow.nodes) <= MAX_NODES:
        check_graph(parsed, catalogue, findings)
        if also is not None:
            also(parsed, findings)
    return None if findings.has_errors else parsed.workflow


def _duplicates(positions: Positions) -> list[Problem]:
    found = []
    for parent, key, line in positions.duplicates:
        is_node = parent in ("/nodes", "/base_workflow/nodes")
        found.append(
            Problem(
                code="DUPLICATE_NODE_ID" if is_node else "DUPLICATE_KEY",
                # The earlier node would be lost without a word.
                severity=Severity.ERROR if is_node else Severity.WARNING,
                message=f"the key {key!r} is there twice; the last one counts",
                pointer=pointer(parent, key),
                line=line,
                node_id=key if is_node else None,
                hint="remove or rename one of them",
            )
        )
    return found


def _errors(problems: list[Problem]) -> list[Problem]:
    return [p for p in problems if p.severity is Severity.ERROR]


def _summary(problems: list[Problem]) -> str:
    errors = _errors(problems)
    more = len(errors) - 1
    return f"{errors[0]}" + (f", and {more} more" if more else "")
