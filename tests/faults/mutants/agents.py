"""The agent: when it may run a job, and how it ends one (P5, P6, P13, P15, P17, P18, Ladder)."""

from __future__ import annotations

from tests.faults.mutants.mutant import Mutant, mutant

_ATTEMPT = "agent/attempt.py"
_GUARD = "agent/job/guard.py"
_HEARTBEAT = "agent/uplink/heartbeat.py"
_LAUNCH = "agent/job/launch.py"
_RECOVERY = "agent/recovery.py"
_ROBOT = "agent/robot.py"
_SUPERVISOR = "agent/job/supervisor.py"
_UNGUARDED = "agent/job/unguarded.py"
_UPLOADER = "agent/uplink/uploader.py"
_CONNECTION = "casare_rpa/client/connection.py"
_ANSWERS = "casare_rpa/client/answers.py"
_ERRORS = "casare_rpa/errors.py"
_CRASHES = "agent/test_crashes.py::"
_DELIVERY = "agent/test_delivery.py::"
_UNGUARDED_JOBS = "agent/test_unguarded.py::"
_LEASES = "agent/test_leases.py::"
_STOPPING = "agent/test_stopping.py::"
_CALLS = "unit/test_client.py::"
_UNRENEWED = "agent/test_lost_answers.py::test_no_node_starts_before_a_renewal_was_answered"
_NOT_REDONE = f"{_CRASHES}test_an_outcome_that_was_journalled_is_delivered_and_not_done_again"

_TRUST = [
    mutant(
        "go-before-the-first-renewal",
        "P5",
        _SUPERVISOR,
        "            self._process.send(frames.JOB, orjson.dumps(self._job()))\n",
        "            self._process.send(frames.JOB, orjson.dumps(self._job()))\n"
        "            self._process.send(frames.GO)\n",
        _UNRENEWED,
    ),
    mutant(
        "job-does-not-wait-for-go",
        "P5",
        "agent/job/process.py",
        " or not control.wait_for_go():",
        ":",
        _UNRENEWED,
    ),
    mutant(
        "trusted-part-of-a-lease",
        "P6",
        _ATTEMPT,
        "TRUSTED = 0.9",
        "TRUSTED = 1.0",
        f"{_LEASES}test_a_lease_is_trusted_for_nine_tenths_from_the_sending",
    ),
    mutant(
        "from-the-sending",
        "P6",
        _HEARTBEAT,
        '            attempt.renewed(sent_at, reply["lease_seconds"])\n',
        '            attempt.renewed(boottime_seconds(), reply["lease_seconds"])\n',
        f"{_LEASES}test_a_slow_answer_does_not_lengthen_the_lease",
    ),
    mutant(
        "clock-that-runs-in-suspend",
        "P6",
        "casare_rpa/boot_clock.py",
        "    return time.clock_gettime(_CLOCK)\n",
        "    return time.monotonic()\n",
        "unit/test_clocks.py::test_the_agents_clock_runs_in_suspend",
    ),
    mutant(
        "agents-wall-clock",
        "P8",
        "casare_rpa/boot_clock.py",
        "    return time.clock_gettime(_CLOCK)\n",
        "    return time.time()\n",
        "unit/test_clocks.py::test_the_agents_clock_runs_in_suspend",
    ),
    mutant(
        "self-stop",
        "P6",
        _SUPERVISOR,
        "        if self.attempt.expired:\n            self.attempt.ask_stop(Stop.EXPIRED)\n"
        "        elif",
        "        if",
        f"{_LEASES}test_the_agent_ends_an_expired_job_whose_guard_hangs",
    ),
    mutant(
        "deadline-of-the-guard",
        "P6",
        _GUARD,
        "        if left <= 0:\n",
        "        if False:\n",
        f"{_CRASHES}test_a_stopped_agents_job_ends_when_its_lease_does",
    ),
    mutant(
        "deadline-without-a-guard",
        "P6",
        _UNGUARDED,
        "    while (left := deadline - boottime_seconds()) > 0:\n",
        "    while left := 1.0:\n",
        f"{_UNGUARDED_JOBS}test_a_job_ends_when_its_lease_does_though_its_agent_stands_still",
    ),
    mutant(
        "deadline-reaches-the-guard",
        "P6",
        _SUPERVISOR,
        "        self._process.allow_until(safe_until)\n",
        "",
        f"{_CRASHES}test_a_stopped_agents_job_ends_when_its_lease_does",
    ),
]

_LOST = [
    mutant(
        "fenced-call-ends-the-tree",
        "P13",
        _UPLOADER,
        "        self.attempt.ask_stop(Stop.LOST)\n",
        "",
        f"{_DELIVERY}test_a_fenced_call_ends_the_process_before_anything_else",
    ),
    mutant(
        "lost-in-a-renewal-ends-the-tree",
        "P13",
        _HEARTBEAT,
        "            if attempt.grant.job_id in lost:\n",
        "            if False:\n",
        f"{_LEASES}test_a_renewal_that_says_lost_ends_a_silent_job",
    ),
    mutant(
        "journal-of-a-lost-attempt",
        "P13",
        "agent/jobs.py",
        "        kept = lost.set_aside(attempt.journal.path, self.folders.lost)\n",
        "        kept = attempt.journal.path\n",
        f"{_CRASHES}test_an_attempt_that_lost_its_lease_is_kept_apart",
    ),
    mutant(
        "side-log-is-told",
        "P13",
        "agent/uplink/lost.py",
        "            client.side_log(grant.job_id, body, compress=pace.compress)\n",
        "            pass\n",
        f"{_DELIVERY}test_what_a_lost_attempt_had_to_say_is_beside_the_history",
    ),
    mutant(
        "what-comes-too-late-is-sent-in-smaller-pieces",
        "Journal",
        "agent/uplink/pace.py",
        "        self.most = tried // 2\n        return True\n",
        "        return True\n",
        f"{_DELIVERY}test_a_history_that_is_larger_than_the_line_arrives_in_smaller_pieces",
        f"{_DELIVERY}test_a_side_log_that_is_larger_than_the_line_arrives_in_smaller_pieces",
    ),
    mutant(
        "fenced-at-finish-is-not-delivered",
        "P13",
        _UPLOADER,
        "        except LeaseLost as error:\n            self._give_up(str(error))\n",
        "        except LeaseLost as error:\n            self.attempt.journal.remove()\n",
        f"{_DELIVERY}test_a_fenced_attempt_goes_to_the_side_log_and_not_into_the_history",
    ),
    mutant(
        "report-at-restart",
        "P15",
        _ROBOT,
        "            self._jobs.deliver(attempt)\n",
        "            pass\n",
        _NOT_REDONE,
    ),
    mutant(
        "known-outcome-at-restart",
        "P15",
        _RECOVERY,
        '    if records[-1]["kind"] == "outcome":\n',
        "    if False:\n",
        _NOT_REDONE,
    ),
    mutant(
        "unknown-outcome-at-restart",
        "P15",
        _RECOVERY,
        "    ending = agent_lost()\n",
        '    ending = {"kind": "outcome", "finish": {"status": "completed"}}\n',
        "agent/test_recovery.py::test_a_tree_that_outlived_its_agent_is_ended_before_it_is_reported",
    ),
    mutant(
        "dead-before-it-is-reported",
        "P15",
        _RECOVERY,
        '        if record["kind"] == "process":\n',
        "        if False:\n",
        "agent/test_recovery.py::test_a_tree_that_outlived_its_agent_is_ended_before_it_is_reported",
    ),
    mutant(
        "process-of-the-same-number",
        "P15",
        _RECOVERY,
        '        if abs(process.create_time() - float(record["started"])) > 1:\n',
        "        if False:\n",
        "agent/test_recovery.py::test_a_process_that_only_has_the_same_number_is_left_alone",
    ),
    mutant(
        "tree-dies-with-the-agent",
        "P15",
        _GUARD,
        "                return 128 + signal.SIGKILL\n",
        "                continue\n",
        f"{_LEASES}test_a_job_dies_with_its_agent_long_before_its_lease",
    ),
    mutant(
        "tree-without-a-guard-dies-with-the-agent",
        "P15",
        _UNGUARDED,
        "            return _KILLED\n",
        "            continue\n",
        f"{_UNGUARDED_JOBS}test_a_job_ends_when_its_agent_lets_go",
    ),
]

_AGAIN = [
    mutant(
        "no-connection-is-retried",
        "P17",
        _ERRORS,
        'code, http_status, exit_code, retryable = "UNREACHABLE", 502, 3, True',
        'code, http_status, exit_code, retryable = "UNREACHABLE", 502, 3, False',
        f"{_CALLS}test_a_proxys_page_is_never_taken_for_an_answer",
    ),
    mutant(
        "time-outs-are-retried",
        "P17",
        _CONNECTION,
        "        except httpx.RequestError as error:\n",
        "        except httpx.ConnectError as error:\n",
        f"{_CALLS}test_a_call_is_repeated_after_an_answer_that_never_came",
    ),
    mutant(
        "503-is-retried",
        "P17",
        _ERRORS,
        'code, http_status, exit_code, retryable = "SERVICE_UNAVAILABLE", 503, 75, True',
        'code, http_status, exit_code, retryable = "SERVICE_UNAVAILABLE", 503, 75, False',
        f"{_CALLS}test_which_answers_are_worth_another_try",
    ),
    mutant(
        "500-is-retried",
        "P17",
        _ERRORS,
        'code, exit_code, retryable = "SERVER_FAILED", 3, True',
        'code, exit_code, retryable = "SERVER_FAILED", 3, False',
        f"{_CALLS}test_which_answers_are_worth_another_try",
    ),
    *(
        mutant(
            f"{status}-is-retried",
            "P17",
            _ANSWERS,
            f"        {status}: errors.{kind},\n",
            "",
            f"{_CALLS}test_which_answers_are_worth_another_try",
        )
        for status, kind in [(408, "RequestTimeout"), (425, "Unavailable"), (429, "RateLimited")]
    ),
    mutant(
        "other-4xx-are-not",
        "P17",
        _ANSWERS,
        "errors.ServerFailed if status >= 500 else errors.BadRequest)",
        "errors.ServerFailed)",
        f"{_CALLS}test_which_answers_are_the_last_word",
    ),
    mutant(
        "undecodable-body-of-a-404",
        "P17",
        _ANSWERS,
        "    except orjson.JSONDecodeError:\n        raise",
        "    except orjson.JSONDecodeError:\n"
        "        if response.is_error:\n"
        "            raise _error(response, {}) from None\n        raise",
        f"{_CALLS}test_a_proxys_page_is_never_taken_for_an_answer",
    ),
    mutant(
        "retry-after-is-read",
        "P17",
        _ANSWERS,
        '    if retry_after := response.headers.get("Retry-After"):\n',
        '    if retry_after := response.headers.get("X-None"):\n',
        f"{_CALLS}test_the_wait_that_the_server_asks_for_is_told",
    ),
    mutant(
        "retry-after-is-kept",
        "P17",
        "agent/uplink/backoff.py",
        "            return max(wait, error.retry_after_seconds)\n",
        "            return wait\n",
        "agent/test_backoff.py::test_what_the_server_asks_for_is_the_least",
    ),
    mutant(
        "jitter",
        "P17",
        "casare_rpa/retrying.py",
        "    return ceiling * max(0.05, jitter())\n",
        "    return ceiling\n",
        f"{_CALLS}test_back_off_doubles_has_a_ceiling_and_full_jitter",
    ),
    mutant(
        "refused-for-good-is-not-repeated",
        "P17",
        "agent/app.py",
        "            if not error.retryable or late:\n",
        "            if late:\n",
        "agent/test_rotated_keys.py::"
        "test_a_start_with_a_key_that_was_rotated_is_refused_with_the_mend",
    ),
]

_DRAIN = [
    mutant(
        "draining-gets-no-claim",
        "P18",
        "casare_rpa/store/operations/rests.py",
        '    return bool(row["draining"]) or is_paused(row, now)\n',
        "    return is_paused(row, now)\n",
        "contract/test_store_claim.py::test_a_draining_or_paused_robot_gets_no_job",
    ),
    mutant(
        "paused-gets-no-claim",
        "P18",
        "casare_rpa/store/operations/rests.py",
        '    return bool(row["draining"]) or is_paused(row, now)\n',
        '    return bool(row["draining"])\n',
        "contract/test_store_claim.py::test_a_draining_or_paused_robot_gets_no_job",
    ),
    mutant(
        "pause-ends-in-time",
        "P18",
        "casare_rpa/store/operations/rests.py",
        '    return row["state"] in _PAUSED and not over\n',
        '    return row["state"] in _PAUSED\n',
        "contract/test_store_robots.py::test_a_pause_says_why_and_ends_when_its_time_is_over",
    ),
    mutant(
        "pause-outlives-a-restart",
        "P18",
        "casare_rpa/store/operations/rests.py",
        '    return "maintenance" if row["state"] in _PAUSED else "online"\n',
        '    return "online"\n',
        "contract/test_store_robots.py::test_a_pause_outlives_signing_off_and_a_restart",
    ),
    mutant(
        "drain-is-set-on-the-server",
        "P18",
        "agent/stopping.py",
        'self._tell({"draining": True, "drain_seconds"',
        'self._tell({"status": "busy", "drain_seconds"',
        f"{_STOPPING}test_sigterm_lets_a_running_job_end",
    ),
    mutant(
        "older-starts-say-nothing-of-the-robot",
        "P18",
        "casare_rpa/store/operations/robots.py",
        "    _check_boot(row, change.boot_id)\n",
        "",
        "contract/test_store_robots.py::"
        "test_an_older_start_no_longer_drains_the_robot_or_signs_it_off",
    ),
    mutant(
        "renewals-during-drain",
        "P18",
        _ROBOT,
        "        self._draining.set()\n        self._claims.stop()\n",
        "        self._draining.set()\n        self._heartbeat.stop()\n"
        "        self._claims.stop()\n",
        f"{_STOPPING}test_sigterm_lets_a_running_job_end",
    ),
    mutant(
        "drain-waits-for-jobs",
        "P18",
        "agent/stopping.py",
        "        self._let_jobs_end()\n        self._give",
        "        self._give",
        f"{_STOPPING}test_sigterm_lets_a_running_job_end",
    ),
    mutant(
        "drain-gives-back",
        "P18",
        "agent/job/endings.py",
        '            return {"kind": "outcome", "release": str(FailureReason.AGENT_STOP)}\n',
        "            return _lost(FailureReason.AGENT_LOST)\n",
        f"{_STOPPING}test_a_job_that_outlasts_the_drain_is_given_back",
    ),
]

_LADDER = [
    mutant(
        "ask",
        "Ladder",
        _SUPERVISOR,
        "return Ladder((ask, self._process.terminate, *last), ",
        "return Ladder((lambda: None, self._process.terminate, *last), ",
        f"{_STOPPING}test_a_sleeping_job_is_cancelled_at_once",
    ),
    mutant(
        "sigterm",
        "Ladder",
        _SUPERVISOR,
        "return Ladder((ask, self._process.terminate, *last), ",
        "return Ladder((ask, lambda: None, *last), ",
        "agent/test_ladder.py::test_a_program_may_tidy_up_at_sigterm",
    ),
    mutant(
        "sweep-of-the-guard",
        "Ladder",
        _GUARD,
        "    swept = _sweep()\n",
        "    swept = True\n",
        f"{_STOPPING}test_what_a_finished_job_left_in_the_background_is_ended",
    ),
    mutant(
        "orphans-are-adopted",
        "Ladder",
        _GUARD,
        "    adopt_orphans()\n    wakeup",
        "    wakeup",
        f"{_STOPPING}test_what_a_finished_job_left_in_the_background_is_ended",
    ),
    mutant(
        "orphans-of-a-dead-guard",
        "Ladder",
        _LAUNCH,
        "            process.survivors = self._sweep_orphans()\n",
        "            pass\n",
        f"{_CRASHES}test_a_job_that_kills_its_guard_harms_only_itself",
    ),
    mutant(
        "third-signal",
        "Ladder",
        "agent/machine/signals.py",
        "        if received >= _PATIENCE:\n",
        "        if False:\n",
        "agent/test_ladder.py::test_the_third_signal_does_not_wait_for_a_job_that_hangs",
    ),
    mutant(
        "time-limit-of-a-job",
        "Ladder",
        _SUPERVISOR,
        "            self.attempt.ask_stop(Stop.TIMEOUT)\n",
        "            pass\n",
        "agent/test_ladder.py::test_a_job_that_holds_its_process_up_times_out_all_the_same",
    ),
]

MUTANTS: list[Mutant] = [*_TRUST, *_LOST, *_AGAIN, *_DRAIN, *_LADDER]
