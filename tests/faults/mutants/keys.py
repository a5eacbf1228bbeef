"""Who gets in, and what of a request is read at all (Keys, Limits)."""

from __future__ import annotations

from tests.faults.mutants.mutant import Mutant, mutant

_AUTH = "casare_rpa/orchestrator/access/auth.py"
_KNOWN = "casare_rpa/orchestrator/memory/known_keys.py"
_TEXT = "casare_rpa/domain/keys.py"
_GATE = "casare_rpa/orchestrator/requests/limits.py"
_RULES = "casare_rpa/orchestrator/access/rules.py"
_BODIES = "casare_rpa/orchestrator/requests/bodies.py"
_STRICT = "casare_rpa/orchestrator/requests/strict_json.py"
_FIRST = "casare_rpa/orchestrator/access/first_key.py"
_STORE = "casare_rpa/store/operations/keys.py"
_KEYS = "orchestrator/test_keys.py::"
_ROTATED = "agent/test_rotated_keys.py::"
_STORED = "contract/test_store_keys.py::"
_LIMITS = "orchestrator/test_limits.py::"
_SERVER = "orchestrator/test_server.py::"
_SOCKET = "orchestrator/test_socket_keys.py::"
_KEY_TEXT = "orchestrator/test_key_text.py::"
_ROLES = "orchestrator/test_rules.py::"

_HOLDERS = [
    mutant(
        "checksum",
        "Keys",
        _TEXT,
        "    if found is None or _checksum(text[:-_CHECKSUM_LENGTH]) != found[4]:\n",
        "    if found is None:\n",
        f"{_KEY_TEXT}test_every_mistyped_letter_is_noticed",
    ),
    mutant(
        "hash-only",
        "Keys",
        "casare_rpa/orchestrator/access/new_keys.py",
        "secret_hash=key.digest,\n        role",
        "secret_hash=key.text,\n        role",
        f"{_KEYS}test_no_key_is_in_the_database",
        also=(
            (_TEXT, "hmac.compare_digest(key.digest, stored_digest)", "key.text == stored_digest"),
        ),
    ),
    mutant(
        "secret-of-the-key",
        "Keys",
        _AUTH,
        "return same and record is not None and record.kind == kind",
        "return record is not None and record.kind == kind",
        f"{_KEYS}test_a_key_with_a_known_id_and_another_secret_is_unknown",
    ),
    mutant(
        "kind-of-the-key",
        "Keys",
        _AUTH,
        "return same and record is not None and record.kind == kind",
        "return same and record is not None",
        f"{_KEYS}test_a_robots_key_is_none_for_people_whatever_its_hash",
    ),
    mutant(
        "shown-once",
        "Keys",
        _TEXT,
        '    return f"{found[0]}..." if found else "(not a key)"\n',
        "    return text\n",
        f"{_KEY_TEXT}test_the_secret_is_not_in_what_gets_printed",
    ),
    mutant(
        "secret-not-in-repr",
        "Keys",
        _TEXT,
        "    text: str = field(repr=False)\n",
        "    text: str = field()\n",
        f"{_KEY_TEXT}test_the_secret_is_not_in_what_gets_printed",
    ),
    mutant(
        "revoked-is-refused",
        "Keys",
        _AUTH,
        '        if record.status == "revoked":\n            raise',
        "        if False:\n            raise",
        f"{_KEYS}test_a_revoked_key_is_refused_at_once",
    ),
    mutant(
        "rotated-is-told-from-revoked",
        "Keys",
        _STORE,
        "    _successors.c.principal == keys.c.principal, _successors.c.revoked_at.is_(None)\n",
        "    _successors.c.principal == keys.c.principal\n",
        f"{_STORED}test_a_key_counts_as_rotated_only_while_its_successor_is_good",
    ),
    mutant(
        "changed-while-read-is-not-remembered",
        "Keys",
        _KNOWN,
        "            if changes != self._changes:\n",
        "            if False:\n",
        "orchestrator/test_known_keys.py::"
        "test_a_key_that_changes_while_it_is_read_is_not_remembered",
    ),
    mutant(
        "rotated-is-not-remembered",
        "Keys",
        _KNOWN,
        "record is not None and not record.rotated:",
        "record is not None:",
        f"{_KEYS}test_once_its_successor_is_revoked_a_rotated_key_is_revoked_as_well",
    ),
    mutant(
        "rotated-is-waited-for-no-longer-than-trusted",
        "Keys",
        "agent/uplink/keys.py",
        "        if until is None or boottime_seconds() >= until:\n",
        "        if until is None:\n",
        f"{_ROTATED}test_without_a_new_key_it_ends_when_its_leases_can_no_longer_be_trusted",
    ),
    mutant(
        "revoked-is-not-rotated",
        "Keys",
        "agent/uplink/keys.py",
        "                if not error.rotated:\n                    raise\n",
        "",
        f"{_ROTATED}test_a_revoked_key_ends_it_at_once_whatever_its_file_holds_by_then",
    ),
    mutant(
        "revoked-is-noticed-at-once",
        "Keys",
        _KNOWN,
        "                self._known.pop(key_id, None)\n",
        "                pass\n",
        f"{_KEYS}test_a_revoked_key_is_refused_at_once",
    ),
    mutant(
        "revoked-elsewhere-is-noticed",
        "Keys",
        _KNOWN,
        "                self.forget(key_id)\n",
        "                pass\n",
        "orchestrator/test_known_keys.py::"
        "test_what_was_revoked_elsewhere_is_forgotten_at_the_next_look",
    ),
    mutant(
        "revoked-robot-loses-its-jobs",
        "Keys",
        _STORE,
        '        if row["robot_id"] is not None:\n            losses.revoke_leases_of',
        "        if False:\n            losses.revoke_leases_of",
        f"{_STORED}test_a_revoked_robot_key_takes_its_jobs_back",
    ),
    mutant(
        "rotated-keeps-leases",
        "Keys",
        _STORE,
        '    _revoke(tx, key_id, "rotated")\n',
        '    revoke_key(tx, uses, key_id, reason="rotated")\n',
        f"{_STORED}test_a_rotated_key_keeps_principal_role_and_leases",
    ),
    mutant(
        "expired-is-refused",
        "Keys",
        _AUTH,
        "        if not _may_still(record, rule):\n",
        "        if False:\n",
        f"{_KEYS}test_an_expired_robot_key_ends_its_jobs_and_gets_no_more",
    ),
    mutant(
        "expired-ends-its-jobs",
        "Keys",
        _RULES,
        "_LEASE = Rule(roles=ROBOT, after_expiry=True, counted=False)",
        "_LEASE = Rule(roles=ROBOT, counted=False)",
        f"{_KEYS}test_an_expired_robot_key_ends_its_jobs_and_gets_no_more",
    ),
    mutant(
        "expired-admin-key-does-not-count",
        "Keys",
        _STORE,
        "    current = sa.or_(keys.c.expires_at.is_(None), keys.c.expires_at > tx.now)\n",
        "    current = sa.true()\n",
        f"{_STORED}test_a_key_expires_by_the_servers_clock",
        f"{_STORED}test_an_expired_admin_key_does_not_count",
    ),
]

_ROLE = [
    mutant(
        "roles",
        "Keys",
        _AUTH,
        "    if principal.role not in rule.roles:\n",
        "    if False:\n",
        "orchestrator/test_matrix.py::test_every_cell_has_its_status",
    ),
    mutant(
        "key-on-every-route",
        "Keys",
        "casare_rpa/orchestrator/routing.py",
        "            if rule.roles:\n",
        "            if rule.roles and request.method != 'GET':\n",
        "orchestrator/test_matrix.py::test_every_cell_has_its_status",
    ),
    mutant(
        "default-deny",
        "Keys",
        _RULES,
        "        raise LookupError(",
        "        return _PUBLIC\n        raise LookupError(",
        f"{_ROLES}test_a_route_without_a_row_cannot_be_made",
    ),
    mutant(
        "roles-of-sockets",
        "Keys",
        _AUTH,
        "        check_role(principal, rule)\n        return principal\n\n    async def still",
        "        return principal\n\n    async def still",
        f"{_SOCKET}test_a_ticket_gives_no_more_than_its_holders_role",
    ),
    mutant(
        "own-robot",
        "Keys",
        "casare_rpa/orchestrator/routes/robots.py",
        "    if principal.own_robot_id != robot_id:\n",
        "    if principal.own_robot_id is None:\n",
        "orchestrator/test_robots.py::test_a_key_speaks_for_its_own_robot_only",
    ),
    mutant(
        "own-socket",
        "Keys",
        "casare_rpa/orchestrator/live/robot_socket.py",
        "        if socket.principal.own_robot_id != robot_id:\n",
        "        if False:\n",
        "orchestrator/test_robot_socket.py::test_a_key_opens_the_socket_of_its_own_robot_only",
    ),
    mutant(
        "ticket-once",
        "Keys",
        "casare_rpa/store/operations/tickets.py",
        "if value is None or not tx.run(sa.delete(facts).where(facts.c.name == name)):",
        "if value is None:",
        f"{_SOCKET}test_a_ticket_opens_one_socket",
    ),
    mutant(
        "ticket-in-time",
        "Keys",
        "casare_rpa/store/operations/tickets.py",
        "    return key_id if _stamp(tx.now) < until else None\n",
        "    return key_id\n",
        f"{_STORED}test_a_ticket_past_its_time_is_good_for_nothing",
        f"{_SOCKET}test_a_ticket_is_good_for_half_a_minute",
    ),
    mutant(
        "ticket-of-a-revoked-key",
        "Keys",
        _AUTH,
        "        self._check_status(record, rule)\n        principal = _principal(record)\n",
        "        principal = _principal(record)\n",
        f"{_SOCKET}test_a_ticket_of_a_revoked_key_opens_nothing",
    ),
]

_DOOR = [
    mutant(
        "first-key-once",
        "Keys",
        _FIRST,
        "    if store.has_admin_key():\n        return\n",
        "",
        f"{_SERVER}test_the_second_start_makes_no_key",
        also=(
            (
                _STORE,
                "    return None if has_admin_key(tx) else create_key(tx, uses, new)\n",
                "    return create_key(tx, uses, new)\n",
            ),
        ),
    ),
    mutant(
        "first-key-of-two-starts",
        "Keys",
        _STORE,
        "    return None if has_admin_key(tx) else create_key(tx, uses, new)\n",
        "    return create_key(tx, uses, new)\n",
        f"{_STORED}test_of_two_first_starts_one_makes_the_admin_key",
    ),
    mutant(
        "first-key-private",
        "Keys",
        _FIRST,
        "os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)",
        "os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)",
        f"{_SERVER}test_the_first_start_without_a_terminal_leaves_a_key_for_its_user_alone",
    ),
    mutant(
        "first-key-follows-no-link",
        "Keys",
        _FIRST,
        "os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)",
        "os.O_WRONLY | os.O_CREAT, 0o600)",
        f"{_SERVER}test_the_first_key_is_not_written_through_a_link",
        also=((_FIRST, "        path.unlink()  #", "        pass  #"),),
    ),
    mutant(
        "first-key-on-a-terminal-is-not-written",
        "Keys",
        _FIRST,
        "    if show is not None:\n",
        "    if False:\n",
        f"{_SERVER}test_on_a_terminal_the_first_key_is_shown_and_not_written",
    ),
    mutant(
        "plaintext-beyond-this-machine",
        "Keys",
        "casare_rpa/orchestrator/requests/listening.py",
        "    if not is_this_machine(settings.host) and not settings.allow_plaintext:\n",
        "    if False:\n",
        f"{_SERVER}test_listening_beyond_this_machine_has_to_be_meant",
    ),
    mutant(
        "hosts",
        "Keys",
        _GATE,
        "        if not self._knows_host(host):\n",
        "        if False:\n",
        f"{_LIMITS}test_another_host_is_not_answered",
    ),
    mutant(
        "origins",
        "Keys",
        _GATE,
        "        if origin is not None and not self._allows_origin(origin, host):\n",
        "        if False:\n",
        f"{_LIMITS}test_a_page_of_another_origin_is_refused",
    ),
    mutant(
        "key-in-address",
        "Keys",
        _GATE,
        '        if scope["type"] == "http" and _has_key_in_address(scope):\n',
        "        if False:\n",
        f"{_LIMITS}test_a_key_in_the_address_is_refused",
    ),
    mutant(
        "token-parameter-is-not-logged",
        "Keys",
        _GATE,
        '    scope["query_string"] = urlencode(kept).encode("ascii")\n',
        "",
        f"{_SOCKET}test_a_key_in_the_address_of_a_socket_is_in_no_log",
    ),
    mutant(
        "a-network-counts-as-one",
        "Keys",
        "casare_rpa/orchestrator/access/wrong_keys.py",
        "        times = self._of(network_of(address))\n",
        "        times = self._of(address)\n",
        "orchestrator/test_rates.py::test_wrong_keys_from_one_network_count_together",
    ),
    mutant(
        "calls-of-a-key-are-counted",
        "Keys",
        "casare_rpa/orchestrator/routing.py",
        "    if allowance is not None and allowance.wait_seconds:\n",
        "    if False:\n",
        "orchestrator/test_rates.py::test_a_key_that_calls_too_often_is_told_when_to_come_back",
    ),
    mutant(
        "renewals-are-not-counted",
        "Keys",
        _RULES,
        "_LEASE = Rule(roles=ROBOT, after_expiry=True, counted=False)",
        "_LEASE = Rule(roles=ROBOT, after_expiry=True)",
        "orchestrator/test_rates.py::test_a_busy_robot_keeps_its_job",
    ),
    mutant(
        "wrong-keys-are-counted",
        "Keys",
        "casare_rpa/orchestrator/access/wrong_keys.py",
        "        if len(times) == self._most and now - times[0] < _WINDOW_SECONDS:\n",
        "        if False:\n",
        f"{_LIMITS}test_wrong_keys_are_limited_and_right_ones_go_on",
    ),
]

_BODY = [
    mutant(
        "announced-length",
        "Limits",
        _BODIES,
        "    if length.isdigit() and int(length) > limit_bytes:\n",
        "    if False:\n",
        f"{_LIMITS}test_a_body_too_long_by_its_own_word_is_not_read",
    ),
    mutant(
        "counted-while-streaming",
        "Limits",
        _BODIES,
        "                    if size > limit_bytes:\n",
        "                    if size > limit_bytes << 6:\n",
        f"{_LIMITS}test_a_body_a_little_over_the_limit_is_refused_however_it_comes",
    ),
    mutant(
        "counted-after-unpacking",
        "Limits",
        _BODIES,
        "                    size += len(piece)\n",
        "                    size += min(len(piece), len(chunk))\n",
        f"{_LIMITS}test_a_body_a_little_over_the_limit_is_refused_however_it_comes",
    ),
    mutant(
        "key-before-body",
        "Limits",
        "casare_rpa/orchestrator/routing.py",
        "            if rule.roles:\n                await _authorize(request, desk, rule)\n",
        "            if rule.roles:\n                takes_body and await request.body()\n"
        "                await _authorize(request, desk, rule)\n",
        f"{_LIMITS}test_a_body_is_not_even_read_without_a_key",
    ),
    mutant(
        "time-for-a-body",
        "Limits",
        _BODIES,
        "        async with asyncio.timeout(BODY_SECONDS):\n",
        "        async with asyncio.timeout(None):\n",
        f"{_LIMITS}test_a_body_that_never_comes_is_not_waited_for",
    ),
    mutant(
        "time-for-a-request",
        "Limits",
        "casare_rpa/orchestrator/requests/protocols.py",
        "            self._waiting = self.loop.call_later(HEAD_SECONDS, self._request_is_late)\n",
        "            pass\n",
        f"{_LIMITS}test_a_connection_that_sends_no_request_is_closed",
    ),
    mutant(
        "depth",
        "Limits",
        _STRICT,
        "> MAX_DEPTH and _is_too_deep(value):\n",
        "> 10**9:\n",
        f"{_LIMITS}test_json_that_could_not_be_stored_is_refused_before_anything_is",
    ),
    mutant(
        "nul",
        "Limits",
        _STRICT,
        '    if b"\\\\u0000" in text and _has_nul(value):\n',
        "    if False:\n",
        f"{_LIMITS}test_json_that_could_not_be_stored_is_refused_before_anything_is",
    ),
    mutant(
        "large-integers",
        "Limits",
        _STRICT,
        "    if _LONG_NUMBER.search(text):\n",
        "    if False:\n",
        f"{_LIMITS}test_json_that_could_not_be_stored_is_refused_before_anything_is",
    ),
    mutant(
        "no-nan-no-surrogates",
        "Limits",
        _STRICT,
        "        value = orjson.loads(text)\n",
        "        value = __import__('json').loads(text)\n",
        f"{_LIMITS}test_json_that_could_not_be_stored_is_refused_before_anything_is",
        "orchestrator/test_strict_json.py::test_what_cannot_be_stored_faithfully_is_refused",
    ),
    mutant(
        "content-type",
        "Limits",
        _BODIES,
        "        _check_content_type(request)\n        checked",
        "        checked",
        f"{_LIMITS}test_json_that_calls_itself_a_form_is_refused",
    ),
    mutant(
        "whole-gzip",
        "Limits",
        _BODIES,
        "    inflate.check_complete()\n    return",
        "    return",
        f"{_LIMITS}test_a_broken_encoding_is_refused",
    ),
]

MUTANTS: list[Mutant] = [*_HOLDERS, *_ROLE, *_DOOR, *_BODY]
