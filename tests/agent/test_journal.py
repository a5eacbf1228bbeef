from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.attempt import Grant
from agent.journal.file import Journal
from agent.journal.records import events_payload, pack, read_records

GRANT = {"job_id": "j", "attempt": 1, "lease_token": "t"}
PAYLOADS = st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=8)


def written(path: Path, payloads: list[bytes]) -> bytes:
    path.write_bytes(b"".join(map(pack, payloads)))
    return path.read_bytes()


def read(path: Path) -> list[bytes]:
    return [record.payload for record in read_records(path)]


def test_what_was_appended_is_read_back_in_order(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "a.journal", GRANT, fsync_seconds=0.05)
    journal.append_bytes(events_payload(1, 2, b'[{"type":"a"},{"type":"b"}]'))
    journal.append({"kind": "outcome", "finish": {"status": "completed"}}, sync=True)
    assert [record.decode() for record in journal.records()] == [
        {"kind": "grant", "grant": GRANT},
        {"kind": "events", "first_index": 1, "count": 2, "events": [{"type": "a"}, {"type": "b"}]},
        {"kind": "outcome", "finish": {"status": "completed"}},
    ]
    journal.close()


def test_only_the_user_may_read_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    before = os.umask(0)
    try:
        Journal.create(path, GRANT, fsync_seconds=0.05).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_attempt_has_one_journal(tmp_path: Path) -> None:
    Journal.create(tmp_path / "a.journal", GRANT, fsync_seconds=0.05).close()
    with pytest.raises(FileExistsError):
        Journal.create(tmp_path / "a.journal", GRANT, fsync_seconds=0.05)


def test_a_tail_torn_at_any_byte_costs_only_the_record_it_tore(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    payloads = [b'{"kind":"grant"}', b'{"n":1}', b'{"n":22}']
    whole = written(path, payloads)
    ends = [sum(len(pack(p)) for p in payloads[: n + 1]) for n in range(len(payloads))]
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        kept = sum(end <= cut for end in ends)
        assert read(path) == payloads[:kept], cut


def test_reopening_cuts_the_torn_tail_and_goes_on_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    written(path, [b'{"n":1}', b'{"n":2}'])
    with path.open("ab") as file:
        file.write(pack(b'{"n":3}')[:-1])
    journal = Journal.reopen(path, fsync_seconds=0.05)
    journal.append({"n": 4}, sync=True)
    journal.close()
    assert read(path) == [b'{"n":1}', b'{"n":2}', b'{"n":4}']


@settings(deadline=None, max_examples=200)
@given(payloads=PAYLOADS, data=st.data())
def test_a_flipped_bit_invents_nothing(
    payloads: list[bytes], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "flipped.journal"
    whole = bytearray(written(path, payloads))
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(whole)
    found = read(path)
    assert found == payloads[: len(found)]
    assert len(found) < len(payloads)


@pytest.mark.parametrize("tail", [b"\0" * 64, b"\xff" * 64, b"\0" * 7])
def test_a_tail_of_nothing_is_no_record(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "a.journal"
    written(path, [b'{"n":1}'])
    with path.open("ab") as file:
        file.write(tail)
    assert read(path) == [b'{"n":1}']


def test_a_record_of_many_megabytes_is_kept(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "a.journal", GRANT, fsync_seconds=0.05)
    big = "x" * (9 << 20)
    journal.append({"kind": "outcome", "text": big}, sync=True)
    journal.append({"kind": "after"})
    assert [r.decode().get("text") for r in journal.records()] == [None, big, None]
    journal.close()


def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="needs file size limits")
    signal = pytest.importorskip("signal")
    journal = Journal.create(tmp_path / "a.journal", GRANT, fsync_seconds=0.05)
    size = journal.size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        # Room for half of the record: a part is written, then the disk refuses.
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, hard))
        with pytest.raises(OSError, match=r"\[Errno"):
            journal.append({"text": "x" * 100})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert journal.path.stat().st_size == journal.size == size
    journal.append({"kind": "outcome"}, sync=True)
    assert [record.decode()["kind"] for record in journal.records()] == ["grant", "outcome"]
    journal.close()


def test_a_sync_is_due_only_while_something_is_unsynced(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "a.journal", GRANT, fsync_seconds=5)
    assert journal.sync_due_seconds() is None
    journal.append({"kind": "events"})
    assert 0 < (journal.sync_due_seconds() or 0) <= 5
    journal.sync()
    assert journal.sync_due_seconds() is None
    journal.close()


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that were put on disk, in order; they really are."""
    paths: list[str] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        paths.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    return paths


def test_a_new_journal_is_on_disk_with_its_name(tmp_path: Path, synced: list[str]) -> None:
    path = tmp_path / "a.journal"
    Journal.create(path, GRANT, fsync_seconds=60).close()
    assert synced == [str(path), str(tmp_path)]


def test_a_record_that_must_be_on_disk_is(tmp_path: Path, synced: list[str]) -> None:
    path = tmp_path / "a.journal"
    journal = Journal.create(path, GRANT, fsync_seconds=60)
    synced.clear()
    journal.append({"kind": "process"})
    assert synced == [] and journal.sync_due_seconds() is not None
    journal.append({"kind": "outcome"}, sync=True)
    assert synced == [str(path)] and journal.sync_due_seconds() is None
    journal.close()


def test_many_bytes_are_synced_without_waiting(tmp_path: Path, synced: list[str]) -> None:
    path = tmp_path / "a.journal"
    journal = Journal.create(path, GRANT, fsync_seconds=60)
    synced.clear()
    for index in range(1, 10):
        journal.append_bytes(events_payload(index, 1, b'["' + b"x" * 8000 + b'"]'))
    assert synced == [str(path)]
    journal.close()


def with_one_event(folder: Path) -> Journal:
    journal = Journal.create(folder / "a.journal", {"next_index": 1}, fsync_seconds=60)
    journal.append_bytes(events_payload(1, 1, b"[1]"))
    return journal


@pytest.mark.parametrize("system", [sys.platform, "win32"])
def test_a_journal_goes_on_behind_what_it_forgets(
    tmp_path: Path, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where no file is replaced that is open."""
    monkeypatch.setattr(sys, "platform", system)
    journal = with_one_event(tmp_path)
    offset = journal.size
    journal.append_bytes(events_payload(2, 1, b"[2]"), sync=True)
    rest = journal.forget(offset, 2)
    journal.append_bytes(events_payload(3, 1, b"[3]"))
    assert [r.decode()["events"] for r in journal.records(rest)] == [[2], [3]]
    assert journal.path.stat().st_size == journal.size
    journal.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.journal"]


@pytest.mark.parametrize("system", [sys.platform, "win32"])
def test_a_journal_that_cannot_forget_is_as_it_was(
    tmp_path: Path, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    journal = with_one_event(tmp_path)

    def refuse(*_: object) -> None:
        raise PermissionError("somebody has it open")

    with monkeypatch.context() as refusing:
        refusing.setattr(Path, "replace", refuse)
        with pytest.raises(PermissionError):
            journal.forget(journal.size, 2)
    journal.append_bytes(events_payload(2, 1, b"[2]"))
    journal.close()
    found = [record.decode() for record in read_records(journal.path)]
    assert [record["kind"] for record in found] == ["grant", "events", "events"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.journal"]


def test_the_input_of_a_job_is_not_written_down(tmp_path: Path) -> None:
    raw = {**GRANT, "variables": {"password": "swordfish"}, "workflow_json": '{"pin": "0815"}'}
    grant = Grant.parse({**raw, "timeout_seconds": 1.0})
    path = tmp_path / "a.journal"
    Journal.create(path, grant.for_journal("r1"), fsync_seconds=60).close()
    assert b"swordfish" not in path.read_bytes() and b"0815" not in path.read_bytes()
