"""What watchers see, and when they are sent away (Watchers)."""

from __future__ import annotations

from tests.faults.mutants.mutant import Mutant, mutant

_WATCHERS = "casare_rpa/orchestrator/live/watchers.py"
_SOCKETS = "casare_rpa/orchestrator/live/sockets.py"
_PAGES = "casare_rpa/orchestrator/memory/pages.py"
_WATCH = "orchestrator/test_watchers.py::"
_KEYS = "orchestrator/test_socket_keys.py::"

MUTANTS: list[Mutant] = [
    mutant(
        "history-first",
        "Watchers",
        _WATCHERS,
        "        await _watch(socket, job_id, _after(websocket))\n",
        "        await _watch(socket, job_id, _after(websocket) or 2)\n",
        f"{_WATCH}test_a_finished_job_is_replayed_and_the_socket_closed",
    ),
    mutant(
        "resume-after-seq",
        "Watchers",
        _WATCHERS,
        "                after = page.last_seq\n",
        "                after = max(after, page.last_seq - 1)\n",
        f"{_WATCH}test_what_happens_is_seen_live_and_in_order",
    ),
    mutant(
        "later-than-seq",
        "Watchers",
        "casare_rpa/store/operations/events.py",
        'events.c.seq > sa.bindparam("after"))\n    .order',
        'events.c.seq >= sa.bindparam("after"))\n    .order',
        f"{_WATCH}test_a_watcher_resumes_after_the_last_seq_it_saw",
    ),
    mutant(
        "wake-up-on-commit",
        "Watchers",
        "casare_rpa/orchestrator/memory/wakeups.py",
        '        case "events":\n            return job_topic(change.job_id or "")\n',
        '        case "events":\n            return None\n',
        f"{_WATCH}test_what_happens_is_seen_live_and_in_order",
    ),
    mutant(
        "look-before-listening",
        "Watchers",
        "casare_rpa/orchestrator/memory/wakeups.py",
        "        self._rung.clear()\n        changes, self._changes = list(self._changes), {}\n",
        "        changes, self._changes = list(self._changes), {}\n",
        "orchestrator/test_wakeups.py::test_a_taken_bell_is_silent_until_something_changes",
    ),
    mutant(
        "history-shorter-than-after",
        "Watchers",
        _WATCHERS,
        "    if after > job.last_seq:\n",
        "    if False:\n",
        f"{_WATCH}test_a_watcher_resumes_after_the_last_seq_it_saw",
    ),
    mutant(
        "terminal-closes",
        "Watchers",
        _WATCHERS,
        "            if page.ended:\n",
        "            if False:\n",
        f"{_WATCH}test_a_cancelled_job_ends_its_watchers",
    ),
    mutant(
        "ended-job-closes",
        "Watchers",
        _WATCHERS,
        "            if over:\n",
        "            if False:\n",
        f"{_WATCH}test_a_watcher_resumes_after_the_last_seq_it_saw",
    ),
    mutant(
        "own-members-win",
        "Watchers",
        _PAGES,
        '            **event.data,\n            "type": event.type,\n',
        '            "type": event.type,\n            **event.data,\n',
        f"{_WATCH}test_a_message_has_its_data_twice_and_its_own_five_members_always",
    ),
    mutant(
        "unknown-job",
        "Watchers",
        _WATCHERS,
        '        raise SocketClosed(UNKNOWN, "there is no such job") from None\n',
        "        return False\n",
        f"{_WATCH}test_an_unknown_job_is_4404",
    ),
    mutant(
        "slow-watcher",
        "Watchers",
        "casare_rpa/orchestrator/requests/protocols.py",
        "                async with asyncio.timeout(patience_seconds):\n",
        "                async with asyncio.timeout(None):\n",
        f"{_WATCH}test_a_watcher_without_progress_is_dropped_for_good",
    ),
    mutant(
        "slow-watcher-is-cut-off",
        "Watchers",
        "casare_rpa/orchestrator/requests/protocols.py",
        "        super().on_task_complete(task)\n"
        "        self.loop.call_later(LINGER_SECONDS, self.transport.abort)\n",
        "        super().on_task_complete(task)\n",
        f"{_WATCH}test_a_watcher_without_progress_is_dropped_for_good",
    ),
    mutant(
        "each-watcher-for-itself",
        "Watchers",
        _WATCHERS,
        "                await socket.send_page(page, seen=after)\n",
        "                import asyncio\n"
        "                async with desk.__dict__.setdefault('turn', asyncio.Lock()):\n"
        "                    await socket.send_page(page, seen=after)\n",
        f"{_WATCH}test_a_watcher_that_never_reads_holds_up_nobody",
    ),
    mutant(
        "revoked-key-closes",
        "Watchers",
        _SOCKETS,
        "        if not await self.desk.auth.still_valid(self.principal, self.rule):\n",
        "        if False:\n",
        f"{_KEYS}test_all_watchers_of_a_revoked_key_are_closed",
    ),
    mutant(
        "revoked-key-wakes",
        "Watchers",
        _SOCKETS,
        "wakeups.listen(*topics, key_topic(self.principal.key_id))",
        "wakeups.listen(*topics)",
        f"{_KEYS}test_watchers_of_a_revoked_key_hear_of_it_at_once",
    ),
    mutant(
        "expired-key-closes",
        "Watchers",
        "casare_rpa/orchestrator/access/auth.py",
        "        return _may_still(record, rule)\n",
        "        return True\n",
        f"{_KEYS}test_an_expired_key_is_closed_too",
    ),
    mutant(
        "keys-are-checked-now-and-then",
        "Watchers",
        "casare_rpa/orchestrator/live/sockets.py",
        "        return self.desk.settings.key_check_every_seconds * (1 - MEMORY_PART)\n",
        "        return 3600.0\n",
        f"{_KEYS}test_an_expired_key_is_closed_too",
    ),
    mutant(
        "too-many-sockets",
        "Watchers",
        "casare_rpa/orchestrator/memory/open_sockets.py",
        "        if len(self) >= self._most:\n",
        "        if False:\n",
        f"{_WATCH}test_one_socket_too_many_is_told_to_come_later",
    ),
    mutant(
        "too-many-sockets-of-one-key",
        "Watchers",
        "casare_rpa/orchestrator/memory/open_sockets.py",
        "        if self._held[key_id] >= self._most_of_one:\n",
        "        if False:\n",
        f"{_KEYS}test_one_key_does_not_get_all_sockets",
    ),
    mutant(
        "left-sockets-are-forgotten",
        "Watchers",
        _SOCKETS,
        "        socket.leave()\n",
        "        pass\n",
        f"{_WATCH}test_sockets_that_are_left_are_forgotten",
    ),
    mutant(
        "ping-pong",
        "Watchers",
        _SOCKETS,
        '            if await _next_text(socket.websocket) == "ping":\n',
        "            if not await _next_text(socket.websocket):\n",
        f"{_WATCH}test_ping_is_answered_with_pong",
    ),
    mutant(
        "message-limit",
        "Watchers",
        "casare_rpa/orchestrator/server.py",
        "        ws_max_size=_SOCKET_MESSAGE_BYTES,\n",
        "        ws_max_size=_SOCKET_MESSAGE_BYTES << 6,\n",
        f"{_WATCH}test_a_message_over_the_limit_closes_the_socket",
    ),
    mutant(
        "no-compression",
        "Watchers",
        "casare_rpa/orchestrator/server.py",
        "        ws_per_message_deflate=False,\n",
        "        ws_per_message_deflate=True,\n",
        f"{_WATCH}test_messages_are_not_compressed",
    ),
]
