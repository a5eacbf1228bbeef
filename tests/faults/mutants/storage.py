"""What is on disk when an answer leaves (P1, P19-P22)."""

from __future__ import annotations

from tests.faults.mutants.mutant import Mutant, mutant

_SQLITE = "casare_rpa/store/sqlite/__init__.py"
_FILES = "casare_rpa/store/sqlite/files.py"
_LOCK = "casare_rpa/store/sqlite/lock.py"
_GROUP = "casare_rpa/store/sqlite/group_commit.py"
_POSTGRES = "casare_rpa/store/postgresql/__init__.py"
_SUBMITS = "casare_rpa/store/operations/submits.py"
_NAMES = "cli/orchestrator/test_names.py::"
_LITE = "contract/test_store_sqlite.py::"
_PG = "contract/test_store_postgresql.py::"
_SUBMIT = "contract/test_store_submit.py::"

_DISK = [
    mutant(
        "sqlite-synchronous-full",
        "P1",
        _SQLITE,
        "PRAGMA synchronous = FULL",
        "PRAGMA synchronous = NORMAL",
        f"{_LITE}test_commits_are_synced_and_pages_can_be_given_back",
    ),
    mutant(
        "postgresql-synchronous-commit",
        "P1",
        "casare_rpa/store/postgresql/connection.py",
        "SET synchronous_commit = on",
        "SET synchronous_commit = off",
        f"{_PG}test_commits_wait_for_the_disk",
        needs="postgres",
    ),
    mutant(
        "answered-after-commit",
        "P1",
        _GROUP,
        "        return tx.changes\n",
        "        work.settle()\n        return tx.changes\n",
        f"{_LITE}test_a_write_is_answered_after_its_commit",
        also=(
            (
                _GROUP,
                "        self._pending.release()\n",
                "        if self._pending.locked():\n            self._pending.release()\n",
            ),
        ),
    ),
    mutant(
        "announced-after-commit",
        "P1",
        _GROUP,
        "                changes += execute(work)\n",
        "                self._announce(execute(work))\n",
        f"{_SUBMIT}test_a_listener_can_read_what_it_hears_of",
    ),
]

_ONCE = [
    mutant(
        "submit-idempotent",
        "P19",
        _SUBMITS,
        "    if remembered is not None:\n",
        "    if False:\n",
        f"{_SUBMIT}test_the_same_idempotency_key_gets_the_same_job",
    ),
    mutant(
        "key-with-another-body",
        "P19",
        _SUBMITS,
        '        if remembered["request_hash"] != digest:\n',
        "        if False:\n",
        f"{_SUBMIT}test_the_same_idempotency_key_with_another_body_is_refused",
    ),
    mutant(
        "key-of-each-principal",
        "P19",
        _SUBMITS,
        '        idempotency.c.principal == sa.bindparam("principal"),\n',
        '        idempotency.c.principal != sa.bindparam("principal", ""),\n',
        f"{_SUBMIT}test_idempotency_keys_of_two_principals_do_not_meet",
    ),
    mutant(
        "key-forgotten-in-time",
        "P19",
        _SUBMITS,
        '    if row is None or row["created_at"] >= _forgotten_before(tx):\n',
        "    if True:\n",
        f"{_SUBMIT}test_an_idempotency_key_is_forgotten_after_its_time",
    ),
    mutant(
        "key-kept-for-its-time",
        "P19",
        _SUBMITS,
        '    if row is None or row["created_at"] >= _forgotten_before(tx):\n',
        "    if row is None:\n",
        f"{_SUBMIT}test_the_same_idempotency_key_gets_the_same_job",
    ),
    mutant(
        "key-and-job-in-one-transaction",
        "P19",
        _GROUP,
        '            self._driver.execute("ROLLBACK TO operation")\n',
        "            pass\n",
        f"{_LITE}test_a_write_that_fails_half_way_leaves_nothing_and_its_group_alone",
    ),
    mutant(
        "half-done-is-noticed",
        "P19",
        _GROUP,
        "            if driver.total_changes != written:\n",
        "            if False:\n",
        f"{_LITE}test_a_write_that_fails_half_way_leaves_nothing_and_its_group_alone",
    ),
    mutant(
        "race-of-two-orchestrators",
        "P19",
        _POSTGRES,
        '_TRY_AGAIN = frozenset({"23505", "40001", "40P01"})',
        '_TRY_AGAIN = frozenset({"40001", "40P01"})',
        f"{_PG}test_one_idempotency_key_on_two_orchestrators_makes_one_job",
        needs="postgres",
    ),
    mutant(
        "replayed-header",
        "P19",
        "casare_rpa/orchestrator/routes/jobs.py",
        "    if submitted.replayed:\n",
        "    if False:\n",
        "orchestrator/test_jobs.py::test_a_repeated_submit_with_the_same_key_is_one_job",
    ),
    mutant(
        "principal-outlives-rotation",
        "P19",
        "casare_rpa/store/operations/keys.py",
        'return _insert(tx, uses, values | {"id": new_id, ',
        'return _insert(tx, uses, values | {"id": new_id, "principal": new_id, ',
        "contract/test_store_keys.py::test_a_rotated_key_keeps_principal_role_and_leases",
    ),
]

_ALONE = [
    mutant(
        "one-orchestrator-to-a-file",
        "P20",
        _LOCK,
        "        lock.acquire()\n",
        "",
        f"{_LITE}test_a_second_orchestrator_on_one_file_is_refused",
    ),
    mutant(
        "one-lock-behind-links",
        "P20",
        _FILES,
        "Path(os.path.realpath(Path(name).expanduser()))",
        "Path(name).expanduser().absolute()",
        f"{_LITE}test_behind_a_link_a_file_is_the_same_file",
    ),
    mutant(
        "one-name-to-a-file",
        "P20",
        _FILES,
        "    if found.st_nlink > 1:\n",
        "    if False:\n",
        f"{_NAMES}test_a_file_with_a_second_name_is_refused_by_both",
    ),
    mutant(
        "lock-let-go",
        "P20",
        _SQLITE,
        "        self._connection.close()\n        self._writing.dispose()\n"
        "        self._lock.release()\n",
        "        self._connection.close()\n        self._writing.dispose()\n",
        f"{_SUBMIT}test_an_acknowledged_job_survives_a_restart",
    ),
    mutant(
        "readers-cannot-write",
        "P21",
        _SQLITE,
        'pool_size=self.callers, mode="ro"',
        'pool_size=self.callers, mode="rw"',
        f"{_LITE}test_readers_cannot_write",
    ),
    mutant(
        "group-commit",
        "P21",
        _GROUP,
        "_LARGEST_GROUP = 256",
        "_LARGEST_GROUP = 1",
        f"{_LITE}test_writes_that_come_together_share_a_commit",
    ),
    mutant(
        "broken-after-a-failed-sync",
        "P22",
        _GROUP,
        "            if self.broken is not None:\n",
        "            if False:\n",
        f"{_LITE}test_after_a_failed_sync_nothing_more_is_acknowledged",
    ),
    mutant(
        "failed-sync-is-fatal",
        "P22",
        _GROUP,
        "        if _is_fatal(error):\n",
        "        if False:\n",
        f"{_LITE}test_after_a_failed_sync_nothing_more_is_acknowledged",
    ),
    mutant(
        "full-disk-is-not-fatal",
        "P22",
        _GROUP,
        "    return code != sqlite3.SQLITE_IOERR_WRITE and code & 0xFF in _FATAL_CODES\n",
        "    return True\n",
        f"{_LITE}test_a_full_disk_refuses_writes_and_recovers",
    ),
    mutant(
        "refused-writes-are-told",
        "P22",
        "casare_rpa/orchestrator/routes/health.py",
        " and not desk.store.broken and reason is None\n",
        " and not desk.store.broken\n",
        "orchestrator/test_health.py::test_a_server_whose_database_refuses_writes_is_not_ready_"
        "until_it_takes_them_again",
    ),
    mutant(
        "broken-store-ends-the-server",
        "P22",
        "casare_rpa/orchestrator/duties/reaper.py",
        "            if reason := self._desk.store.broken:\n",
        "            if (reason := self._desk.store.broken) and not reason:\n",
        "orchestrator/test_server.py::test_a_database_that_cannot_be_trusted_ends_the_server",
    ),
    mutant(
        "broken-store-is-told",
        "P22",
        "casare_rpa/orchestrator/server.py",
        "            self._server.exit_code = _EXIT_BROKEN\n",
        "",
        "orchestrator/test_server.py::test_a_database_that_cannot_be_trusted_ends_the_server",
    ),
]

MUTANTS: list[Mutant] = [*_DISK, *_ONCE, *_ALONE]
