"""The history of a job and how attempts end (P10-P13, P16, P23, Statuses)."""

from __future__ import annotations

from tests.faults.mutants.mutant import Mutant, mutant

_EVENTS = "casare_rpa/store/operations/events.py"
_CLAIMS = "casare_rpa/store/operations/claims.py"
_LEASES = "casare_rpa/store/operations/leases.py"
_LOSSES = "casare_rpa/store/operations/losses.py"
_OUTCOMES = "casare_rpa/store/operations/outcomes.py"
_RERUNS = "casare_rpa/store/operations/reruns.py"
_REVISION = "casare_rpa/store/operations/revision.py"
_JOBS = "casare_rpa/store/operations/jobs.py"
_RESOLUTIONS = "casare_rpa/store/operations/resolutions.py"
_TX = "casare_rpa/store/tx.py"
_EVENT = "contract/test_store_events.py::"
_FINISH = "contract/test_store_finish.py::"
_RERUN = "contract/test_store_reruns.py::"
_REAPING = "contract/test_store_reaping.py::"
_MODEL = "faults/test_model.py"

_ORDER = [
    mutant(
        "contiguity",
        "P10",
        _EVENTS,
        "    if first_index > stored + 1:\n",
        "    if False:\n",
        f"{_EVENT}test_a_gap_is_refused_and_names_the_index_wanted",
    ),
    mutant(
        "dedupe",
        "P10",
        _EVENTS,
        "    fresh = batch[stored + 1 - first_index :]\n",
        "    fresh = batch\n",
        f"{_EVENT}test_events_sent_twice_are_stored_once",
    ),
    mutant(
        "index-kept",
        "P10",
        _EVENTS,
        "    revision.set(last_index=stored + len(fresh), **_progress(fresh))\n",
        "    revision.set(**_progress(fresh))\n",
        f"{_EVENT}test_events_sent_twice_are_stored_once",
    ),
    mutant(
        "index-of-each-attempt",
        "P10",
        _CLAIMS,
        "last_seq=jobs.c.last_seq + 1, last_index=0)",
        "last_seq=jobs.c.last_seq + 1)",
        f"{_EVENT}test_each_attempt_counts_from_one_in_the_same_history",
    ),
    mutant(
        "states-in-the-same-numbering",
        "P10",
        _REVISION,
        '            self._values["last_seq"] = self.last_seq\n',
        '            self._values["last_seq"] = self.last_seq - 1\n',
        f"{_EVENT}test_events_get_the_jobs_numbers_in_the_attempts_order",
    ),
    mutant(
        "event-count-on-finish",
        "P11",
        _OUTCOMES,
        "    if stored < outcome.event_count:\n",
        "    if False:\n",
        f"{_FINISH}test_a_finish_is_refused_until_all_events_are_there",
    ),
    mutant(
        "event-count-of-the-agent",
        "P11",
        "agent/uplink/uploader.py",
        '"event_count": self._last_index}',
        '"event_count": 0}',
        "agent/test_delivery.py::test_an_outcome_names_all_events_of_the_attempt",
    ),
    mutant(
        "repeated-finish",
        "P12",
        _OUTCOMES,
        "        return _answer_again(tx, robot_id, job_id, outcome, outcome.status)\n",
        "        raise\n",
        f"{_FINISH}test_a_repeated_finish_gets_the_same_answer",
    ),
    mutant(
        "repeated-release",
        "P12",
        _OUTCOMES,
        '        return _answer_again(tx, robot_id, job_id, proof, "released")\n',
        "        raise\n",
        f"{_FINISH}test_a_repeated_release_gets_the_same_answer",
    ),
    mutant(
        "repeat-with-another-outcome",
        "P12",
        _OUTCOMES,
        '    if attempt["reported"] != reported:\n',
        "    if False:\n",
        f"{_FINISH}test_a_repeated_finish_with_another_outcome_is_refused",
    ),
    mutant(
        "side-log-is-kept",
        "P13",
        _EVENTS,
        "            for index, envelope in enumerate(batch.events, batch.first_index)\n",
        "            for index, envelope in enumerate(batch.events[:0], batch.first_index)\n",
        "contract/test_store_leases.py::test_a_side_log_keeps_what_a_lost_attempt_still_had",
    ),
]

_ENDS = [
    mutant(
        "terminal-is-final",
        "Statuses",
        _REVISION,
        "        if not self.status.may_become(status):\n",
        "        if False:\n",
        "contract/test_store_revision.py::test_no_change_leads_out_of_a_terminal_status",
    ),
    mutant(
        "cancel-overwrites-terminal",
        "Statuses",
        _JOBS,
        "    if before is JobStatus.PENDING:\n",
        "    if before is JobStatus.PENDING or before.finished:\n",
        f"{_FINISH}test_cancelling_a_finished_job_changes_nothing",
        also=(
            (_REVISION, "        if not self.status.may_become(status):\n", "        if False:\n"),
        ),
    ),
    mutant(
        "completed-beats-cancel",
        "Statuses",
        _OUTCOMES,
        '    if outcome.status == "completed":\n',
        '    if outcome.status == "completed" and not row["cancel_requested"]:\n',
        f"{_FINISH}test_a_completed_result_beats_a_requested_cancel",
    ),
    mutant(
        "rerun-asks-before-it-acts-again",
        "Statuses",
        _RERUNS,
        "    if again and not request.accept_side_effects:\n",
        "    if False:\n",
        f"{_RERUN}test_side_effects_that_would_happen_again_must_be_accepted",
    ),
    mutant(
        "rerun-lacks-nothing",
        "Statuses",
        _RERUNS,
        "        if lost:\n",
        "        if False:\n",
        f"{_RERUN}test_a_secret_that_is_needed_is_named_with_the_node_that_works",
    ),
    mutant(
        "rerun-of-the-same-nodes",
        "Statuses",
        _RERUNS,
        "        if changed:\n",
        "        if False:\n",
        f"{_RERUN}test_a_finished_node_that_has_changed_is_named",
    ),
    mutant(
        "resolved-once",
        "Statuses",
        _RESOLUTIONS,
        "    if known is not None:\n",
        "    if False:\n",
        "contract/test_store_resolutions.py::test_requeue_makes_one_new_job",
    ),
    mutant(
        "only-doubt-is-resolved",
        "Statuses",
        _RESOLUTIONS,
        '    return pending and row["attempt"] > 0 and bool(row["side_effects"])\n',
        "    return pending\n",
        "contract/test_store_resolutions.py"
        "::test_a_lost_attempt_that_had_not_acted_leaves_no_doubt",
    ),
    mutant(
        "succeeded-is-not-run-again",
        "Statuses",
        _RERUNS,
        '    if resolution.get("outcome") == "succeeded":\n',
        "    if False:\n",
        "contract/test_store_resolutions.py::test_what_had_succeeded_is_not_run_again",
    ),
    mutant(
        "back-off-after-a-loss",
        "P16",
        _LOSSES,
        "        wait = revision.tx.backoff_seconds(crashes - 1)\n",
        "        wait = 0.0\n",
        f"{_REAPING}test_a_lost_job_is_not_offered_before_its_wait_is_over",
    ),
    mutant(
        "back-off-grows",
        "P16",
        _TX,
        "self.settings.lost_backoff_seconds * 2**earlier))",
        "self.settings.lost_backoff_seconds))",
        f"{_REAPING}test_a_lost_job_waits_longer_each_time_but_not_for_ever",
    ),
    mutant(
        "back-off-cap",
        "P16",
        _TX,
        "min(longest, self.settings.lost_backoff_seconds * 2**earlier))",
        "max(0 * longest, self.settings.lost_backoff_seconds * 2**earlier))",
        f"{_REAPING}test_a_lost_job_waits_longer_each_time_but_not_for_ever",
    ),
    mutant(
        "full-jitter",
        "P16",
        _TX,
        "random.uniform(0, min(",
        "max(0.0, min(",
        f"{_REAPING}test_jobs_lost_together_do_not_come_back_together",
    ),
    mutant(
        "crash-cap",
        "P16",
        _LOSSES,
        "    elif crashes >= settings.max_crashes:\n",
        "    elif crashes >= 1000:\n",
        f"{_REAPING}test_a_job_that_kills_its_robots_is_given_up",
    ),
    mutant(
        "own-crash-counts",
        "P16",
        _OUTCOMES,
        "    elif outcome.failure_reason in _LOST:\n",
        "    elif False:\n",
        f"{_FINISH}test_a_robot_that_reports_its_own_crash_is_counted_like_a_lost_lease",
    ),
    mutant(
        "release-counts-nothing",
        "P16",
        _OUTCOMES,
        "    give_back(revision, reason, failure_reason=FailureReason.AGENT_STOP)\n",
        "    lose(revision, reason)\n",
        f"{_FINISH}test_a_job_may_be_released_more_often_than_it_may_crash",
    ),
]

_OPAQUE = [
    mutant(
        "unknown-events-pass",
        "P23",
        _EVENTS,
        "    fresh = batch[stored + 1 - first_index :]\n",
        "    fresh = batch[stored + 1 - first_index :]\n"
        '    fresh = [e for e in fresh if e.type.startswith(("node.", "log", "progress"))]\n',
        f"{_EVENT}test_an_event_comes_back_as_it_was_sent",
    ),
    mutant(
        "unknown-members-pass",
        "P23",
        "casare_rpa/wire/base.py",
        'extra="ignore"',
        'extra="forbid"',
        "orchestrator/test_robot_jobs.py::test_members_that_this_server_does_not_know_are_ignored",
    ),
    mutant(
        "data-passes-untouched",
        "P23",
        _EVENTS,
        "            envelope.type, envelope.data, index=index,",
        "            envelope.type, {k: str(v) for k, v in envelope.data.items()}, index=index,",
        f"{_EVENT}test_an_event_comes_back_as_it_was_sent",
    ),
]

MUTANTS: list[Mutant] = [*_ORDER, *_ENDS, *_OPAQUE]
