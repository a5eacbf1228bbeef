"""The faults that the program must survive, and where each is tried.

A row is tried by the scenarios that name it, by tests elsewhere (`covered_by`), or it says what
keeps it from being tried (`not_tried`).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Row:
    fault: str
    #: Ids of tests: "tests/agent/test_stopping.py::test_name", without a parameter.
    covered_by: tuple[str, ...] = ()
    not_tried: str | None = None

    def missing_tests(self) -> list[str]:
        """Those of `covered_by` that do not exist."""
        return [test for test in self.covered_by if not _exists(test)]


def _exists(test: str) -> bool:
    path, _, name = test.partition("::")
    return name.partition("[")[0] in _tests_in(_ROOT / path)


@cache
def _tests_in(path: Path) -> frozenset[str]:
    if not path.exists():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


ROWS: dict[str, Row] = {
    "F1": Row(fault="kill -9 of the agent at any instant"),
    "F2": Row(
        fault="kill -9 of a job's process alone",
        covered_by=(
            "tests/agent/test_crashes.py::test_a_job_whose_process_is_killed_fails_and_the_agent_lives",
            "tests/agent/test_crashes.py::test_a_job_that_kills_its_guard_harms_only_itself",
        ),
    ),
    "F3": Row(
        fault="kill -9 of the agent after the job ended, before it is told",
        covered_by=(
            "tests/agent/test_crashes.py::test_an_outcome_that_was_journalled_is_delivered_and_not_done_again",
        ),
    ),
    "F4": Row(fault="kill -9 of the agent between the outcome and its acknowledgement"),
    "F5": Row(fault="the agent is killed and comes back a day later"),
    "F6": Row(fault="the agent is paused for less than its lease"),
    "F7": Row(
        fault="the agent is paused for three leases",
        covered_by=(
            "tests/agent/test_crashes.py::test_a_stopped_agents_job_ends_when_its_lease_does",
            "tests/faults/test_paused_agents.py::test_a_job_that_comes_back_to_a_paused_agent_is_not_taken_for_the_lost_attempt",
        ),
    ),
    "F8": Row(
        fault="the answer to a claim is lost",
        covered_by=("tests/agent/test_lost_answers.py::test_a_lost_answer_costs_no_attempt",),
    ),
    "F9": Row(fault="kill -9 of the orchestrator before the COMMIT of a claim"),
    "F10": Row(fault="kill -9 of the orchestrator after the COMMIT of a claim"),
    "F11": Row(fault="kill -9 of the orchestrator in a burst of submits"),
    "F12": Row(fault="kill -9 of the orchestrator in the middle of a batch of events"),
    "F13": Row(fault="the orchestrator is down while the fleet is busy"),
    "F14": Row(fault="the orchestrator is started again and again under load"),
    "F15": Row(
        fault="two orchestrators on one SQLite file",
        covered_by=("tests/orchestrator/test_server.py::test_one_file_has_one_orchestrator",),
    ),
    "F17": Row(
        fault="the database's disk is full",
        covered_by=(
            "tests/contract/test_store_sqlite.py::test_a_full_disk_refuses_writes_and_recovers",
        ),
    ),
    "F18": Row(fault="the database's file may not grow"),
    "F19": Row(
        fault="an fsync of the database fails",
        covered_by=(
            "tests/contract/test_store_sqlite.py::test_after_a_failed_sync_nothing_more_is_acknowledged",
        ),
    ),
    "F20": Row(
        fault="the agent's disk is full",
        covered_by=(
            "tests/agent/test_limits.py::test_a_job_whose_journal_finds_no_room_fails_as_disk_full",
        ),
    ),
    "F21": Row(
        fault="the journal is cut or flipped",
        covered_by=(
            "tests/agent/test_journal.py::test_a_tail_torn_at_any_byte_costs_only_the_record_it_tore",
            "tests/agent/test_journal.py::test_a_flipped_bit_invents_nothing",
            "tests/agent/test_damage.py::test_a_tail_cut_anywhere_leaves_what_was_before_it",
            "tests/agent/test_damage.py::test_flipped_bits_invent_nothing_and_lose_no_ending_that_can_be_read",
        ),
    ),
    "F22": Row(
        fault="the database is restored from an old backup",
    ),
    "F23": Row(
        fault="another program locks the database",
        covered_by=(
            "tests/contract/test_store_sqlite.py::test_a_database_locked_by_another_program_is_unavailable_for_a_while",
        ),
    ),
    "F24": Row(fault="a long reader holds a snapshot of the database"),
    "F25": Row(
        fault="PostgreSQL is killed and started again",
    ),
    "F26": Row(
        fault="PostgreSQL refuses: cancelled, idle, exhausted, read-only",
        covered_by=(
            "tests/contract/test_store_postgresql_troubles.py::test_a_session_ended_in_the_middle_of_a_write_is_unavailable",
            "tests/contract/test_store_postgresql_troubles.py::test_an_exhausted_pool_is_unavailable_and_recovers",
            "tests/contract/test_store_postgresql_troubles.py::test_a_read_only_standby_is_unavailable_until_it_is_promoted",
        ),
    ),
    "F27": Row(fault="the cable is cut"),
    "F28": Row(fault="the cable is cut and the orchestrator is started again"),
    "F29": Row(fault="a slow, thin, slicing line"),
    "F31": Row(
        fault="SIGTERM of the agent at any instant",
        covered_by=("tests/agent/test_stopping.py::test_sigterm_lets_a_running_job_end",),
    ),
    "F32": Row(
        fault="SIGTERM twice and more",
        covered_by=(
            "tests/agent/test_stopping.py::test_the_second_signal_cancels_and_says_so",
            "tests/agent/test_stopping.py::test_the_third_signal_ends_the_agent_and_its_jobs_at_once",
        ),
    ),
    "F33": Row(
        fault="SIGTERM during a job that is longer than the drain",
        covered_by=(
            "tests/agent/test_stopping.py::test_a_job_that_outlasts_the_drain_is_given_back",
        ),
    ),
    "F34": Row(
        fault="SIGHUP, SIGPIPE, SIGQUIT, a closed terminal",
        covered_by=(
            "tests/agent/test_signals.py::test_sigquit_ends_it_at_once_and_the_next_start_reports_the_job",
            "tests/agent/test_signals.py::test_a_closed_terminal_drains_it_and_loses_nothing",
            "tests/agent/test_signals.py::test_with_nohup_it_outlives_its_terminal",
            "tests/agent/test_signals.py::test_a_log_that_nobody_reads_any_more_stops_nothing",
            "tests/orchestrator/test_server.py::test_a_closed_terminal_ends_it_in_peace",
        ),
    ),
    "F36": Row(
        fault="many submits with one Idempotency-Key",
        covered_by=(
            "tests/contract/test_store_submit.py::test_twenty_at_once_with_one_idempotency_key_make_one_job",
            "tests/contract/test_store_submit.py::test_the_same_idempotency_key_with_another_body_is_refused",
            "tests/contract/test_store_submit.py::test_an_idempotency_key_is_known_after_a_restart",
        ),
    ),
    "F37": Row(
        fault="the orchestrator's wall clock is wrong or jumps",
        covered_by=(
            "tests/contract/test_store_schedules.py::test_a_clock_that_was_wrong_for_a_while_fires_no_time_twice",
            "tests/contract/test_store_schedules.py::test_a_time_that_spring_skips_and_autumn_repeats_fires_once",
        ),
    ),
    "F38": Row(fault="the agent's wall clock is wrong or runs fast"),
    "F39": Row(fault="the whole machine sleeps"),
    "F40": Row(
        fault="a burst of jobs",
    ),
    "F41": Row(
        fault="a thousand agents",
    ),
    "F42": Row(
        fault="a thousand agents come back at once",
    ),
    "F44": Row(
        fault="a watcher that never reads",
        covered_by=(
            "tests/orchestrator/test_watchers.py::test_a_watcher_that_never_reads_holds_up_nobody",
        ),
    ),
    "F45": Row(
        fault="sockets opened and dropped",
        covered_by=(
            "tests/orchestrator/test_watchers.py::test_sockets_that_are_left_are_forgotten",
            "tests/orchestrator/test_malformed.py::test_dropped_sockets_leave_nothing_behind",
            "tests/orchestrator/test_malformed.py::test_sockets_over_the_limit_are_told_to_come_later",
            "tests/orchestrator/test_socket_keys.py::test_one_key_does_not_get_all_sockets",
            "tests/orchestrator/test_socket_keys.py::test_sockets_of_nobody_leave_room_for_those_with_a_key",
        ),
    ),
    "F46": Row(fault="a job that kills its agent"),
    "F47": Row(fault="a job that fails, raises anything, or ends without a word"),
    "F48": Row(fault="events too large, too long, too many"),
    "F49": Row(
        fault="bodies that grow when unpacked",
        covered_by=(
            "tests/orchestrator/test_limits.py::test_a_gzip_bomb_is_counted_while_it_unpacks",
            "tests/orchestrator/test_malformed.py::test_a_bomb_of_ten_gigabytes_is_refused_in_little_memory",
        ),
    ),
    "F51": Row(
        fault="slow senders",
        covered_by=(
            "tests/orchestrator/test_limits.py::test_a_body_that_never_comes_is_not_waited_for",
            "tests/orchestrator/test_malformed.py::test_hundreds_of_slow_connections_are_closed_and_harm_nobody",
            "tests/orchestrator/test_malformed.py::test_a_later_request_must_arrive_in_time_too",
        ),
    ),
    "F52": Row(
        fault="a robot's key is revoked in mid-job",
        covered_by=(
            "tests/agent/test_start.py::test_a_revoked_key_ends_running_jobs",
            "tests/orchestrator/test_keys.py::test_a_revoked_robot_key_gives_its_jobs_back",
        ),
    ),
    "F53": Row(
        fault="a robot's key expires in mid-job",
        covered_by=(
            "tests/agent/test_start.py::test_an_expired_key_lets_running_jobs_end_and_then_the_agent",
            "tests/orchestrator/test_keys.py::test_an_expired_robot_key_ends_its_jobs_and_gets_no_more",
        ),
    ),
    "F54": Row(
        fault="an operator's key is revoked with watchers open",
        covered_by=(
            "tests/orchestrator/test_socket_keys.py::test_all_watchers_of_a_revoked_key_are_closed",
        ),
    ),
    "F55": Row(
        fault="first starts that race or cannot write",
        covered_by=(
            "tests/e2e/test_first_starts.py::test_on_postgresql_all_come_up_with_one_key",
            "tests/e2e/test_first_starts.py::test_on_one_sqlite_file_one_comes_up_and_the_others_say_why",
        ),
    ),
    "F56": Row(
        fault="wrong tokens of every kind",
        covered_by=(
            "tests/orchestrator/test_tokens.py::test_no_wrong_token_is_accepted_or_changes_anything",
            "tests/orchestrator/test_tokens.py::test_a_heartbeat_with_a_wrong_token_renews_nothing",
        ),
    ),
    "F57": Row(
        fault="keys tried by brute force",
        covered_by=(
            "tests/orchestrator/test_rates.py::test_thousands_of_wrong_keys_get_nowhere",
            "tests/orchestrator/test_limits.py::test_wrong_keys_are_limited_and_right_ones_go_on",
        ),
    ),
    "F58": Row(
        fault="foreign hosts and origins, keys in addresses",
        covered_by=(
            "tests/orchestrator/test_limits.py::test_another_host_is_not_answered",
            "tests/orchestrator/test_limits.py::test_a_page_of_another_origin_is_refused",
            "tests/orchestrator/test_limits.py::test_a_key_in_the_address_is_refused",
        ),
    ),
    "F59": Row(fault="a fork bomb"),
    "F60": Row(
        fault="zombies and orphans",
        covered_by=(
            "tests/agent/test_stopping.py::test_a_grandchild_in_a_session_of_its_own_dies_with_its_job",
            "tests/agent/test_stopping.py::test_what_a_finished_job_left_in_the_background_is_ended",
        ),
    ),
    "F61": Row(fault="memory hogs, endless loops, deaf sleepers"),
    "F62": Row(fault="a job that destroys its surroundings"),
    "F63": Row(
        fault="the kernel kills for want of memory",
        not_tried="an OOM kill is a SIGKILL, tried by F1 and F11; a memory cgroup would be needed",
    ),
    "F64": Row(fault="no descriptor is left"),
    "F65": Row(
        fault="old and new programs talk",
        covered_by=(
            "tests/contract/test_store_upgrades.py::test_a_migration_that_fails_half_way_leaves_the_database_as_it_was",
            "tests/contract/test_store_upgrades.py::test_an_earlier_database_is_taken_over_with_its_rows",
        ),
    ),
    "F66": Row(
        fault="a schedule is due during an outage, at two servers, with the clock set back",
        covered_by=(
            "tests/contract/test_store_schedules.py::test_what_was_missed_in_an_outage_fires_once_the_newest",
            "tests/contract/test_store_schedules.py::test_two_servers_at_once_fire_each_time_once",
            "tests/contract/test_store_schedules.py::test_a_clock_set_back_over_a_fire_does_not_fire_it_again",
        ),
    ),
    "F67": Row(
        fault="cancel at each step of the protocol",
        covered_by=("tests/agent/test_stopping.py::test_a_sleeping_job_is_cancelled_at_once",),
    ),
    "F68": Row(
        fault="the log has nowhere to go",
        covered_by=(
            "tests/orchestrator/test_server.py::test_a_log_with_nowhere_to_go_stops_nothing",
            "tests/agent/test_without_streams.py::test_it_works_without_a_place_for_its_log",
        ),
    ),
    "F69": Row(
        fault="wrong certificates, and pages instead of answers",
        covered_by=("tests/unit/test_client.py::test_a_proxys_page_is_never_taken_for_an_answer",),
    ),
    "F70": Row(fault="everything at random, for a long time"),
}
