"""Stored secrets in a run: nodes get the real value, nobody else ever sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event, current_thread, main_thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casare_rpa.domain.events import DomainEvent, EventBus
from casare_rpa.engine import RunResult
from casare_rpa.errors import Unreachable
from casare_rpa.secrets import Secret, SecretMissing
from tests.support.disguised import ENCODERS
from tests.support.runs import chain, document, node, run_document

CANARY = "ca'n\"ary & <ö>/\\ 42%"


class Robot:
    """A robot with *secrets*; `asked` are the names that a run wanted."""

    def __init__(self, **secrets: Any) -> None:
        self.asked: list[str] = []
        self._secrets = secrets

    def find(self, name: str) -> Secret:
        assert current_thread() is not main_thread()
        self.asked.append(name)
        value = self._secrets.get(name)
        if value is None:
            raise SecretMissing(f"no secret {name}; looked in x", hint=f"secrets set {name}")
        return Secret.of_fields(value) if isinstance(value, dict) else Secret.of_text(value)

    def run(
        self, nodes: dict[str, Any], variables: dict[str, Any] | None = None, **more: Any
    ) -> tuple[RunResult, str]:
        """The result, and all that left the run: the events, the result and its log."""
        events: list[DomainEvent] = []
        bus = EventBus()
        bus.subscribe_all(events.append)
        raw = document(nodes, chain(*nodes))
        result = run_document(raw, variables, bus=bus, find_secret=self.find, **more)
        seen = [*(event.to_dict() for event in events), result.to_dict(), repr(result)]
        return result, "\n".join(_texts(seen))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for item in pair for text in _texts(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _texts(item)]
    return [str(value)]


def test_a_node_gets_the_real_value_and_the_events_do_not(tmp_path: Path) -> None:
    nodes = {
        "write": node("WriteFileNode", file_path="out", content="<{{$secret:erp}}>"),
        "log": node("LogNode", message="it is {{$secret:erp}}"),
        "file": node("LogToFileNode", log_file_path="run.log", log_message="<{{$secret:erp}}>"),
        "keep": node("SetVariableNode", variable_name="kept", value="{{$secret:erp}}"),
        "child": node(
            "RunCommandNode",
            command="cat out; base64 -w0 out >&2",
            shell=True,
            allow_dangerous=True,
        ),
    }
    result, seen = Robot(erp=CANARY).run(nodes, folder=tmp_path)
    assert result.success, result.error
    assert (tmp_path / "out").read_text() == f"<{CANARY}>"
    assert (tmp_path / "run.log").read_text().endswith("[INFO] <***>\n")
    assert result.variables["kept"] == "***"
    assert result.outputs["child"]["stdout"] == "<***>"
    assert "it is ***" in seen
    for name, encode in ENCODERS.items():
        assert encode(CANARY) not in seen, name


@settings(deadline=None, max_examples=20)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=6, max_size=30))
def test_no_form_of_a_secret_leaves_a_run(secret: str) -> None:
    if len(secret.strip()) < 4:
        return
    forms = {f"v{i}": f"a{encode(secret)}b" for i, encode in enumerate(ENCODERS.values())}
    nodes = {
        "use": node("SetVariableNode", variable_name="x", value="{{$secret:s}}"),
        **{name: node("LogNode", message=f"{{{{{name}}}}}") for name in forms},
        "map": node("SetVariableNode", variable_name="all", value="{{x}}: {{v1}}"),
        "base64": node("Base64Node", action="encode", input_text="{{x}}"),
        "fail": node("ThrowErrorNode", error_message="no: {{x}} {{v2}} {{base64}}"),
    }
    result, seen = Robot(s=secret).run(nodes, forms)
    assert result.error is not None and "***" in result.error.message
    for name, form in zip(ENCODERS, forms.values(), strict=True):
        assert form not in seen, name


def test_a_file_that_is_named_by_one_goes_unnamed(tmp_path: Path) -> None:
    nodes = {"write": node("WriteFileNode", file_path="{{$secret:erp}}.txt", content="x")}
    result, seen = Robot(erp="Canary-42").run(nodes, folder=tmp_path, tells_left_files=True)
    assert "Canary-42" not in seen and ".txt: absolute paths keep files" in seen
    assert (tmp_path / "Canary-42.txt").exists() and result.success


def test_only_what_is_used_is_asked_for_and_only_once() -> None:
    robot = Robot(a="value-of-a", b="value-of-b")
    nodes = {
        "one": node("LogNode", message="{{$secret:a}}"),
        "two": node("LogNode", message="{{$secret:a}} {{$secret:a|length}}"),
        "off": node("LogNode", message="{{$secret:missing}}", _disabled=True),
        "end": node("ThrowErrorNode", error_message="stop"),
        "never": node("LogNode", message="{{$secret:b}}"),
    }
    result, seen = robot.run(nodes)
    assert robot.asked == ["a"] and "*** 10" in seen
    assert result.error is not None and result.error.node_id == "end"


def test_fields_and_connection_facts() -> None:
    robot = Robot(db={"username": "scott", "password": "tiger-1", "port": "5432"})
    nodes = {
        "log": node("LogNode", message="{{$secret:db}}"),
        "port": node("LogNode", message="5432 5432x"),
        "value": node("SetVariableNode", variable_name="n", value="{{$secret:db}}"),
    }
    result, seen = robot.run(nodes)
    assert result.variables["n"] == {"username": "***", "password": "***", "port": "5432"}
    assert "tiger-1" not in seen and "scott" not in seen and "5432 5432x" in seen


def test_a_missing_secret_fails_its_node_with_the_next_command() -> None:
    result, _ = Robot().run({"n": node("LogNode", message="{{$secret:erp}}")})
    assert result.error is not None
    assert result.error.code == "RESOURCE_NOT_FOUND"
    assert result.error.message.endswith("no secret erp; looked in x. secrets set erp")


def test_a_failure_can_be_caught_and_its_trace_holds_no_secret() -> None:
    links = [
        *chain("use", "try.try_body", "bad"),
        *chain("try", "catch.catch_body", "log"),
    ]
    nodes = {
        "use": node("SetVariableNode", variable_name="x", value="{{$secret:s}}"),
        "try": node("TryNode"),
        "bad": node("ThrowErrorNode", error_message="no {{x}}"),
        "catch": node("CatchNode"),
        "log": node("LogNode", message="{{catch.stack_trace}}"),
    }
    found: list[Any] = []
    bus = EventBus()
    bus.subscribe_all(found.append)
    robot = Robot(s=CANARY)
    result = run_document(document(nodes, links), bus=bus, find_secret=robot.find)
    seen = json.dumps([event.to_dict() for event in found])
    assert result.success and "Traceback" in seen and "***" in seen
    for name, encode in ENCODERS.items():
        assert encode(CANARY) not in seen, name


def test_a_short_secret_is_masked_alone_and_named() -> None:
    result, _ = Robot(pin="123").run({"n": node("LogNode", message="{{$secret:pin}}")})
    lines = [line["message"] for line in result.logs]
    assert lines == [
        "a value of the secret pin is so short that it is masked only by itself",
        "***",
    ]


def test_a_source_that_fails_is_asked_again_by_a_retry() -> None:
    answers: list[Callable[[], Secret]] = [_down, lambda: Secret.of_text("there-it-is")]
    links = [*chain("retry.retry_body", "use", "ok")]
    nodes = {
        "retry": node("RetryNode", max_attempts=3, initial_delay=0),
        "use": node("SetVariableNode", variable_name="x", value="{{$secret:s|length}}"),
        "ok": node("RetrySuccessNode"),
    }
    result = run_document(document(nodes, links), find_secret=lambda _name: answers.pop(0)())
    assert result.success and result.variables["x"] == 11


def _down() -> Secret:
    raise Unreachable("Vault cannot be reached")


def test_other_branches_go_on_while_a_secret_is_fetched() -> None:
    """The one branch waits for a secret that comes only when the other has done its work."""
    done = Event()
    bus = EventBus()
    bus.subscribe_all(lambda event: done.set() if getattr(event, "node_id", "") == "b" else None)

    def find(name: str) -> Secret:
        assert done.wait(60)
        return Secret.of_text("there-it-is")

    nodes = {
        "fork": node("ForkNode", branch_count=2),
        "a": node("LogNode", message="{{$secret:s}}"),
        "b": node("LogNode", message="on"),
        "join": node("JoinNode"),
    }
    links = [
        *chain("fork.branch_1", "a", "join"),
        *chain("fork.branch_2", "b", "join"),
    ]
    result = run_document(document(nodes, links), bus=bus, find_secret=find)
    assert result.success, result.error


def test_what_the_robot_signs_in_with_is_in_no_nodes_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("CASARE_SECRET_ERP", "VAULT_TOKEN", "VAULT_SECRET_ID"):
        monkeypatch.setenv(name, "canary")
    _, seen = Robot().run({"env": node("RunCommandNode", command="env")})
    assert "PATH=" in seen and "canary" not in seen


def test_a_called_workflow_shares_the_secrets_of_the_run() -> None:
    inner = document({"say": node("LogNode", message="{{$secret:s}}")})
    robot = Robot(s=CANARY)
    nodes = {
        "first": node("LogNode", message="{{$secret:s}}"),
        "call": node("CallSubworkflowNode", workflow_definition=inner),
    }
    result, seen = robot.run(nodes)
    assert CANARY not in seen
    assert robot.asked == ["s"], result.error


def test_a_run_without_secrets_keeps_the_text_and_says_so() -> None:
    result = run_document(document({"n": node("LogNode", message="{{$secret:erp}}")}))
    lines = [line["message"] for line in result.logs]
    assert lines == ["{{$secret:erp}} is unknown and stays as it is written", "{{$secret:erp}}"]


@pytest.mark.parametrize(
    ("stored", "config", "header"),
    [
        ({"token": "t-1234"}, {}, "Bearer t-1234"),
        ("t-1234", {"token": "other"}, "Bearer t-1234"),
        ('{"api_key": "t-1234"}', {}, "Bearer t-1234"),
        ({"username": "Aladdin", "password": "open sesame"}, {"auth_type": "Basic"}, None),
        ("open sesame", {"auth_type": "Basic", "username": "Aladdin"}, None),
    ],
)
def test_a_credential_is_a_stored_secret_first(
    stored: Any, config: dict[str, Any], header: str | None, tmp_path: Path
) -> None:
    header = header or "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    nodes = {
        "auth": node("HttpAuthNode", credential_name="erp", **config),
        "write": node("WriteFileNode", file_path="out", content="{{auth.headers.Authorization}}"),
    }
    result, seen = Robot(erp=stored).run(nodes, {"erp": "a variable"}, folder=tmp_path)
    assert result.success, result.error
    assert (tmp_path / "out").read_text() == header
    assert "t-1234" not in seen and "b3BlbiBzZXNhbWU" not in seen and "b3BlbiBzZXNhbW" not in seen


def test_a_credential_that_is_nowhere_is_named_when_nothing_else_is_given() -> None:
    auth = {"n": node("HttpAuthNode", credential_name="erp")}
    result, _ = Robot().run(auth, environment={})
    assert result.error is not None and "no secret erp; looked in x" in result.error.message
    result, seen = Robot().run(auth, environment={"HTTP_TOKEN": "from-there"})
    assert result.success and "Bearer from-there" in seen
    result, seen = Robot().run(auth, {"erp": {"token": "mine"}}, environment={})
    assert result.success and "Bearer mine" in seen
