"""A job gets the secrets of its robot, and they are nowhere but where its workflow puts them."""

from __future__ import annotations

import subprocess
import sys
import threading
from multiprocessing import Pipe
from pathlib import Path

import orjson
import pytest

from agent.job import frames
from agent.job.answering import answer
from agent.job.asking import Asking
from agent.job.outbox import Outbox
from casare_rpa.errors import CasareError, Unavailable, Unreachable
from casare_rpa.secrets import Secret, SecretMissing
from casare_rpa.secrets.file import SecretFile
from tests.support.disguised import ENCODERS
from tests.support.fleet import Agent, Orchestrator, eventually, start_agent
from tests.support.runs import chain, document, node

CANARIES = {"environment": "ca'nary & 1/environment", "file": 'ca"nary <2> file'}
_LOOK = (
    "cat '{kept}'; cat '{kept}' > /proc/$PPID/fd/2; env > '{saw}'; "
    "tr '\\\\0' '\\\\n' < /proc/$PPID/environ >> '{saw}'; "
    "cat /proc/[0-9]*/cmdline >> '{saw}' 2>/dev/null; touch '{saw}.done'; "
    "while [ ! -e '{gate}' ]; do sleep 0.02; done"
)


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads /proc")
def test_a_robots_secrets_reach_the_node_and_nothing_else(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    private = tmp_path / "private"
    kept, saw, gate = private / "kept", tmp_path / "saw", tmp_path / "gate"
    SecretFile(path=private / "secrets.json").set("erp", "password", CANARIES["file"])
    nodes = {
        "write": node(
            "WriteFileNode",
            file_path=str(kept),
            content="{{$secret:tok}}\n{{$secret:erp.password}}\n",
        ),
        "log": node("LogNode", message="{{$secret:tok}} {{$secret:erp/password}}"),
        "auth": node("HttpAuthNode", credential_name="erp", auth_type="Basic", username="u"),
        "look": node(
            "RunCommandNode",
            command=_LOOK.format(kept=kept, saw=saw, gate=gate),
            shell=True,
            allow_dangerous=True,
        ),
        "fail": node("ThrowErrorNode", error_message="no {{$secret:tok}}"),
    }
    with start_agent(
        orchestrator,
        tmp_path,
        log_level="DEBUG",
        environment={
            "CASARE_SECRET_TOK": CANARIES["environment"],
            "CASARE_SECRETS_FILE": str(private / "secrets.json"),
        },
    ) as agent:
        job_id = orchestrator.submit(document(nodes, chain(*nodes)), robot_id="robot-1")
        eventually(lambda: (tmp_path / "saw.done").exists() or None, 60)
        # The agent writes down what the job tells it a moment later.
        journals = eventually(lambda: _with_completed_nodes(agent), 60)
        gate.touch()
        job = orchestrator.wait_for(job_id)
        assert agent.stop() == 0
    assert (job["status"], job["failed_node_id"]) == ("failed", "fail"), job
    assert kept.read_text().splitlines() == list(CANARIES.values())
    places = {
        "journal": journals,
        "job": orjson.dumps(job),
        "history": orjson.dumps(orchestrator.history(job_id)),
        **{
            str(path): path.read_bytes()
            for folder in (tmp_path, orchestrator.state_dir.parent)
            for path in folder.rglob("*")
            if path.is_file() and private not in path.parents
        },
    }
    log = places[str(tmp_path / "robot-1.log")].decode()
    assert log.count("***\n") == 2, log  # what the shell wrote into the job's stderr
    assert "reads the secret tok" in log
    assert b"XDG_" in saw.read_bytes() or b"PATH=" in saw.read_bytes()
    found = [
        (place, name)
        for place, content in places.items()
        for canary in CANARIES.values()
        for name, encode in ENCODERS.items()
        if encode(canary).encode() in content
    ]
    assert found == []


def _with_completed_nodes(agent: Agent) -> bytes:
    """The agent's journals; nothing before they tell of the nodes before `look`."""
    journals = b"".join(path.read_bytes() for path in agent.journals())
    return journals if journals.count(b"node.completed") >= 3 else b""


def _missing(name: str) -> Secret:
    raise SecretMissing(f"no secret {name}", hint="set it")


def test_an_error_arrives_as_what_it_was() -> None:
    ours, theirs = Pipe()
    asking = Asking(Outbox(theirs))
    raised: list[Exception] = []

    def ask() -> None:
        try:
            asking.find("erp")
        except Exception as error:
            raised.append(error)

    def down(name: str) -> Secret:
        raise Unreachable("Vault cannot be reached")

    def broken(name: str) -> Secret:
        return Secret(fields={"x": object()})

    kinds = (_missing, SecretMissing), (down, Unreachable), (broken, CasareError)
    for find, kind in (*kinds, (None, Unavailable)):
        thread = threading.Thread(target=ask)
        thread.start()
        frame = ours.recv_bytes()
        assert frame[:1] == frames.WANT
        if find is None:
            asking.end()
        else:
            asking.answered(answer(find, frame[1:], "job 1")[1:])
        thread.join(60)
        assert type(raised.pop()) is kind


_PRINTS = """
import os
from agent.job.masked_streams import MaskedStreams
from casare_rpa.engine.secrecy.masking import Secrets
secrets = Secrets()
secrets.learn("hunter2 & more")
streams = MaskedStreams(secrets)
streams.start()
streams.start()
for piece in (b"a ", b"hunt", b"er2 & mo", b"re\\n", b"hunter2%20%26", b"+more", b"\\xff"):
    os.write(1, piece)
os.system("printf 'child hunter2 & more' >&2")
streams.close()
os.write(2, b"|end")
"""


def test_what_is_printed_is_masked_across_writes() -> None:
    command = [sys.executable, "-c", _PRINTS]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    assert (done.stdout, done.stderr) == ("", "a ***\n***\ufffdchild ***|end")
