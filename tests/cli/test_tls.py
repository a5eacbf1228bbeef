"""Commands, the live socket and the agent through TLS that wants a certificate of them, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.support import Cli, Robot, Server, eventually, steps
from tests.support.certificates import Authority
from tests.support.tls_front import TlsFront


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def front(authority: Authority, server: Server) -> Iterator[TlsFront]:
    context = authority.issue("front").server_context(clients=authority.root)
    with TlsFront(context, urlsplit(server.url).port or 0) as found:
        yield found


@pytest.fixture(scope="module")
def certificates(authority: Authority) -> dict[str, str]:
    """The settings of who may come through the front, as variables."""
    pair = authority.issue("client")
    return {
        "CASARE_CA_FILE": str(authority.root.cert_file),
        "CASARE_CLIENT_CERT": str(pair.cert_file),
        "CASARE_CLIENT_KEY": str(pair.key_file),
    }


@pytest.fixture
def through(
    tmp_path: Path, server: Server, front: TlsFront, certificates: dict[str, str]
) -> Iterator[Cli]:
    front.asked.clear()
    found = Cli(tmp_path, {**server.env(), "CASARE_ORCHESTRATOR_URL": front.url} | certificates)
    yield found
    found.end()


def test_options_do_what_the_variables_do(
    tmp_path: Path, server: Server, front: TlsFront, certificates: dict[str, str]
) -> None:
    options = [
        *("--ca-file", certificates["CASARE_CA_FILE"]),
        *("--client-cert", certificates["CASARE_CLIENT_CERT"]),
        *("--client-key", certificates["CASARE_CLIENT_KEY"]),
    ]
    cli = Cli(tmp_path, server.env())
    assert cli("whoami", "--url", front.url, *options).returncode == 0
    without = cli("whoami", "--url", front.url)
    assert (without.returncode, without.stdout) == (3, "")
    assert "--ca-file" in without.stderr


def test_a_job_is_watched_over_the_socket(
    through: Cli, front: TlsFront, robot: Robot, workflow: str
) -> None:
    with robot.client:
        words = ("jobs", "submit", workflow, "--robot", robot.robot_id, "-o", "name")
        job_id = through(*words).stdout.strip()
        watching = through.start("jobs", "watch", job_id)
        eventually(lambda: any(line.startswith("GET /ws/jobs/") for line in front.asked))
        assert robot.run(*steps("greet")) == job_id
    out, err = watching.communicate(timeout=60)
    assert watching.returncode == 0, err
    assert "greet" in out


def test_an_agent_claims_and_listens(through: Cli, front: TlsFront, server: Server) -> None:
    with server.client(server.admin_key) as admin:
        key = admin.create_robot_key({"robot_id": "tls-robot", "name": "t"})["api_key"]
    agent = through.start("agent", env={"CASARE_API_KEY": key})
    eventually(lambda: any(line.startswith("GET /ws/robot") for line in front.asked))
    assert "GET /api/v1/auth/me HTTP/1.1" in front.asked
    agent.terminate()
    assert agent.wait(60) == 0


def test_doctor_tells_how_long_the_certificate_lasts(through: Cli) -> None:
    lines = through("doctor").stdout.splitlines()
    found = next(line for line in lines if "\tcertificate\t" in line)
    assert found.startswith("PASS") and "29 days" in found


def test_a_tab_key_completes_through_it(through: Cli, workflow: str) -> None:
    found = eventually(lambda: through("__complete", "workflows").stdout.split() or None)
    assert workflow in found
