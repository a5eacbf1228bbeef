"""The agent's journal: on disk before anything is called done (P14, Journal)."""

from __future__ import annotations

from tests.faults.mutants.mutant import Mutant, mutant

_JOURNAL = "agent/journal/file.py"
_RECORDS = "agent/journal/records.py"
_SUPERVISOR = "agent/job/supervisor.py"
_UPLOADER = "agent/uplink/uploader.py"
_FILE = "agent/test_journal.py::"
_LIMIT = "agent/test_limits.py::"
_DELIVERY = "agent/test_delivery.py::"

MUTANTS: list[Mutant] = [
    mutant(
        "outcome-synced",
        "P14",
        _SUPERVISOR,
        "            self.attempt.journal.append(ending, sync=True)\n        except OSError:\n",
        "            self.attempt.journal.append(ending, sync=False)\n        except OSError:\n",
        "agent/test_durability.py::test_an_outcome_is_on_disk_before_it_is_told",
    ),
    mutant(
        "grant-synced",
        "P14",
        _JOURNAL,
        'journal.append({"kind": "grant", "grant": grant}, sync=True)',
        'journal.append({"kind": "grant", "grant": grant})',
        f"{_FILE}test_a_new_journal_is_on_disk_with_its_name",
    ),
    mutant(
        "name-synced",
        "P14",
        _JOURNAL,
        "grant}, sync=True)\n            sync_folder(path.parent)\n",
        "grant}, sync=True)\n",
        f"{_FILE}test_a_new_journal_is_on_disk_with_its_name",
    ),
    mutant(
        "sync-reaches-the-disk",
        "P14",
        _JOURNAL,
        "                os.fsync(self._descriptor)\n",
        "",
        f"{_FILE}test_a_record_that_must_be_on_disk_is",
    ),
    mutant(
        "events-synced-in-time",
        "P14",
        _SUPERVISOR,
        "        if self.attempt.journal.sync_due_seconds() == 0:\n",
        "        if False:\n",
        "agent/test_durability.py::test_events_are_on_disk_soon_while_the_job_goes_on",
    ),
    mutant(
        "events-synced-by-size",
        "P14",
        _JOURNAL,
        "        if sync or self.size - self._synced_size >= SYNC_BYTES:\n",
        "        if sync:\n",
        f"{_FILE}test_many_bytes_are_synced_without_waiting",
    ),
    mutant(
        "deleted-on-acknowledgement-only",
        "P14",
        _UPLOADER,
        '            log.info("%s: the rest is kept for the next start", self.attempt.grant)\n',
        "            self.attempt.journal.remove()\n",
        f"{_DELIVERY}test_a_delivery_that_is_broken_off_keeps_its_journal",
    ),
    mutant(
        "deleted-after-acknowledgement",
        "P14",
        _UPLOADER,
        "            self.attempt.journal.remove()\n",
        "            pass\n",
        f"{_DELIVERY}test_a_long_journal_arrives_whole_and_in_order",
    ),
    mutant(
        "sent-from-where-it-was-acknowledged",
        "P14",
        _UPLOADER,
        "        self._offset, self._next_index = 0, expected\n",
        "        self._next_index = expected\n",
        f"{_DELIVERY}test_a_server_that_lost_events_gets_them_again",
    ),
    mutant(
        "bad-checksum-ends-the-journal",
        "Journal",
        _RECORDS,
        "    if len(payload) < length or _checksum(payload) != checksum:\n",
        "    if len(payload) < length:\n",
        f"{_FILE}test_a_flipped_bit_invents_nothing",
    ),
    mutant(
        "short-record-ends-the-journal",
        "Journal",
        _RECORDS,
        "    if len(header) < _HEADER.size:\n        return None\n",
        "    if not header:\n        return None\n",
        f"{_FILE}test_a_tail_torn_at_any_byte_costs_only_the_record_it_tore",
    ),
    mutant(
        "empty-records-are-none",
        "Journal",
        _RECORDS,
        "    if not 0 < length <= MOST_BYTES:\n",
        "    if not length <= MOST_BYTES:\n",
        f"{_FILE}test_a_tail_of_nothing_is_no_record",
        also=(
            (
                _RECORDS,
                "    return zlib.crc32(payload, zlib.crc32(_LENGTH.pack(len(payload))))\n",
                "    return zlib.crc32(payload)\n",
            ),
        ),
    ),
    mutant(
        "torn-tail-is-cut",
        "Journal",
        _JOURNAL,
        "            os.ftruncate(descriptor, good)\n",
        "",
        f"{_FILE}test_reopening_cuts_the_torn_tail_and_goes_on_behind_it",
    ),
    mutant(
        "failed-append-leaves-nothing",
        "Journal",
        _JOURNAL,
        "                os.ftruncate(self._descriptor, self.size)\n",
        "",
        f"{_FILE}test_a_full_disk_leaves_the_journal_as_it_was",
    ),
    mutant(
        "one-journal-an-attempt",
        "Journal",
        _JOURNAL,
        "os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND",
        "os.O_RDWR | os.O_CREAT | os.O_APPEND",
        f"{_FILE}test_an_attempt_has_one_journal",
    ),
    mutant(
        "private-journal",
        "Journal",
        _JOURNAL,
        "os.open(path, flags, 0o600)",
        "os.open(path, flags, 0o644)",
        f"{_FILE}test_only_the_user_may_read_a_journal",
    ),
    mutant(
        "input-is-not-in-the-journal",
        "Journal",
        "agent/attempt.py",
        '        del members["workflow_json"], members["variables"], members["start"]\n',
        "",
        f"{_FILE}test_the_input_of_a_job_is_not_written_down",
    ),
    mutant(
        "high-water-mark",
        "Journal",
        _SUPERVISOR,
        "        if self._backlog() <= self._settings.journal_max_bytes:\n",
        "        if True:\n",
        f"{_LIMIT}test_a_job_waits_while_its_journal_is_full",
    ),
    mutant(
        "reserve-for-the-outcome",
        "Journal",
        _SUPERVISOR,
        "            self._reserve.release()\n",
        "",
        "agent/test_durability.py::test_an_outcome_finds_room_on_a_full_disk",
    ),
    mutant(
        "reserve-is-held",
        "Journal",
        "agent/uplink/claims.py",
        "            self._reserve.hold()\n",
        "            pass\n",
        f"{_LIMIT}test_an_agent_that_takes_jobs_holds_a_reserve",
    ),
    mutant(
        "floor-of-free-space",
        "Journal",
        "agent/uplink/claims.py",
        "        full = free < self._settings.min_free_bytes\n",
        "        full = False\n",
        f"{_LIMIT}test_a_robot_without_disk_space_claims_nothing_and_says_why",
    ),
    mutant(
        "full-disk-ends-the-job",
        "Journal",
        _SUPERVISOR,
        "        self.attempt.ask_stop(Stop.DISK_FULL)\n",
        "        pass\n",
        f"{_LIMIT}test_a_job_whose_journal_finds_no_room_fails_as_disk_full",
    ),
]
