"""Who may hold a job, speak for it, and for how long (P2-P9, Times)."""

from __future__ import annotations

from tests.faults.mutants.mutant import Mutant, mutant

_CLAIMS = "casare_rpa/store/operations/claims.py"
_LEASES = "casare_rpa/store/operations/leases.py"
_LANES = "casare_rpa/store/operations/lanes.py"
_LOSSES = "casare_rpa/store/operations/losses.py"
_OUTCOMES = "casare_rpa/store/operations/outcomes.py"
_EVENTS = "casare_rpa/store/operations/events.py"
_REVISION = "casare_rpa/store/operations/revision.py"
_WATCH = "casare_rpa/store/operations/watch.py"
_REAPER = "casare_rpa/orchestrator/duties/reaper.py"
_CLAIM = "contract/test_store_claim.py::"
_LEASE = "contract/test_store_leases.py::"
_REAPING = "contract/test_store_reaping.py::"
_LATE = f"{_LEASE}test_a_lost_attempt_may_not_speak_while_the_next_one_runs"
_WRONG_TOKEN = f"{_LEASE}test_a_wrong_token_changes_nothing"

_OWNERS = [
    mutant(
        "claimed-job-stays-on-offer",
        "P2",
        _CLAIMS,
        ".values(ready=False, attempt=jobs.c.attempt + 1",
        ".values(attempt=jobs.c.attempt + 1",
        f"{_CLAIM}test_the_most_urgent_then_the_oldest_job_goes_first",
    ),
    mutant(
        "claim-without-row-lock",
        "P2",
        _CLAIMS,
        """        == lanes.HEAD.with_only_columns(jobs.c.id)
        .with_for_update(skip_locked=True)
        .scalar_subquery()""",
        """        == lanes.HEAD.with_only_columns(jobs.c.id)
        .scalar_subquery()""",
        "contract/test_store_postgresql.py::test_two_orchestrators_never_hand_out_one_job_twice",
        needs="postgres",
    ),
    mutant(
        "claim-without-priority",
        "P2",
        _LANES,
        ".order_by(jobs.c.priority, jobs.c.created_at, jobs.c.id)",
        ".order_by(jobs.c.created_at, jobs.c.id)",
        f"{_CLAIM}test_the_most_urgent_then_the_oldest_job_goes_first",
    ),
    mutant(
        "claim-newest-first",
        "P2",
        _LANES,
        ".order_by(jobs.c.priority, jobs.c.created_at, jobs.c.id)",
        ".order_by(jobs.c.priority, jobs.c.created_at.desc(), jobs.c.id.desc())",
        f"{_CLAIM}test_the_most_urgent_then_the_oldest_job_goes_first",
    ),
    mutant(
        "claim-without-tags",
        "P2",
        _LANES,
        "lanes = [lane for lane in found if not parts(lane).missing_tags(tags)]",
        "lanes = [lane for lane in found if parts(lane)]",
        f"{_CLAIM}test_a_robot_needs_all_tags_of_a_job",
    ),
    mutant(
        "claim-without-capabilities",
        "P2",
        _LANES,
        "lanes = [lane for lane in lanes if not parts(lane).missing_capabilities(capabilities)]",
        "lanes = [lane for lane in lanes if parts(lane)]",
        f"{_CLAIM}test_a_robot_needs_every_capability_of_a_job",
    ),
]

_REPLAY = [
    mutant(
        "claim-replay",
        "P3",
        _CLAIMS,
        '    if robot["known_job"] is not None and claim_id is not None:\n',
        "    if False and claim_id is not None:\n",
        f"{_CLAIM}test_the_same_claim_id_gets_the_same_grant_again",
    ),
    mutant(
        "renew-on-replay",
        "P3",
        _CLAIMS,
        'renewed = {"lease_until": later_lease(lease_end(tx))}',
        'renewed = {"lease_until": sa.literal(row["lease_until"])}',
        f"{_CLAIM}test_a_replayed_claim_renews_the_lease",
    ),
    mutant(
        "start-deadline-on-replay",
        "P3",
        _CLAIMS,
        '    if row["start_by"] is not None:\n        renewed[',
        "    if False:\n        renewed[",
        f"{_CLAIM}test_a_replayed_claim_moves_the_start_deadline",
    ),
    mutant(
        "replay-of-a-lost-claim",
        "P3",
        _CLAIMS,
        '    if not holds(row, robot_id, known["known_attempt"], token):\n',
        "    if False:\n",
        f"{_CLAIM}test_a_claim_id_is_used_up_when_its_lease_is_gone",
    ),
    mutant(
        "claim-id-of-any-robot",
        "P3",
        _CLAIMS,
        "sha256(dump([robot_id, claim_id]))",
        "sha256(dump([claim_id]))",
        f"{_CLAIM}test_a_claim_id_of_another_robot_means_nothing",
    ),
    mutant(
        "agent-asks-with-a-new-claim-id",
        "P3",
        "agent/uplink/claims.py",
        "            self._failed(error)\n            return None\n",
        "            self._failed(error)\n            self._claim_id = _new_claim_id()\n"
        "            return None\n",
        "agent/test_lost_answers.py::test_a_lost_answer_costs_no_attempt",
    ),
]

_SPEAKERS = [
    mutant(
        "token-on-all-calls",
        "P4",
        _LEASES,
        '        and hmac.compare_digest(row["token_hash"], sha256(token))\n    )',
        "    )",
        _WRONG_TOKEN,
    ),
    mutant(
        "token-on-finish",
        "P4",
        _OUTCOMES,
        "        row = held(tx, robot_id, job_id, outcome)\n",
        "        row = locked(tx, job_id)\n"
        "        if not JobStatus(row['status']).active: raise LeaseLost('over')\n",
        _WRONG_TOKEN,
        _LATE,
        also=((_OUTCOMES, "import Revision\n", "import Revision, locked\n"),),
    ),
    mutant(
        "token-on-release",
        "P4",
        _OUTCOMES,
        "        row = held(tx, robot_id, job_id, proof)\n",
        "        row = locked(tx, job_id)\n",
        _WRONG_TOKEN,
        also=((_OUTCOMES, "import Revision\n", "import Revision, locked\n"),),
    ),
    mutant(
        "token-on-events",
        "P4",
        _EVENTS,
        "Revision(tx, held(tx, robot_id, job_id, batch))",
        "Revision(tx, locked(tx, job_id))",
        _WRONG_TOKEN,
        also=((_EVENTS, "import Revision\n", "import Revision, locked\n"),),
    ),
    mutant(
        "token-on-progress",
        "P4",
        _EVENTS,
        "Revision(tx, held(tx, robot_id, job_id, progress))",
        "Revision(tx, locked(tx, job_id))",
        _WRONG_TOKEN,
        also=((_EVENTS, "import Revision\n", "import Revision, locked\n"),),
    ),
    mutant(
        "token-on-extend",
        "P4",
        _LEASES,
        "    row = held(tx, robot_id, job_id, proof)\n    seconds",
        "    row = locked(tx, job_id)\n    seconds",
        _WRONG_TOKEN,
    ),
    mutant(
        "renew-by-id",
        "P4",
        _LEASES,
        "row is not None and holds(row, robot_id, lease.attempt, lease.lease_token)",
        'row is not None and row["token_hash"] is not None',
        f"{_LEASE}test_one_heartbeat_renews_many_leases_and_names_the_lost_ones",
    ),
    mutant(
        "attempt-of-the-token",
        "P4",
        _LEASES,
        '        and row["attempt"] == attempt\n',
        "",
        f"{_LEASE}test_a_wrong_attempt_changes_nothing",
    ),
    mutant(
        "robot-of-the-token",
        "P4",
        _LEASES,
        '        and row["robot_id"] == robot_id\n',
        "",
        f"{_LEASE}test_another_robot_with_the_right_token_changes_nothing",
    ),
    mutant(
        "token-stays-after-the-end",
        "P4",
        _REVISION,
        "self.set(token_hash=None, lease_until=None, start_by=None)",
        "self.set(lease_until=None, start_by=None)",
        f"{_LEASE}test_a_lost_attempt_may_not_speak_while_the_job_waits",
        "contract/test_store_finish.py::test_nothing_can_be_said_after_the_end",
    ),
    mutant(
        "token-stored-in-plain",
        "P4",
        _CLAIMS,
        '        "token_hash": sha256(token),\n',
        '        "token_hash": token,\n',
        f"{_LEASE}test_the_token_is_nowhere_in_the_database",
        also=((_LEASES, 'row["token_hash"], sha256(token))', 'row["token_hash"], token)'),),
    ),
    mutant(
        "claim-id-stored-in-plain",
        "P4",
        _CLAIMS,
        "claim_hash = None if claim_id is None else sha256(dump([robot_id, claim_id]))",
        "claim_hash = None if claim_id is None else dump([robot_id, claim_id])",
        f"{_LEASE}test_the_token_is_nowhere_in_the_database",
    ),
    mutant(
        "robot-of-a-side-log",
        "P4",
        _LEASES,
        'row["token_hash"] if row is not None and row["robot_id"] == robot_id else ""',
        'row["token_hash"] if row is not None else ""',
        f"{_LEASE}test_a_side_log_is_taken_from_the_robot_of_that_attempt_only",
    ),
    mutant(
        "forged-repeat-of-a-finish",
        "P4",
        _LEASES,
        "    if row is not None and hmac.compare_digest(token_hash, sha256(proof.lease_token)):\n",
        "    if row is not None and token_hash:\n",
        "contract/test_store_finish.py::test_a_repeated_finish_with_a_forged_token_is_refused",
    ),
]

_TIMES = [
    mutant(
        "first-renewal-starts-the-job",
        "P5",
        _LEASES,
        '        if row["start_by"] is not None:\n            _start(tx, row)',
        "        if False:\n            _start(tx, row)",
        f"{_LEASE}test_the_first_renewal_starts_the_job",
    ),
    mutant(
        "expiry-fences",
        "P7",
        _LEASES,
        "    if not holds(row, robot_id, proof.attempt, proof.lease_token):\n",
        '    late = (row["lease_until"] or 0) < tx.now\n'
        "    if late or not holds(row, robot_id, proof.attempt, proof.lease_token):\n",
        f"{_LEASE}test_a_late_result_is_accepted_while_nobody_took_the_job_back",
    ),
    mutant(
        "reaper-takes-live-leases",
        "P7",
        _LOSSES,
        "late = sa.or_(jobs.c.lease_until < tx.now,",
        "late = sa.or_(jobs.c.lease_until < tx.now + 30,",
        f"{_REAPING}test_a_lease_is_not_taken_back_before_its_end",
    ),
    mutant(
        "reaper-takes-nothing",
        "P7",
        _LOSSES,
        "late = sa.or_(jobs.c.lease_until < tx.now,",
        "late = sa.or_(jobs.c.lease_until < 0,",
        f"{_REAPING}test_a_silent_robot_loses_its_job",
    ),
    mutant(
        "wall-clock-for-leases",
        "P8",
        "casare_rpa/store/clock.py",
        "    return lambda: offset + boottime_seconds()\n",
        "    return lambda: time.time()\n",
        "unit/test_clocks.py::test_leases_run_on_when_the_wall_clock_is_set",
    ),
    mutant(
        "restart-grace",
        "P9",
        _REAPER,
        '        self._gap = "the start"\n',
        '        self._gap = ""\n',
        "orchestrator/test_excuses.py::test_a_restart_takes_no_job_from_a_robot_that_could_not_renew",
    ),
    mutant(
        "outage-is-added",
        "P9",
        _WATCH,
        "        else_=jobs.c.lease_until + gap,\n    )",
        "        else_=jobs.c.lease_until,\n    )",
        "contract/test_store_watch.py::test_an_outage_counts_for_no_lease",
    ),
    mutant(
        "looks-are-noted",
        "P9",
        _WATCH,
        "        set_fact(tx, _WATCHED, repr(tx.now))\n",
        "        set_fact(tx, _WATCHED, repr(0.0))\n",
        "contract/test_store_watch.py::test_restarts_do_not_keep_a_dead_robots_lease_alive",
    ),
    mutant(
        "no-more-than-a-renewal",
        "P9",
        _WATCH,
        "        (jobs.c.lease_until + gap > renewed, renewed),\n",
        "",
        "contract/test_store_watch.py::test_a_lease_is_never_extended_beyond_one_renewed_now",
    ),
    mutant(
        "time-to-start-after-an-outage",
        "P9",
        _WATCH,
        ".values(lease_until=until, start_by=start_by)",
        ".values(lease_until=until)",
        "contract/test_store_watch.py::test_a_claimed_job_has_time_to_start_after_an_outage",
    ),
    mutant(
        "clock-that-ran-ahead",
        "P9",
        _WATCH,
        "        (jobs.c.lease_until > longest, longest),\n",
        "",
        f"{_LEASE}test_leases_written_by_a_clock_that_ran_ahead_end_all_the_same",
    ),
    mutant(
        "pause-grace",
        "P9",
        _REAPER,
        "        return late > settings.lease_seconds * RENEW_PART\n",
        "        return late > 1e9\n",
        "orchestrator/test_excuses.py::test_a_pause_of_the_server_takes_no_job_from_its_robot",
    ),
    mutant(
        "renewals-in-line-with-all-calls",
        "Times",
        "casare_rpa/orchestrator/deps.py",
        "run_in_executor(self._first,",
        "run_in_executor(self._threads,",
        "orchestrator/test_renewals_first.py"
        "::test_a_lease_is_renewed_while_a_burst_of_other_calls_waits",
    ),
    mutant(
        "reaper-interval",
        "Times",
        _REAPER,
        "        await asyncio.sleep(settings.reap_every_seconds)\n",
        "        await asyncio.sleep(60)\n",
        "orchestrator/test_robot_jobs.py::test_a_silent_robot_loses_its_job_to_the_next",
    ),
    mutant(
        "start-deadline",
        "Times",
        _LOSSES,
        "jobs.c.start_by < tx.now)\n",
        "sa.false())\n",
        f"{_REAPING}test_a_claim_that_nobody_starts_is_taken_back",
    ),
    mutant(
        "start-deadline-ends-with-the-start",
        "Times",
        _REVISION,
        "self.set(started_at=self.tx.now, start_by=None)",
        "self.set(started_at=self.tx.now)",
        f"{_REAPING}test_a_started_job_has_no_start_deadline",
    ),
    mutant(
        "renewal-lasts-a-lease",
        "Times",
        _LEASES,
        "    return tx.now + tx.settings.lease_seconds\n",
        "    return tx.now + tx.settings.lease_seconds / 2\n",
        f"{_LEASE}test_a_renewed_lease_lasts_one_lease_time_from_the_renewal",
    ),
    mutant(
        "renewal-cuts-an-extension",
        "Times",
        _LEASES,
        "    return sa.case((jobs.c.lease_until > until, jobs.c.lease_until), else_=until)",
        "    return sa.literal(until) if isinstance(until, float) else until",
        f"{_LEASE}test_an_extension_lasts_as_long_as_it_says_and_a_renewal_does_not_cut_it",
    ),
    mutant(
        "longest-poll",
        "Times",
        "casare_rpa/wire/leases.py",
        "wait_seconds: Annotated[StrictFloat, Field(ge=0, le=30)] = 0",
        "wait_seconds: Annotated[StrictFloat, Field(ge=0)] = 0",
        "orchestrator/test_robot_jobs.py::test_no_claim_waits_longer_than_half_a_minute",
    ),
    mutant(
        "renewals-are-spread",
        "Times",
        "agent/uplink/heartbeat.py",
        "return self._pause * random.uniform(1 - _SPREAD, 1 + _SPREAD)",
        "return self._pause",
        "agent/test_heartbeat.py::test_renewals_of_many_robots_do_not_come_in_step",
    ),
    mutant(
        "renewal-in-time",
        "Times",
        "agent/uplink/heartbeat.py",
        '        self._pause = float(reply["renew_after_seconds"])\n',
        "",
        "agent/test_heartbeat.py::test_renewals_of_many_robots_do_not_come_in_step",
    ),
    mutant(
        "cancel-rides-on-renewals",
        "Times",
        "agent/uplink/heartbeat.py",
        "            if attempt.grant.job_id in cancel:\n",
        "            if False:\n",
        "agent/test_stopping.py::test_a_sleeping_job_is_cancelled_at_once",
    ),
]

MUTANTS: list[Mutant] = [*_OWNERS, *_REPLAY, *_SPEAKERS, *_TIMES]
