"""The FTP nodes against a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.domain.events import EventBus, NodeStarted
from casare_rpa.engine import RunResult
from casare_rpa.nodes.ftp import _session
from casare_rpa.nodes.ftp._listing import of_list, of_mlsd
from tests.support.certificates import Authority
from tests.support.ftp_server import Ftp, serving
from tests.support.runs import chain, document, node, run_document
from tests.support.silent_server import silent


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "server" / "in").mkdir(parents=True)
    (tmp_path / "server" / "in" / "orders.csv").write_bytes(b"id\r\n1\r\n")
    return tmp_path / "server"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "robot").mkdir()
    return tmp_path / "robot"


@pytest.fixture
def ftp(root: Path) -> Iterator[Ftp]:
    with serving(root) as running:
        yield running


def run(login: dict[str, Any], *steps: dict[str, Any], **options: Any) -> RunResult:
    """Connect and take the steps, called s1, s2 and so on."""
    nodes = {"connect": node("FTPConnectNode", **login)}
    nodes |= {f"s{number}": step for number, step in enumerate(steps, 1)}
    return run_document(document(nodes, chain(*nodes)), **options)


def output(login: dict[str, Any], step: dict[str, Any], **options: Any) -> dict[str, Any]:
    result = run(login, step, **options)
    assert result.success, result.error
    return dict(result.outputs["s1"])


def failed(login: dict[str, Any], *steps: dict[str, Any], **options: Any) -> tuple[str, str]:
    error = run(login, *steps, **options).error
    assert error is not None
    return error.code, error.message


def test_a_session_is_found_by_the_nodes_after_it_and_ended_with_the_run(ftp: Ftp) -> None:
    result = run(ftp.login, node("FTPListNode"), node("FTPListNode", remote_path="in"))
    assert result.success, result.error
    assert result.outputs["connect"]["connected"] is True
    assert "a server of tests" in result.outputs["connect"]["server_message"]
    assert result.outputs["s1"] == {"items": ["in"], "count": 1}
    assert result.outputs["s2"] == {"items": ["orders.csv"], "count": 1}
    assert [line for line in ftp.said if line.startswith("USER")] == ["USER ada"]
    assert ftp.said[-1] == "QUIT"
    assert "_ftp_connection" not in result.variables


def test_a_subflow_finds_the_session_of_its_caller(ftp: Ftp, folder: Path) -> None:
    inner = document(
        {"list": node("FTPListNode", remote_path="in"), "end": node("FTPDisconnectNode")}
    )
    inner["connections"] = chain("list", "end")
    (folder / "inner.json").write_text(json.dumps(inner))
    nodes = (node("SubflowNode", subflow_path="inner.json"), node("FTPListNode"))
    code, message = failed(ftp.login, *nodes, folder=folder)
    assert (code, "s2 (FTPListNode)" in message) == ("INVALID_INPUT", True)
    assert "closed: connect again" in message


def test_a_run_that_fails_ends_its_session(ftp: Ftp) -> None:
    assert not run(ftp.login, node("ThrowErrorNode", error_message="no")).success
    assert ftp.said[-1] == "QUIT"


def test_disconnecting_ends_the_session_and_twice_does_no_harm(ftp: Ftp) -> None:
    steps = (node("FTPDisconnectNode"), node("FTPDisconnectNode"), node("FTPListNode"))
    code, message = failed(ftp.login, *steps)
    assert (code, message) == (
        "INVALID_INPUT",
        "node s3 (FTPListNode): no FTP session is open: an FTPConnectNode has to run before",
    )
    assert ftp.said[-1] == "QUIT"


@pytest.mark.parametrize("passive", [True, False])
@pytest.mark.parametrize("without", [(), ("MLSD", "MLST")])
def test_a_detailed_list_tells_kind_size_and_time(
    root: Path, passive: bool, without: tuple[str, ...]
) -> None:
    (root / "in" / "größe 7.txt").write_bytes(b"12345")
    (root / "in" / "deep").mkdir()
    with serving(root, without=without) as ftp:
        step = node("FTPListNode", remote_path="/in", detailed=True)
        found = output({**ftp.login, "passive": passive}, step)
    assert [(i["name"], i["type"]) for i in found["items"]] == [
        ("deep", "folder"),
        ("größe 7.txt", "file"),
        ("orders.csv", "file"),
    ]
    item = found["items"][1]
    assert (item["size"], item["path"]) == (5, "/in/größe 7.txt")
    assert item["modified"][:2] == "20"


def test_lists_of_unix_windows_and_mlsd_are_read() -> None:
    unix = of_list("-rw-r--r--   1 root  wheel   312 Aug  1  1994 welcome to it.msg")
    assert unix == {
        "name": "welcome to it.msg",
        "type": "file",
        "size": 312,
        "modified": "1994-08-01T00:00:00",
        "permissions": "rw-r--r--",
    }
    link = of_list("lrwxrwxrwx 1 a b 7 Jan 02 10:11 now -> 2026/01")
    assert link is not None
    assert (link["name"], link["type"]) == ("now", "link")
    windows = of_list("01-31-26  03:05PM       <DIR>          Program Files")
    assert windows is not None
    assert (windows["name"], windows["type"]) == ("Program Files", "folder")
    assert windows["modified"] == "2026-01-31T15:05:00"
    file = of_list("12-01-2025  09:00AM             1048576 big.bin")
    assert file is not None
    assert (file["size"], file["name"]) == (1048576, "big.bin")
    assert of_list("total 12") is None
    mlsd = of_mlsd("type=file;size=5;modify=20260102030405.123;perm=r; a b;c.txt")
    assert mlsd is not None
    assert (mlsd["name"], mlsd["size"]) == ("a b;c.txt", 5)
    assert mlsd["modified"] == "2026-01-02T03:04:05+00:00"
    assert of_mlsd("type=cdir; .") is None


def test_names_of_a_server_without_utf_8_come_back_as_they_went(root: Path) -> None:
    line = "-rw-r--r--   1 a  b   5 Aug  1  1994 gr\xf6\xdfe.txt\r\n"
    with serving(root, without=("MLSD", "MLST", "UTF8"), listed_as=line) as ftp:
        found = output(ftp.login, node("FTPListNode"))
    assert found["items"] == ["größe.txt"]


def test_a_file_is_fetched_whole_and_not_over_another(ftp: Ftp, root: Path, folder: Path) -> None:
    big = bytes(range(256)) * 4000
    (root / "big.bin").write_bytes(big)
    step = node("FTPDownloadNode", remote_path="big.bin", local_path="new/big.bin")
    assert output(ftp.login, step, folder=folder) == {
        "downloaded": True,
        "bytes_received": len(big),
    }
    assert (folder / "new" / "big.bin").read_bytes() == big
    code, message = failed(ftp.login, step, folder=folder)
    assert (code, "already exists" in message) == ("INVALID_INPUT", True)
    text = node("FTPDownloadNode", remote_path="in/orders.csv", local_path="t", binary_mode=False)
    output(ftp.login, text, folder=folder)
    assert (folder / "t").read_text() == "id\n1\n"


def test_a_file_that_is_not_there_leaves_nothing_behind(ftp: Ftp, folder: Path) -> None:
    step = node("FTPDownloadNode", remote_path="in/none.csv", local_path="none.csv")
    code, message = failed(ftp.login, step, folder=folder)
    assert code == "RESOURCE_NOT_FOUND"
    assert f"ftp://127.0.0.1:{ftp.port} (in/none.csv): 550" in message
    assert list(folder.iterdir()) == []


def test_a_file_that_arrives_in_part_is_none(root: Path, folder: Path) -> None:
    with serving(root, sends=b"half") as ftp:
        step = node("FTPDownloadNode", remote_path="in/orders.csv", local_path="x", retry_count=1)
        step["config"]["retry_interval"] = 0
        code, message = failed(ftp.login, step, folder=folder)
    assert (code, "4 of 7 bytes of in/orders.csv arrived" in message) == ("NETWORK_ERROR", True)
    assert len([line for line in ftp.said if line.startswith("RETR")]) == 2
    assert list(folder.iterdir()) == []


def test_an_upload_appears_when_it_is_whole_and_replaces(
    ftp: Ftp, root: Path, folder: Path
) -> None:
    (folder / "r.csv").write_bytes(b"id\n1\n" * 1000)
    step = node(
        "FTPUploadNode", local_path="r.csv", remote_path="/out/2026/ä.csv", create_dirs=True
    )
    assert output(ftp.login, step, folder=folder) == {"uploaded": True, "bytes_sent": 5000}
    (folder / "r.csv").write_bytes(b"a\nb\r\n")
    output(ftp.login, step, folder=folder)
    assert [p.name for p in (root / "out" / "2026").iterdir()] == ["ä.csv"]
    assert (root / "out" / "2026" / "ä.csv").read_bytes() == b"a\nb\r\n"
    stored = [line for line in ftp.said if line.startswith("STOR")]
    assert stored[0].endswith(".part")
    step["config"]["binary_mode"] = False
    output(ftp.login, step, folder=folder)
    assert "TYPE A" in ftp.said


def test_folders_and_files_are_made_renamed_measured_and_deleted(ftp: Ftp, root: Path) -> None:
    result = run(
        ftp.login,
        node("FTPMakeDirNode", remote_path="a/b", parents=True),
        node("FTPMakeDirNode", remote_path="a/b", parents=True),
        node("FTPRenameNode", old_path="in/orders.csv", new_path="a/b/done.csv"),
        node("FTPGetSizeNode", remote_path="a/b/done.csv"),
        node("FTPGetSizeNode", path="a/b/none.csv"),
        node("FTPDeleteNode", remote_path="a/b/done.csv"),
        node("FTPRemoveDirNode", remote_path="a/b"),
    )
    assert result.success, result.error
    outputs = [result.outputs[f"s{number}"] for number in range(1, 8)]
    assert outputs == [
        {"created": True},
        {"created": False},
        {"renamed": True},
        {"size": 7, "found": True},
        {"size": 0, "found": False},
        {"deleted": True},
        {"removed": True},
    ]
    assert list((root / "a").iterdir()) == []


@pytest.mark.parametrize(
    "step",
    [
        node("FTPDeleteNode", remote_path="none"),
        node("FTPRemoveDirNode", remote_path="none"),
        node("FTPRenameNode", old_path="none", new_path="other"),
        node("FTPListNode", remote_path="none"),
        node("FTPMakeDirNode", remote_path="none/deeper"),
    ],
    ids=lambda step: step["node_type"],
)
def test_what_is_not_there_is_named_with_the_server(ftp: Ftp, step: dict[str, Any]) -> None:
    code, message = failed(ftp.login, step)
    assert code == "RESOURCE_NOT_FOUND"
    assert f"ftp://127.0.0.1:{ftp.port} (none" in message
    assert "check the path" in message


def test_a_line_break_in_a_path_is_no_second_command(ftp: Ftp) -> None:
    code, message = failed(ftp.login, node("FTPDeleteNode", remote_path="a\r\nDELE in/orders.csv"))
    assert (code, "line break" in message) == ("INVALID_INPUT", True)


def test_a_wrong_password_is_not_told(ftp: Ftp) -> None:
    code, message = failed({**ftp.login, "password": "secret word"})
    assert code == "PERMISSION_DENIED"
    assert f"ftp://127.0.0.1:{ftp.port}: the login of 'ada' is refused" in message
    assert "secret word" not in message


def test_tls_is_checked_and_carries_commands_and_data(
    root: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path / "ca")
    with serving(root, authority.issue("server")) as ftp:
        login = {**ftp.login, "use_tls": True}
        code, message = failed(login)
        assert (code, "SSL_CERT_FILE" in message) == ("SSL_ERROR", True)
        assert "USER ada" not in ftp.said
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.root.cert_file))
        step = node("FTPDownloadNode", remote_path="in/orders.csv", local_path="o.csv")
        assert output(login, step, folder=folder)["bytes_received"] == 7
        assert output({**login, "passive": False}, node("FTPListNode"))["items"] == ["in"]
        code, message = failed(ftp.login)
        assert (code, "use_tls" in message) == ("PERMISSION_DENIED", True)
    with serving(root, authority.issue("other", host="other.test")) as ftp:
        assert failed({**ftp.login, "use_tls": True})[0] == "SSL_ERROR"


def test_a_file_of_authorities_that_is_none_is_named(
    ftp: Ftp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    code, message = failed({**ftp.login, "use_tls": True})
    assert (code, "SSL_CERT_FILE" in message) == ("CONFIG_INVALID", True)


def test_a_server_without_tls_gets_no_password(ftp: Ftp) -> None:
    code, message = failed({**ftp.login, "use_tls": True})
    assert (code, "does not offer TLS" in message) == ("SSL_ERROR", True)
    assert "USER ada" not in ftp.said


def test_a_session_that_was_lost_is_opened_again_for_the_next_attempt(
    ftp: Ftp, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_session, "_ASK_AFTER_SECONDS", -1.0)
    bus = EventBus()

    @bus.subscribe(NodeStarted)
    def lose(event: NodeStarted) -> None:
        if event.node_type == "FTPListNode":
            ftp.drop_all()

    nodes = {
        "connect": node("FTPConnectNode", **ftp.login),
        "list": node("FTPListNode", remote_path="in"),
    }
    result = run_document(document(nodes, chain(*nodes)), bus=bus)
    assert result.success, result.error
    assert result.outputs["list"]["items"] == ["orders.csv"]
    assert ftp.said.count("USER ada") == 2


GREETING = ("220 hello", "331 password", "230 in", "500 what?")


@pytest.mark.parametrize(
    ("lines", "hangs_up", "code"),
    [
        ((), False, "TIMEOUT"),
        (GREETING[:2], False, "TIMEOUT"),
        (GREETING[:2], True, "NETWORK_ERROR"),
        (("421 too many",), False, "NETWORK_ERROR"),
    ],
)
def test_a_server_that_stops_answering_ends_the_node(
    lines: tuple[str, ...], hangs_up: bool, code: str
) -> None:
    with silent(*lines, hangs_up=hangs_up) as port:
        login = {"host": "127.0.0.1", "port": port, "username": "a", "password": "b"}
        login["timeout"] = 1 if code == "TIMEOUT" else 60
        got, message = failed(login)
    assert (got, f"127.0.0.1:{port}" in message) == (code, True)


def test_a_connection_lost_in_the_middle_fails_the_transfer(folder: Path) -> None:
    lines = (*GREETING, "200 type", "213 99", "200 type", "227 (127,0,0,1,0,1)")
    with silent(*lines, hangs_up=True) as port:
        login = {"host": "127.0.0.1", "port": port, "username": "a", "password": "b", "timeout": 60}
        step = node("FTPDownloadNode", remote_path="x", local_path="x")
        assert failed(login, step, folder=folder)[0] in ("CONNECTION_REFUSED", "NETWORK_ERROR")
    assert list(folder.iterdir()) == []


def test_a_run_that_is_over_does_not_wait_for_a_silent_server() -> None:
    with silent(*GREETING) as port:
        login = {"host": "127.0.0.1", "port": port, "username": "a", "password": "b"}
        result = run(login, node("FTPListNode"), node_timeout_seconds=0.5)
    assert result.error is not None
    assert result.error.code == "TIMEOUT"


def test_a_blocked_run_does_not_reach_this_machine(ftp: Ftp) -> None:
    code, _ = failed(ftp.login, block_private_addresses=True)
    assert code == "PERMISSION_DENIED"
    assert ftp.said == []


@pytest.mark.parametrize("host", ["ftp://x", "a b", "x/y"])
def test_what_is_no_host_is_refused(host: str) -> None:
    code, message = failed({"host": host, "username": "a", "password": "b"})
    assert (code, "is no host" in message) == ("INVALID_INPUT", True)


def test_a_download_keeps_to_the_allowed_folders(ftp: Ftp, folder: Path) -> None:
    step = node("FTPDownloadNode", remote_path="in/orders.csv", local_path="../x")
    assert failed(ftp.login, step, folder=folder)[0] == "PERMISSION_DENIED"
