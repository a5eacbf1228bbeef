"""Telegram, against a server that checks what the Bot API checks."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.engine import RunResult
from casare_rpa.engine.context import RunContext
from casare_rpa.nodes import catalogue
from casare_rpa.nodes.http import request
from casare_rpa.nodes.messaging import _service, _telegram, telegram_send
from casare_rpa.nodes.messaging._telegram import PUBLIC_API
from tests.support.api_server import Reply, serving
from tests.support.runs import chain, document, node, run_node
from tests.support.silent_server import silent
from tests.support.telegram_server import CHANNEL, FILE_ID, PERSON, PRESS, TOKEN, Telegram, refusal
from tests.support.told import told

TOO_MANY = "Too Many Requests: retry after"


@pytest.fixture
def telegram() -> Iterator[Telegram]:
    with serving(Telegram()) as running:
        yield running


def do(telegram: Telegram, what: str, **config: Any) -> RunResult:
    options = config.pop("options", {})
    login = {"bot_token": TOKEN, "api_url": telegram.url, "chat_id": PERSON}
    return run_node(f"Telegram{what}Node", {**login, **config}, **options)


def done(telegram: Telegram, what: str, **config: Any) -> dict[str, Any]:
    result = do(telegram, what, **config)
    assert result.success, result.error
    return dict(result.outputs["n"])


def failed(telegram: Telegram, what: str, **config: Any) -> tuple[str, str]:
    error = do(telegram, what, **config).error
    assert error is not None
    assert TOKEN not in f"{error}"
    return error.code, error.message.removeprefix(f"node n (Telegram{what}Node): ")


def test_a_text_is_sent_to_a_person_or_a_channel(telegram: Telegram) -> None:
    got = done(telegram, "SendMessage", text="Grüße & <3")
    assert got == {
        **{"message_id": 100, "chat_id": PERSON, "success": True, "error": ""},
        "text": "Grüße & <3",
    }
    more = {"parse_mode": "html", "disable_notification": True, "reply_to_message_id": "100"}
    got = done(telegram, "SendMessage", chat_id="@invoices", text="<b>7</b>", **more)
    assert (got["message_id"], got["chat_id"]) == (101, CHANNEL)
    assert telegram.seen[1].fields == {
        "chat_id": "@invoices",
        "text": "<b>7</b>",
        "parse_mode": "HTML",
        "disable_notification": True,
        "reply_parameters": {"message_id": 100},
    }
    assert telegram.seen[0].fields == {"chat_id": PERSON, "text": "Grüße & <3"}


@pytest.mark.parametrize(("what", "kind"), [("SendPhoto", "photo"), ("SendDocument", "document")])
def test_a_file_is_sent_from_the_disk_the_web_or_telegram(
    telegram: Telegram, tmp_path: Path, what: str, kind: str
) -> None:
    content = bytes(range(256))
    (tmp_path / "größe.png").write_bytes(content)
    more = {"caption": "März", "disable_notification": True, "options": {"folder": tmp_path}}
    got = done(telegram, what, **{kind: "größe.png"}, **more)
    assert got[f"{kind}_path"] == str(tmp_path / "größe.png")
    assert (got["message_id"], got["chat_id"]) == (100, PERSON)
    sent = telegram.messages[100][kind]
    assert (sent.content, sent.content_type, sent.name) == (content, "image/png", "größe.png")
    assert telegram.messages[100]["caption"] == "März"
    for there in (FILE_ID, "https://example.org/a.png"):
        assert done(telegram, what, **{kind: there}, **more)[f"{kind}_path"] == there
        assert telegram.seen[-1].kind == "application/json"
        assert telegram.seen[-1].fields[kind] == there
    (tmp_path / FILE_ID).write_bytes(b"a file all the same")
    done(telegram, what, **{kind: FILE_ID}, **more)
    assert telegram.seen[-1].files[kind].content == b"a file all the same"


def test_a_document_gets_another_name(telegram: Telegram, tmp_path: Path) -> None:
    (tmp_path / "x.tmp").write_bytes(b"%PDF")
    options = {"folder": tmp_path}
    done(telegram, "SendDocument", document="x.tmp", filename="Rechnung.pdf", options=options)
    sent = telegram.messages[100]["document"]
    assert (sent.name, sent.content_type) == ("Rechnung.pdf", "application/pdf")


def test_files_out_of_reach_or_missing_are_not_sent(telegram: Telegram, tmp_path: Path) -> None:
    options = {"folder": tmp_path}
    for path, code in (
        ("../x", "PERMISSION_DENIED"),
        ("none.png", "FILE_NOT_FOUND"),
        ("file:///etc/hostname", "FILE_NOT_FOUND"),
        (".", "INVALID_INPUT"),
        ("", "MISSING_REQUIRED_FIELD"),
        ("{{nothing}}", "MISSING_REQUIRED_FIELD"),
    ):
        assert failed(telegram, "SendPhoto", photo=path, options=options)[0] == code
    allowed = {"folder": tmp_path, "allowed_paths": (str(tmp_path),)}
    secret = tmp_path.parent / f"{tmp_path.name}-secret"
    secret.write_text("x")
    got = failed(telegram, "SendDocument", document=str(secret), options=allowed)
    assert got[0] == "PERMISSION_DENIED"
    assert telegram.seen == []


def test_what_telegram_would_refuse_after_all_of_it_is_refused_at_once(tmp_path: Path) -> None:
    big = tmp_path / "big"
    with big.open("wb") as stream:
        stream.truncate((50 << 20) + 1)
    config = {"bot_token": TOKEN, "chat_id": 1, "document": "big"}
    result = run_node("TelegramSendDocumentNode", config, folder=tmp_path)
    assert result.error is not None
    assert "larger than 50 MiB; a Bot API server of your own" in result.error.message
    big.write_bytes(b"")
    result = run_node("TelegramSendDocumentNode", config, folder=tmp_path)
    assert result.error is not None
    assert "is empty" in result.error.message


def test_a_place_is_sent(telegram: Telegram) -> None:
    got = done(telegram, "SendLocation", latitude="-33.8568", longitude=0)
    assert (got["latitude"], got["longitude"], got["message_id"]) == (-33.8568, 0.0, 100)
    assert telegram.messages[100]["location"] == {"latitude": -33.8568, "longitude": 0.0}
    code, _ = failed(telegram, "SendLocation", latitude=91, longitude=0)
    assert code == "VALUE_OUT_OF_RANGE"


def test_an_album_holds_files_and_links(telegram: Telegram, tmp_path: Path) -> None:
    for name in ("a.png", "b.mp4", "small.jpg", "cover.jpg"):
        (tmp_path / name).write_bytes(name.encode())
    album = [
        {"type": "photo", "media": "a.png", "caption": "March", "has_spoiler": True},
        {"type": "video", "media": "b.mp4", "thumbnail": "small.jpg", "cover": "cover.jpg"},
        {"type": "photo", "media": "https://example.org/april.png"},
    ]
    options = {"folder": tmp_path}
    got = done(telegram, "SendMediaGroup", media_json=json.dumps(album), options=options)
    assert (json.loads(got["message_ids"]), got["count"], got["success"]) == (
        [100, 101, 102],
        3,
        True,
    )
    assert telegram.messages[100]["media"].content == b"a.png"
    assert telegram.messages[100]["has_spoiler"] is True
    assert telegram.messages[101]["thumbnail"].content == b"small.jpg"
    assert telegram.messages[101]["cover"].content == b"cover.jpg"
    assert telegram.messages[102]["media"] == "https://example.org/april.png"
    links = [{"type": "video", "media": FILE_ID, "cover": FILE_ID}] * 2
    done(telegram, "SendMediaGroup", media_json=links)
    assert telegram.seen[-1].kind == "application/json"
    assert telegram.messages[103]["cover"] == FILE_ID


def test_a_picture_of_an_album_is_no_larger_than_a_picture_alone(tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as stream:
        stream.truncate((10 << 20) + 1)
    film = {"type": "video", "media": "big"}
    for second, key in (
        ({"type": "photo", "media": "big"}, "media"),
        (film | {"cover": "big"}, "cover"),
    ):
        config = {"bot_token": TOKEN, "chat_id": 1, "media_json": [film, second]}
        result = run_node("TelegramSendMediaGroupNode", config, folder=tmp_path)
        assert result.error is not None
        words = f"media_json[1].{key}: {tmp_path / 'big'} is larger than 10 MiB;"
        assert words in result.error.message


@pytest.mark.parametrize(
    ("album", "code"),
    [
        ([{"type": "photo", "media": FILE_ID}], "VALUE_OUT_OF_RANGE"),
        ([{"type": "photo", "media": FILE_ID}, {"type": "poem", "media": "x"}], "INVALID_INPUT"),
        ([{"type": "photo", "media": FILE_ID}, "x"], "TYPE_MISMATCH"),
        ([{"type": "photo", "media": "attach://x"}] * 2, "FILE_NOT_FOUND"),
        ([{"type": "photo"}] * 2, "MISSING_REQUIRED_FIELD"),
    ],
)
def test_what_is_no_album_is_not_sent(telegram: Telegram, album: list[Any], code: str) -> None:
    assert failed(telegram, "SendMediaGroup", media_json=album)[0] == code
    assert telegram.seen == []


def test_a_message_is_edited_and_deleted(telegram: Telegram) -> None:
    number = done(telegram, "SendMessage", text="open")["message_id"]
    got = done(telegram, "EditMessage", message_id=number, text="paid")
    assert (got["message_id"], got["chat_id"], got["success"]) == (number, PERSON, True)
    assert telegram.messages[number]["text"] == "paid"
    code, message = failed(telegram, "EditMessage", message_id=number, text="paid")
    assert (code, "400 Bad Request: message is not modified" in message) == (
        "VALIDATION_FAILED",
        True,
    )
    assert done(telegram, "DeleteMessage", message_id=number) == {"success": True, "error": ""}
    assert telegram.messages == {}
    assert "message to delete not found" in failed(telegram, "DeleteMessage", message_id=number)[1]
    assert failed(telegram, "DeleteMessage", message_id=0)[0] == "MISSING_REQUIRED_FIELD"


def test_a_press_is_answered(telegram: Telegram) -> None:
    press = {"callback_query_id": PRESS, "text": "Done", "show_alert": True}
    assert done(telegram, "AnswerCallback", **press) == {"success": True, "error": ""}
    assert telegram.answered == [press]
    code, message = failed(telegram, "AnswerCallback", callback_query_id="1")
    assert (code, message.endswith("answered within seconds")) == ("VALIDATION_FAILED", True)


def test_updates_come_from_an_offset_on(telegram: Telegram) -> None:
    telegram.updates = [
        {"update_id": n, "message": {"text": f"größe {n}"}} for n in range(7001, 7006)
    ]
    got = done(telegram, "GetUpdates", limit=3, timeout=0)
    assert (got["count"], got["last_update_id"]) == (3, 7003)
    assert json.loads(got["updates_json"])[0]["message"]["text"] == "größe 7001"
    got = done(telegram, "GetUpdates", offset=7004, timeout=0)
    assert (got["count"], got["last_update_id"]) == (2, 7005)
    got = done(telegram, "GetUpdates", offset=7006, timeout=0)
    assert (got["updates_json"], got["count"], got["last_update_id"]) == ("[]", 0, 7005)
    assert failed(telegram, "GetUpdates", limit=101)[0] == "VALUE_OUT_OF_RANGE"
    telegram.instead = [
        refusal(409, "Conflict: can't use getUpdates method while webhook is active")
    ]
    code, message = failed(telegram, "GetUpdates", timeout=0)
    assert (code, "409 Conflict" in message) == ("RESOURCE_LOCKED", True)


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"text": ""}, "MISSING_REQUIRED_FIELD"),
        ({"text": "{{nothing}}"}, "MISSING_REQUIRED_FIELD"),
        ({"text": "x", "chat_id": ""}, "MISSING_REQUIRED_FIELD"),
        ({"text": "x", "chat_id": "{{nobody}}"}, "MISSING_REQUIRED_FIELD"),
        ({"text": "x", "chat_id": "invoices"}, "INVALID_INPUT"),
        ({"text": "x", "parse_mode": "Word"}, "INVALID_INPUT"),
        ({"text": "x", "bot_token": ""}, "MISSING_REQUIRED_FIELD"),
        ({"text": "x", "bot_token": "{{nothing}}"}, "MISSING_REQUIRED_FIELD"),
        ({"text": "x", "bot_token": f"{TOKEN}/../x"}, "INVALID_INPUT"),
        ({"text": "x", "bot_token": f"{TOKEN}\r\nX: y"}, "INVALID_INPUT"),
        ({"text": "x", "api_url": "ftp://x"}, "INVALID_INPUT"),
        ({"text": "x", "api_url": "http://x?y"}, "INVALID_INPUT"),
        ({"text": "x", "credential_name": "none"}, "RESOURCE_NOT_FOUND"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    telegram: Telegram, config: dict[str, Any], code: str
) -> None:
    if "credential_name" in config:
        config["bot_token"] = ""
    assert failed(telegram, "SendMessage", **config)[0] == code
    assert telegram.seen == []


def test_a_refusal_says_what_telegram_says_and_what_mends_it(telegram: Telegram) -> None:
    assert failed(telegram, "SendMessage", text="x", chat_id=5) == (
        "VALIDATION_FAILED",
        "Telegram refuses sendMessage: 400 Bad Request: chat not found; check chat_id; a person has"
        " to write to the bot first",
    )
    assert "parse_mode" in failed(telegram, "SendMessage", text="<b", parse_mode="HTML")[1]
    assert "at most 4096" in failed(telegram, "SendMessage", text="x" * 4097)[1]
    other = TOKEN.replace("AAH", "BBH")
    code, message = failed(telegram, "SendMessage", text="x", bot_token=other)
    assert (code, message.endswith("401 Unauthorized; check the bot token")) == (
        "PERMISSION_DENIED",
        True,
    )
    telegram.instead = [refusal(400, "Bad Request: group upgraded", migrate_to_chat_id=-100)]
    assert failed(telegram, "SendMessage", text="x")[1].endswith("has a new chat_id: -100")
    telegram.instead = [refusal(403, "Forbidden: bot was blocked by the user")]
    code, message = failed(telegram, "SendMessage", text="x")
    assert (code, message.endswith("403 Forbidden: bot was blocked by the user")) == (
        "PERMISSION_DENIED",
        True,
    )


def test_a_pause_that_telegram_asks_for_is_waited_for(telegram: Telegram, tmp_path: Path) -> None:
    telegram.instead = [refusal(429, f"{TOO_MANY} 0", retry_after=0)] * 2
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    options = {"folder": tmp_path}
    result = do(telegram, "SendDocument", document="a.pdf", options=options)
    assert result.success
    assert [request.files["document"].content for request in telegram.seen] == [b"%PDF"] * 3
    assert "429 Too Many Requests" in result.logs[0]["message"]


def test_a_pause_is_waited_for_within_bounds(
    telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    telegram.instead = [refusal(429, f"{TOO_MANY} 300", retry_after=300)]
    code, message = failed(telegram, "SendMessage", text="x")
    assert (code, "a pause of 300 s" in message) == ("NETWORK_ERROR", True)
    assert len(telegram.seen) == 1
    telegram.instead = [refusal(429, f"{TOO_MANY} 0", retry_after=0)] * 9
    assert failed(telegram, "SendMessage", text="x")[0] == "NETWORK_ERROR"
    assert len(telegram.seen) == 6
    telegram.instead = [refusal(429, f"{TOO_MANY} nan", retry_after="nan")]
    assert failed(telegram, "SendMessage", text="x")[0] == "NETWORK_ERROR"
    assert len(telegram.seen) == 7
    monkeypatch.setattr(_service, "_MOST_WAIT_SECONDS", 0.001)
    telegram.instead = [refusal(429, f"{TOO_MANY} 0", retry_after=0.0009)] * 2
    assert failed(telegram, "SendMessage", text="x")[0] == "NETWORK_ERROR"
    assert len(telegram.seen) == 9


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=None),
        Reply(status=502, body="<h1>Bad Gateway</h1>"),
        refusal(500, "Internal Server Error"),
        replace(refusal(429, f"{TOO_MANY} 0", retry_after=0), status=502),
        Reply(body={"ok": True, "result": True}),
    ],
)
def test_what_may_have_been_sent_is_not_sent_twice(telegram: Telegram, reply: Reply) -> None:
    telegram.instead = [reply]
    result = do(telegram, "SendMessage", text="x")
    assert result.error is not None
    assert result.error.message.endswith("whether it was done is not known")
    assert len(telegram.seen) == 1


def test_a_server_that_is_none_of_telegram_s_is_named(telegram: Telegram) -> None:
    telegram.instead = [Reply(body="<h1>It works!</h1>")]
    code, message = failed(telegram, "SendMessage", text="x")
    shown = f"{telegram.url}/bot***/sendMessage"
    assert (code, message) == (
        "API_ERROR",
        f"{shown}: HTTP 200, and not an answer of the Bot API; check api_url",
    )
    telegram.instead = [Reply(status=302, body="", headers={"Location": f"{telegram.url}/x"})]
    assert failed(telegram, "SendMessage", text="x")[1].startswith(f"{shown}: HTTP 302")
    assert len(telegram.seen) == 2


def test_the_token_is_in_no_error_log_or_event(
    telegram: Telegram, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What nobody masks must not hold it either.
    monkeypatch.setattr(RunContext, "conceal", lambda self, value: None)
    monkeypatch.setattr(_telegram, "ANSWER_SECONDS", 0.3)
    caplog.set_level(logging.DEBUG)
    telegram.instead = [
        refusal(429, f"{TOO_MANY} 0: /bot{TOKEN}/", retry_after=0),
        refusal(400, f"Bad Request: /bot{TOKEN}/sendMessage"),
    ]
    config = {"api_url": telegram.url, "chat_id": PERSON, "text": "x"}
    for environment, url in (
        ({"TELEGRAM_BOT_TOKEN": TOKEN}, telegram.url),
        ({"TELEGRAM_BOT_TOKEN": TOKEN}, "http://127.0.0.1:1"),
        ({"TELEGRAM_BOT_TOKEN": TOKEN}, "http://127.0.0.1:1/%zz"),
    ):
        raw = document({"n": node("TelegramSendMessageNode", **{**config, "api_url": url})})
        events, result = told(raw, environment=environment)
        assert result.error is not None
        assert TOKEN not in json.dumps(events)
        assert TOKEN not in f"{result}"
    assert TOKEN not in caplog.text
    monkeypatch.setattr(request, "MAX_BODY_BYTES", 10)
    telegram.instead = [Reply(body="x" * 11)]
    raw = document({"n": node("TelegramSendMessageNode", **config)})
    events, result = told(raw, environment={"TELEGRAM_BOT_TOKEN": TOKEN})
    assert result.error is not None
    assert result.error.code == "RESOURCE_EXHAUSTED"
    assert TOKEN not in f"{result} {events}"
    with silent() as port:
        url = f"http://127.0.0.1:{port}"
        raw = document({"n": node("TelegramSendMessageNode", **{**config, "api_url": url})})
        events, result = told(raw, environment={"TELEGRAM_BOT_TOKEN": TOKEN})
        assert result.error is not None
        assert (result.error.code, "not known" in result.error.message) == ("TIMEOUT", True)
        assert TOKEN not in f"{result} {events}"


def test_nothing_listens_is_told_plainly_and_is_no_doubt(telegram: Telegram) -> None:
    code, message = failed(telegram, "SendMessage", text="x", api_url="http://127.0.0.1:1")
    assert (code, message) == (
        "CONNECTION_REFUSED",
        "POST http://127.0.0.1:1/bot***/sendMessage: connection refused",
    )


def test_the_token_and_the_server_come_with_a_credential(telegram: Telegram) -> None:
    fields = {"bot_token": TOKEN, "api_url": f"{telegram.url}/"}
    config = {"credential_name": "bot", "bot_token": "1:x", "api_url": "http://127.0.0.1:1"}
    done(telegram, "SendMessage", text="x", **config, options={"variables": {"bot": fields}})
    environment = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": telegram.url}
    config = {"bot_token": "", "api_url": ""}
    done(telegram, "SendMessage", text="x", **config, options={"environment": environment})
    assert telegram.methods() == ["sendMessage"] * 2


def test_a_blocked_run_does_not_reach_this_machine(telegram: Telegram) -> None:
    options = {"block_private_addresses": True}
    assert failed(telegram, "SendMessage", text="x", options=options)[0] == "PERMISSION_DENIED"
    assert telegram.seen == []


def test_the_run_goes_on_after_a_message(telegram: Telegram) -> None:
    login = {"bot_token": TOKEN, "api_url": telegram.url, "chat_id": PERSON}
    raw = document(
        {
            "send": node("TelegramSendMessageNode", **login, text="open"),
            "edit": node(
                "TelegramEditMessageNode", **login, message_id="{{send.message_id}}", text="paid"
            ),
        },
        chain("send", "edit"),
    )
    _, result = told(raw)
    assert result.success, result.error
    assert telegram.messages[100]["text"] == "paid"


def test_without_an_address_it_is_telegram_s_own() -> None:
    assert PUBLIC_API == "https://api.telegram.org"
    assert telegram_send.MOST_FILE_MIB == 50
    for name in catalogue.implemented():
        if name.startswith("Telegram") and not name.endswith("TriggerNode"):
            assert catalogue.node_class(name).params["api_url"].default == ""
