"""Journals that a crash tore and a disk damaged: what an agent's start makes of them."""

from __future__ import annotations

import bisect
import contextlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.attempt import Attempt, Grant
from agent.journal.damage import examine, mended, pieces
from agent.journal.file import Journal
from agent.journal.records import events_payload, pack, read_records
from agent.machine.folders import Folders
from agent.recovery import left_over
from casare_rpa.settings import Settings

Json = dict[str, Any]
ROBOT = "robot-1"
GRANT = Grant(job_id="job-1", attempt=1, lease_token="token", timeout_seconds=60)
OUTCOME = {"kind": "outcome", "finish": {"status": "completed", "result": {"n": 1}}}
COUNT = 40


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders.open(Settings(state_dir=str(tmp_path)))


@pytest.fixture
def journal(folders: Folders) -> Path:
    return write_journal(folders)


def write_journal(folders: Folders, *, outcome: bool = True) -> Path:
    """As the agent writes it: grant, process, forty events in records of three, outcome."""
    path = folders.journal_of(GRANT.job_id, GRANT.attempt)
    path.unlink(missing_ok=True)
    journal = Journal.create(path, GRANT.for_journal(ROBOT), fsync_seconds=0.05)
    journal.append({"kind": "process", "pid": 2**22 + 1, "started": 1.0})
    for first in range(1, COUNT + 1, 3):
        events = [event(n) for n in range(first, min(first + 3, COUNT + 1))]
        journal.append_bytes(events_payload(first, len(events), orjson.dumps(events)))
    if outcome:
        journal.append(OUTCOME, sync=True)
    journal.close()
    return path


def event(number: int) -> Json:
    data = {"message": f"event {number}", "level": "INFO", "node_id": None}
    return {"type": "log", "timestamp": "2026-01-01T00:00:00Z", "data": data}


def recovered(folders: Folders) -> list[Attempt]:
    return list(left_over(folders, robot_id=ROBOT, fsync_seconds=0.05))


def story(attempt: Attempt) -> list[tuple[int, str]]:
    """(index, message) of every event of the attempt's journal."""
    return [
        (number, told["data"]["message"])
        for record in attempt.journal.records()
        if record.holds_events
        for number, told in enumerate(record.decode()["events"], record.decode()["first_index"])
    ]


def check_nothing_invented(attempt: Attempt) -> list[int]:
    """Indexes without a hole, each with its own event or a note; the indexes of the notes."""
    told = story(attempt)
    assert [index for index, _ in told] == list(range(1, len(told) + 1))
    notes = [index for index, message in told if "damaged" in message]
    for index, message in told:
        assert message == f"event {index}" or index in notes
    assert attempt.ending in (OUTCOME, lost_ending(attempt))
    return notes


def lost_ending(attempt: Attempt) -> Json | None:
    reason = (attempt.ending or {}).get("finish", {}).get("failure_reason")
    return attempt.ending if reason == "agent_lost" else None


def test_a_sound_journal_is_taken_as_it_is(folders: Folders, journal: Path) -> None:
    before = journal.read_bytes()
    (attempt,) = recovered(folders)
    assert (attempt.ending, check_nothing_invented(attempt)) == (OUTCOME, [])
    assert journal.read_bytes() == before
    assert not list(folders.lost.iterdir())


@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(cut=st.integers(1, 4096))
def test_a_tail_cut_anywhere_leaves_what_was_before_it(folders: Folders, cut: int) -> None:
    path = write_journal(folders)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    before = [record.payload for record in read_records(path)]
    attempts = recovered(folders)
    if len(whole) <= cut or not before:
        assert attempts == []
        return
    (attempt,) = attempts
    assert check_nothing_invented(attempt) == []
    assert lost_ending(attempt)
    assert [r.payload for r in attempt.journal.records()][:-1] == before
    assert not list(folders.lost.iterdir()), "a torn tail is no damage"
    attempt.close()


@settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), outcome=st.booleans())
def test_flipped_bits_invent_nothing_and_lose_no_ending_that_can_be_read(
    folders: Folders, data: st.DataObject, outcome: bool
) -> None:
    path = write_journal(folders, outcome=outcome)
    sound = list(read_records(path))
    content = bytearray(path.read_bytes())
    flips = data.draw(st.lists(st.integers(0, 8 * len(content) - 1), min_size=1, max_size=3))
    hit = {flip // 8 for flip in flips}
    for flip in set(flips):
        content[flip // 8] ^= 1 << flip % 8
    path.write_bytes(content)
    starts = [record.end - len(pack(record.payload)) for record in sound]
    damaged = {bisect.bisect_right(starts, byte) - 1 for byte in hit}
    condition = examine(path)
    attempts = recovered(folders)
    kept = list(folders.lost.iterdir())
    if condition.torn:
        # A length that reaches beyond the end is what a crash leaves, too.
        assert min(damaged) == len(sound) - 1
        assert kept == []
    else:
        assert [file.name for file in kept] == [f"{path.stem}.corrupt"]
        assert kept[0].read_bytes() == content
        kept[0].unlink()
    if 0 in damaged:
        assert attempts == [], "nobody can speak for it without the token of its grant"
        return
    (attempt,) = attempts
    check_nothing_invented(attempt)
    known = outcome and len(sound) - 1 not in damaged
    assert (attempt.ending == OUTCOME) is known
    attempt.close()


def test_damage_in_the_middle_is_told_in_the_log_and_in_the_history(
    folders: Folders, journal: Path, caplog: pytest.LogCaptureFixture
) -> None:
    records = list(read_records(journal))
    content = bytearray(journal.read_bytes())
    content[records[4].end - 1] ^= 4  # events 7 to 9
    journal.write_bytes(content)
    with caplog.at_level(logging.ERROR):
        (attempt,) = recovered(folders)
    assert check_nothing_invented(attempt) == [7, 8, 9]
    assert attempt.ending == OUTCOME
    assert f"damaged in 1 place(s), the first at byte {records[3].end}" in caplog.text
    assert (folders.lost / f"{journal.stem}.corrupt").read_bytes() == content


def test_damage_just_before_the_outcome_leaves_one_note(folders: Folders, journal: Path) -> None:
    records = list(read_records(journal))
    content = bytearray(journal.read_bytes())
    content[records[-2].end - 1] ^= 4
    journal.write_bytes(content)
    (attempt,) = recovered(folders)
    assert check_nothing_invented(attempt) == [COUNT]
    assert attempt.ending == OUTCOME


def test_a_start_that_is_killed_while_it_mends_leaves_the_damaged_file(
    folders: Folders, journal: Path
) -> None:
    content = bytearray(journal.read_bytes())
    content[len(content) // 2] ^= 1
    journal.write_bytes(content)
    half = journal.with_name(journal.name + ".new")
    half.write_bytes(b"half of it")
    (attempt,) = recovered(folders)
    assert attempt.ending == OUTCOME
    assert not half.exists()


def _zeros(content: bytes) -> bytes:
    return b"\0" * len(content)


def _huge(content: bytes) -> bytes:
    return (2**31).to_bytes(4, "little") + content[4:]


def _foreign(content: bytes) -> bytes:
    return b"PK\x03\x04 this is no journal" * 50


def _list(content: bytes) -> bytes:
    return pack(b"[1, 2]")


def _grant_of_another_shape(content: bytes) -> bytes:
    return pack(b'{"kind":"grant","grant":{"job":1}}')


def _torn_grant(content: bytes) -> bytes:
    return content[:50]


@pytest.mark.parametrize(
    "change", [_zeros, _huge, _foreign, _list, _grant_of_another_shape, _torn_grant]
)
def test_a_file_without_a_grant_is_kept_apart_and_the_rest_goes_on(
    folders: Folders,
    journal: Path,
    caplog: pytest.LogCaptureFixture,
    change: Callable[[bytes], bytes],
) -> None:
    other = folders.journal / "another-1.journal"
    other.write_bytes(journal.read_bytes())
    content = change(journal.read_bytes())
    journal.write_bytes(content)
    (attempt,) = recovered(folders)
    assert attempt.journal.path == other
    assert "no readable grant" in caplog.text
    assert not journal.exists()
    assert (folders.lost / f"{journal.stem}.corrupt").read_bytes() == content


def test_an_empty_journal_is_removed(folders: Folders) -> None:
    (folders.journal / "job-1.journal").touch()
    assert recovered(folders) == []
    assert not list(folders.journal.glob("*.journal"))


def test_a_journal_of_another_robot_stays_for_it(
    folders: Folders, journal: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = list(left_over(folders, robot_id="robot-2", fsync_seconds=0.05))
    assert found == []
    assert "belongs to the robot robot-1" in caplog.text
    (attempt,) = recovered(folders)
    assert attempt.ending == OUTCOME


def test_a_journal_of_a_version_that_named_no_robot_is_delivered(folders: Folders) -> None:
    grant = {k: v for k, v in GRANT.for_journal(ROBOT).items() if k != "robot_id"}
    Journal.create(folders.journal / "old-1.journal", grant, fsync_seconds=0.05).close()
    (attempt,) = recovered(folders)
    assert lost_ending(attempt)


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Not as root, who may read everything."""
    if os.name == "nt":
        pytest.skip("needs POSIX permissions")
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_journal_that_may_not_be_read_stays_where_it_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with as_nobody(), tempfile.TemporaryDirectory() as folder:
        folders = Folders.open(Settings(state_dir=folder))
        path = write_journal(folders)
        path.chmod(0)
        assert recovered(folders) == []
        assert "cannot be read and stays where it is" in caplog.text
        path.chmod(0o600)
        (attempt,) = recovered(folders)
        assert attempt.ending == OUTCOME


def test_a_record_that_quotes_a_record_is_one_record(folders: Folders) -> None:
    """What a job prints may look like a journal."""
    inner = pack(orjson.dumps(OUTCOME)).decode("latin-1")
    path = folders.journal / "a-1.journal"
    journal = Journal.create(path, GRANT.for_journal(ROBOT), fsync_seconds=0.05)
    hostile = {**event(1), "data": {"message": inner + '{"kind":"outcome"', "level": "INFO"}}
    journal.append_bytes(events_payload(1, 1, orjson.dumps([hostile])))
    journal.append_bytes(events_payload(2, 1, orjson.dumps([event(2)])))
    journal.close()
    content = bytearray(path.read_bytes())
    content[next(read_records(path)).end + 9] ^= 1
    path.write_bytes(content)
    kinds = [orjson.loads(payload)["kind"] for payload in mended(path)]
    assert kinds == ["grant", "events", "events"]
    assert examine(path).gaps == 1
    assert sum(behind for _, behind in pieces(path)) == 1


def test_only_the_user_may_read_the_state_folder(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folders = Folders.open(Settings(state_dir=str(tmp_path / "state")))
        journal = write_journal(folders)
        content = bytearray(journal.read_bytes())
        content[-200] ^= 1
        journal.write_bytes(content)
        recovered(folders)
    finally:
        os.umask(before)
    for folder in (folders.root, folders.journal, folders.lost, folders.work):
        assert folder.stat().st_mode & 0o777 == 0o700, folder
    for file in (*folders.journal.glob("*.journal"), *folders.lost.iterdir()):
        assert file.stat().st_mode & 0o777 == 0o600, file


def test_what_a_job_was_given_is_not_in_its_journal(folders: Folders) -> None:
    grant = replace(GRANT, variables={"password": "canary"}, workflow_json='{"x": "canary"}')
    path = folders.journal_of("job-2", 1)
    Journal.create(path, grant.for_journal(ROBOT), fsync_seconds=0.05).close()
    assert b"canary" not in path.read_bytes()
