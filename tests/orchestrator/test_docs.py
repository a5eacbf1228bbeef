"""The documentation is tried: its examples run, and nothing of the API is missing from it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import BaseModel
from websockets.sync.client import connect

from casare_rpa import wire
from casare_rpa.orchestrator.access.rules import ROLES, RULES
from casare_rpa.orchestrator.live import sockets
from casare_rpa.orchestrator.routes import robot_jobs
from casare_rpa.settings import Settings
from tests.orchestrator.support import Running, claim, run_job, running

DOCS = Path(__file__).parents[2] / "docs"
REST = (DOCS / "api/orchestrator-rest.md").read_text(encoding="utf-8")
SOCKET = (DOCS / "api/orchestrator-websocket.md").read_text(encoding="utf-8")
SETUP = (DOCS / "guide/orchestrator-setup.md").read_text(encoding="utf-8")
AUTH = (DOCS / "security/authentication.md").read_text(encoding="utf-8")
PAGES = [
    DOCS / "guide/orchestrator-setup.md",
    *sorted((DOCS / "api").glob("orchestrator-*.md")),
    *sorted((DOCS / "security").glob("*.md")),
]

CURL = [block for block in re.findall(r"```bash\n(.*?)```", REST, re.DOTALL) if "curl" in block]
SUBMIT = """\
curl -X POST http://localhost:8000/api/v1/jobs \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer $API_KEY" \\
  -d '{
    "workflow_id": "my-workflow",
    "input_data": {"param": "value"}
  }'
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("docs")) as server:
        server.push()
        yield server


def _run(server: Running, block: str, **env: str) -> Any:
    if not (shutil.which("curl") and shutil.which("bash")):
        pytest.skip("curl and bash are needed to run the examples")
    script = block.replace("http://localhost:8000", server.url)
    given = {"API_KEY": server.admin_key, "ROBOT_KEY": server.robot_key("docs"), **env}
    # Only what would hide a failure is added to the examples.
    strict = 'curl() { command curl -sS --fail-with-body --noproxy "*" "$@"; }\n'
    done = subprocess.run(
        ["bash", "-ec", strict + script],
        env=os.environ | given,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return orjson.loads(done.stdout)


def test_the_submit_example_is_there_word_for_word_and_works(server: Running) -> None:
    assert SUBMIT in CURL
    job = _run(server, SUBMIT)
    assert job["workflow_id"] == "my-workflow" and job["status"] == "pending"
    assert job["input_data"] == {"param": "value"}


@pytest.mark.parametrize("block", CURL, ids=range(len(CURL)))
def test_every_example_works(server: Running, block: str) -> None:
    job = server.admin.submit({"workflow_id": "my-workflow"})["job_id"]
    if "retry" in block:
        server.admin.cancel(job)
    _run(server, block, JOB_ID=job)


@pytest.mark.parametrize(
    ("path", "method"),
    re.findall(r"^\| `(/[^`]*)` \| (GET|POST) \| [A-Z]", REST, re.MULTILINE),
)
def test_the_seven_calls_of_the_overview_answer(server: Running, method: str, path: str) -> None:
    job = server.admin.submit({"workflow_id": "my-workflow"})["job_id"]
    concrete = path.replace("{id}", "my-workflow" if "workflows" in path else job)
    body = {
        "/workflows": {"workflow_name": "x", "workflow_json": _document()},
        "/jobs": {"workflow_id": "my-workflow"},
    }
    with server.http() as http:
        response = http.request(
            method, f"/api/v1{concrete}", json=body[path] if method == "POST" else None
        )
    assert response.is_success, response.text


def _document() -> Any:
    return orjson.loads(re.findall(r'"workflow_json": (\{.*?\n    \})\n', REST, re.DOTALL)[0])


def test_the_socket_example_shows_a_run_to_its_end(
    server: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(Path(server.orchestrator.settings.state_dir) / "own") as own:
        job_id = own.submit()
        run_job(own, job_id)
        example = re.findall(r"```python\n(.*?)```", SOCKET, re.DOTALL)[0]
        code = example.replace("localhost:8000", own.url.removeprefix("http://"))
        exec(compile(code, "orchestrator-websocket.md", "exec"), {
            "api_key": own.admin_key, "job_id": job_id,
        })  # fmt: skip
    shown = [line.split()[1] for line in capsys.readouterr().out.splitlines()]
    for type in ("job.started", "node.started", "node.completed", "job.completed"):
        assert type in shown
    assert connect.__module__ in example


def test_the_socket_shows_a_failure(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        job_id = server.submit()
        attempt = claim(server.robot())
        attempt.finish("failed", error_message="no")
        with server.socket(f"/ws/jobs/{job_id}") as socket:
            assert [orjson.loads(text)["type"] for text in socket][-1] == "job.failed"


@pytest.mark.parametrize(("method", "path"), RULES)
def test_every_route_is_described(method: str, path: str) -> None:
    short = path.removeprefix("/api/v1")
    if method == "WS":
        assert path in SOCKET
    else:
        assert re.search(rf"^\| .*{method} `{re.escape(short)}`", REST, re.MULTILINE)


def test_the_table_of_roles_is_the_one_that_is_applied() -> None:
    for (method, path), rule in RULES.items():
        name = f"socket `{path}`" if method == "WS" else f"`{method} {path}`"
        name += "" if rule.roles else " (no key)"
        cells = ["yes" if not rule.roles or role in rule.roles else "" for role in ROLES]
        assert f"| {name} | {' | '.join(cells)} |" in AUTH


def _shapes() -> Iterator[type[BaseModel]]:
    for module in (wire, robot_jobs):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, wire.Wire) and value.model_fields:
                yield value


SHAPES = sorted({shape.__name__: shape for shape in _shapes()}.items())


@pytest.mark.parametrize(("name", "shape"), SHAPES)
def test_every_field_is_described(name: str, shape: type[BaseModel]) -> None:
    if name.startswith("Error"):
        assert all(f'"{field}"' in REST for field in shape.model_fields)
        return
    section = REST.partition(f"### {name}\n\n")[2].partition("\n### ")[0]
    described = set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE))
    assert described == set(shape.model_fields)


def test_every_close_code_is_described() -> None:
    codes = {
        value for name, value in vars(sockets).items()
        if name.isupper() and isinstance(value, int) and value > 1000
    }  # fmt: skip
    for code in codes - {5000}:
        assert f"| {code} |" in SOCKET


def test_every_setting_of_the_server_is_described() -> None:
    from dataclasses import fields

    for field in fields(Settings):
        if field.metadata["role"] == "orchestrator":
            assert f"| `{field.name}` |" in SETUP, field.name


@pytest.mark.parametrize(
    "page", [*PAGES, DOCS / "guide/orchestrator-setup.md"], ids=lambda page: page.stem
)
def test_no_link_of_these_pages_leads_nowhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+\.md)[^)]*\)", text):
        assert (page.parent / target).exists(), target
