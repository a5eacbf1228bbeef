"""Sending mail, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.domain.events import EventBus, NodeFailed
from casare_rpa.engine import RunResult
from casare_rpa.nodes.email import _compose
from tests.support.certificates import Authority
from tests.support.runs import run_node
from tests.support.silent_server import silent
from tests.support.smtp_server import PASSWORD, USERNAME, Smtp, serving

PLAIN = {"use_tls": False, "from_email": "robot@example.org", "to_email": "ada@example.org"}


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    with serving() as running:
        yield running


def send(smtp: Smtp, **config: Any) -> RunResult:
    options = config.pop("options", {})
    return run_node("SendEmailNode", {**PLAIN, **smtp.address, **config}, **options)


def sent(smtp: Smtp, **config: Any) -> dict[str, Any]:
    result = send(smtp, **config)
    assert result.success, result.error
    return dict(result.outputs["n"])


def failed(smtp: Smtp, **config: Any) -> tuple[str, str]:
    error = send(smtp, **config).error
    assert error is not None
    return error.code, error.message


def test_a_message_arrives_as_it_was_meant(smtp: Smtp) -> None:
    found = sent(
        smtp,
        to_email='Ada Löw <ada@example.org>; "Doe, John" <john@example.org>',
        cc="carl@bücher.example",
        bcc=["eve@example.org", "ada@example.org"],
        reply_to="Büro <office@example.org>",
        subject="Rechnung №7: größer als je zuvor, und so lang, dass sie eine Zeile sprengt: 日本",
        body="Grüße,\n.\nRobot",
        sender_name="Der Röbot",
        priority="high",
        read_receipt=True,
    )
    message, envelope = smtp.message(), smtp.taken[0]
    assert found == {"success": True, "message_id": message["Message-ID"]}
    assert envelope.rcpt_tos == [
        "ada@example.org",
        "john@example.org",
        "carl@xn--bcher-kva.example",
        "eve@example.org",
    ]
    assert message["To"] == 'Ada Löw <ada@example.org>, "Doe, John" <john@example.org>'
    assert message["From"] == "Der Röbot <robot@example.org>"
    assert message["Reply-To"] == "Büro <office@example.org>"
    assert message["Subject"].startswith("Rechnung №7: größer")
    assert message["Subject"].endswith("日本")
    assert "eve@" not in message.as_string()
    assert (message["X-Priority"], message["Importance"]) == ("1", "high")
    assert "robot@example.org" in message["Disposition-Notification-To"]
    assert message.get_content().replace("\r\n", "\n") == "Grüße,\n.\nRobot\n"
    assert message["Message-ID"].endswith("@example.org>")
    assert message["Date"]


def test_html_has_a_text_beside_it(smtp: Smtp) -> None:
    body = "<style>p{}</style><p>Größe &amp; <b>Zahl</b></p><p>zwei</p>"
    sent(smtp, body=body, is_html=True)
    message = smtp.message()
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert html.get_content().strip() == body
    assert text.get_content().replace("\r\n", "\n") == "Größe & Zahl\n\nzwei\n"


def test_encoded_words_begin_no_header(smtp: Smtp) -> None:
    sent(smtp, subject="=?utf-8?q?Gr=C3=BCn=0d=0aBcc:_eve@example.org?= =?")
    assert smtp.message()["Subject"] == "Grün Bcc: eve@example.org = ?"
    assert smtp.message()["Bcc"] is None
    sent(smtp, to_email="=?utf-8?q?L=C3=B6w=0aBcc?= <ada@example.org>")
    assert smtp.taken[1].rcpt_tos == ["ada@example.org"]
    assert "To: =?utf-8?q?L=C3=B6w?= Bcc <ada@example.org>" in str(smtp.taken[1].content)


def test_an_address_outside_ascii_is_sent_as_it_is(smtp: Smtp) -> None:
    sent(smtp, to_email="grün@example.org")
    assert smtp.taken[0].rcpt_tos == ["grün@example.org"]


def test_files_go_along_within_a_limit(
    smtp: Smtp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "größe.pdf").write_bytes(b"%PDF" * 100)
    (tmp_path / "b.unknown").write_bytes(bytes(range(256)))
    options = {"folder": tmp_path}
    sent(smtp, attachments=["größe.pdf", "b.unknown"], options=options)
    files = list(smtp.message().iter_attachments())
    assert [(f.get_filename(), f.get_content_type()) for f in files] == [
        ("größe.pdf", "application/pdf"),
        ("b.unknown", "application/octet-stream"),
    ]
    assert files[1].get_payload(decode=True) == bytes(range(256))
    (tmp_path / "c.eml").write_bytes(b"Subject: c\r\n\r\ntext\r\n")
    sent(smtp, attachments="c.eml", options=options)
    (message,) = smtp.message().iter_attachments()
    assert message.get_payload(decode=True) == b"Subject: c\r\n\r\ntext\r\n"
    for path, code in (("../x", "PERMISSION_DENIED"), ("none", "FILE_NOT_FOUND")):
        assert failed(smtp, attachments=[path], options=options)[0] == code
    monkeypatch.setattr(_compose, "_MOST_BYTES", 600)
    assert failed(smtp, attachments=["größe.pdf", "b.unknown"], options=options)[0] == (
        "RESOURCE_EXHAUSTED"
    )
    assert len(smtp.taken) == 2


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"subject": "a\r\nBcc: eve@example.org"}, "INVALID_INPUT"),
        ({"subject": "a\u2028b"}, "INVALID_INPUT"),
        ({"to_email": "a@example.org\nBcc: e@example.org"}, "INVALID_INPUT"),
        ({"from_email": "a@b.c\r\nRCPT TO:<e@f.g>"}, "INVALID_INPUT"),
        ({"sender_name": "a\rb"}, "INVALID_INPUT"),
        ({"reply_to": "a@b.c\0"}, "INVALID_INPUT"),
        ({"to_email": "nobody"}, "INVALID_INPUT"),
        ({"to_email": "a b@c.d"}, "INVALID_INPUT"),
        ({"to_email": "Doe, John <a@b.c>"}, "INVALID_INPUT"),
        ({"cc": "a@b@c"}, "INVALID_INPUT"),
        ({"to_email": ""}, "MISSING_REQUIRED_FIELD"),
        ({"from_email": ""}, "MISSING_REQUIRED_FIELD"),
        ({"smtp_server": "https://mail"}, "INVALID_INPUT"),
        ({"smtp_port": 0}, "VALUE_OUT_OF_RANGE"),
    ],
)
def test_what_is_no_address_or_holds_a_line_break_is_refused(
    smtp: Smtp, config: dict[str, Any], code: str
) -> None:
    assert failed(smtp, **config)[0] == code
    assert smtp.asked == []


def test_some_recipients_are_refused_and_told_apart(smtp: Smtp) -> None:
    smtp.says["eve@example.org"] = "550 no such user"
    options = {"to_email": "ada@example.org, eve@example.org", "retry_count": 2}
    result = send(smtp, **options)
    assert result.error is not None
    assert (result.error.code, result.error.business) == ("VALIDATION_FAILED", True)
    assert "refuses some recipients: eve@example.org (550 no such user)" in result.error.message
    assert result.error.message.endswith("was sent to ada@example.org")
    assert [envelope.rcpt_tos for envelope in smtp.taken] == [["ada@example.org"]]
    smtp.says["ada@example.org"] = "550 nor this one"
    code, message = failed(smtp, **options)
    assert (code, "nothing was sent" in message) == ("VALIDATION_FAILED", True)
    assert len(smtp.taken) == 1


def test_what_may_have_been_sent_is_told_as_not_worth_another_try(smtp: Smtp) -> None:
    told: dict[str, bool] = {}
    for step, said in (("MAIL", "451 later"), ("DATA", None)):
        smtp.says = {step: said}
        bus = EventBus()
        run_node("SendEmailNode", {**PLAIN, **smtp.address}, bus=bus)
        (event,) = bus.get_history(NodeFailed)
        assert event.error_code is ErrorCode.NETWORK_ERROR
        told[step] = event.is_retryable
    assert told == {"MAIL": True, "DATA": False}


def test_only_what_was_surely_not_sent_is_tried_again(smtp: Smtp) -> None:
    again = {"retry_count": 1, "retry_interval": 0}
    smtp.says["MAIL"] = "451 later"
    code, message = failed(smtp, **again)
    assert (code, "451 later" in message) == ("NETWORK_ERROR", True)
    assert len(smtp.asked) == 2
    smtp.says = {"DATA": None}
    code, message = failed(smtp, **again)
    assert (code, "not known" in message) == ("NETWORK_ERROR", True)
    assert len(smtp.taken) == 1
    smtp.says = {"DATA": "554 looks like spam"}
    code, message = failed(smtp, **again)
    assert (code, "nothing was sent: 554" in message) == ("VALIDATION_FAILED", True)
    smtp.says = {"MAIL": "553 not yours"}
    assert "check from_email" in failed(smtp)[1]


def test_tls_is_checked_from_the_first_byte_on_or_by_starttls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path / "ca")
    context = authority.issue("server").server_context()
    login = {"username": USERNAME, "password": PASSWORD, "from_email": ""}
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with serving(tls=context) as implicit, serving(starttls=context, auth=True) as starting:
        code, message = failed(implicit, use_ssl=True)
        assert (code, "SSL_CERT_FILE" in message) == ("SSL_ERROR", True)
        assert failed(starting, use_tls=True, **login)[0] == "SSL_ERROR"
        assert starting.logins == []
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.root.cert_file))
        sent(implicit, use_ssl=True)
        sent(starting, use_tls=True, **login)
        assert starting.message()["From"] == USERNAME
        assert starting.logins == [USERNAME]
        code, message = failed(starting, **login)
        assert (code, "use_tls" in message) == ("CONFIG_INVALID", True)
    other = authority.issue("other", host="other.test").server_context()
    with serving(starttls=other) as smtp:
        assert failed(smtp, use_tls=True)[0] == "SSL_ERROR"


def test_a_server_without_starttls_gets_nothing_in_the_clear(smtp: Smtp) -> None:
    code, message = failed(smtp, use_tls=True)
    assert (code, "does not offer STARTTLS" in message) == ("SSL_ERROR", True)
    assert smtp.asked == []


def test_a_wrong_password_is_not_told() -> None:
    with serving(auth=True) as smtp:
        login = {"username": USERNAME, "password": "secret word"}
        code, message = failed(smtp, **login)
        assert (code, "'robot@example.org' is refused" in message) == ("PERMISSION_DENIED", True)
        assert f"127.0.0.1:{smtp.port}" in message
        assert "secret word" not in message
        code, message = failed(smtp, credential_name="none")
        assert (code, "none" in message) == ("RESOURCE_NOT_FOUND", True)


def test_the_login_comes_from_a_variable_or_the_environment() -> None:
    fields = {"username": USERNAME, "password": PASSWORD}
    with serving(auth=True) as smtp:
        sent(smtp, credential_name="box", options={"variables": {"box": fields}})
        environment = {"SMTP_USERNAME": USERNAME, "SMTP_PASSWORD": PASSWORD}
        sent(smtp, options={"environment": environment})
        assert smtp.logins == [USERNAME, USERNAME]


@pytest.mark.parametrize(
    ("lines", "hangs_up", "code"),
    [
        ((), False, "TIMEOUT"),
        (("220 hello", "250 hello"), False, "TIMEOUT"),
        (("220 hello", "250 hello"), True, "NETWORK_ERROR"),
        (("421 busy",), False, "NETWORK_ERROR"),
        (("554 not you",), False, "API_ERROR"),
    ],
)
def test_a_server_that_stops_answering_ends_the_node(
    lines: tuple[str, ...], hangs_up: bool, code: str
) -> None:
    with silent(*lines, hangs_up=hangs_up) as port:
        smtp = Smtp(port=port)
        got, message = failed(smtp, timeout=1 if code == "TIMEOUT" else 60)
        assert (got, f"127.0.0.1:{port}" in message) == (code, True)
    assert failed(smtp)[0] == "CONNECTION_REFUSED"


def test_a_run_that_is_over_does_not_wait_for_a_silent_server() -> None:
    with silent() as port:
        result = send(Smtp(port=port), options={"node_timeout_seconds": 0.5})
    assert result.error is not None
    assert result.error.code == "TIMEOUT"


def test_a_blocked_run_does_not_reach_this_machine(smtp: Smtp) -> None:
    code, _ = failed(smtp, options={"block_private_addresses": True})
    assert (code, smtp.asked) == ("PERMISSION_DENIED", [])


def test_the_super_node_sends(smtp: Smtp) -> None:
    config = {**PLAIN, **smtp.address, "action": "Send Email", "subject": "seven"}
    result = run_node("EmailSuperNode", config)
    assert result.success, result.error
    outputs = result.outputs["n"]
    assert (outputs["success"], outputs["error"]) == (True, "")
    assert outputs["message_id"] == smtp.message()["Message-ID"]
    assert smtp.message()["Subject"] == "seven"
