"""WhatsApp, against a server that checks what the Cloud API checks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.engine import RunResult
from casare_rpa.engine.context import RunContext
from tests.support.api_server import Reply, serving
from tests.support.runs import document, node, run_node
from tests.support.told import told
from tests.support.whatsapp_server import SENDER, TOKEN, WhatsApp, refusal

ADA = "+49 170 1234567"
BUTTONS = {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Yes"}}]}
DAYS = {
    "button": "Choose",
    "sections": [{"title": "Days", "rows": [{"id": "mon", "title": "Monday"}]}],
}


@pytest.fixture
def whatsapp() -> Iterator[WhatsApp]:
    with serving(WhatsApp()) as running:
        yield running


def do(whatsapp: WhatsApp, what: str, **config: Any) -> RunResult:
    options = config.pop("options", {})
    login = {"access_token": TOKEN, "phone_number_id": SENDER, "api_url": whatsapp.api, "to": ADA}
    return run_node(f"WhatsAppSend{what}Node", {**login, **config}, **options)


def done(whatsapp: WhatsApp, what: str, **config: Any) -> dict[str, Any]:
    result = do(whatsapp, what, **config)
    assert result.success, result.error
    return dict(result.outputs["n"])


def failed(whatsapp: WhatsApp, what: str, **config: Any) -> tuple[str, str]:
    error = do(whatsapp, what, **config).error
    assert error is not None
    assert TOKEN not in f"{error}"
    return error.code, error.message.removeprefix(f"node n (WhatsAppSend{what}Node): ")


def test_a_text_is_sent(whatsapp: WhatsApp) -> None:
    sent = {"message_id": "wamid.1", "phone_number": "491701234567", "success": True, "error": ""}
    assert done(whatsapp, "Message", message="Grüße") == {**sent, "text": "Grüße"}
    assert whatsapp.messages[0] == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": ADA,
        "type": "text",
        "text": {"preview_url": False, "body": "Grüße"},
    }
    done(whatsapp, "Message", text="see https://example.org", preview_url="yes", to=491701234567)
    assert whatsapp.messages[1]["text"]["preview_url"] is True
    assert whatsapp.messages[1]["to"] == "491701234567"


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("as_json", [False, True])
def test_a_template_is_filled(whatsapp: WhatsApp, alone: bool, as_json: bool) -> None:
    component = {"type": "body", "parameters": [{"type": "text", "text": "7"}]}
    given: Any = component if alone else [component]
    given = json.dumps(given) if as_json else given
    got = done(whatsapp, "Template", template_name="invoice_paid", components=given)
    assert got["template_name"] == "invoice_paid"
    assert whatsapp.messages[0]["template"]["components"] == [component]


def test_a_template_that_is_not_there_is_told(whatsapp: WhatsApp) -> None:
    code, message = failed(whatsapp, "Template", template_name="nonsense")
    assert (code, message) == (
        "VALIDATION_FAILED",
        "WhatsApp refuses the request: 132001 (#132001) Request refused (template name does not"
        " exist in the translation); check template_name and language_code; the template has to be"
        " approved",
    )
    assert "fill each variable" in failed(whatsapp, "Template", template_name="invoice_paid")[1]
    for components in ([1], {"body": "x"}, "nothing"):
        config = {"template_name": "invoice_paid", "components": components}
        assert failed(whatsapp, "Template", **config)[0] in ("INVALID_INPUT", "TYPE_MISMATCH")


def test_a_place_is_sent(whatsapp: WhatsApp) -> None:
    place = {"latitude": 0, "longitude": "2.2945"}
    got = done(whatsapp, "Location", **place, name="Tour Eiffel")
    assert (got["latitude"], got["longitude"]) == (0.0, 2.2945)
    assert whatsapp.messages[0]["location"] == {
        **{"latitude": 0.0, "longitude": 2.2945, "name": "Tour Eiffel"}
    }
    assert failed(whatsapp, "Location", latitude=0, longitude=181)[0] == "VALUE_OUT_OF_RANGE"


def test_buttons_and_lists_are_sent(whatsapp: WhatsApp) -> None:
    got = done(
        whatsapp,
        "Interactive",
        body_text="Pay?",
        action_json=json.dumps(BUTTONS),
        header_json={"type": "text", "text": "Invoice 7"},
        footer_text="by Friday",
    )
    assert got["interactive_type"] == "button"
    assert whatsapp.messages[0]["interactive"] == {
        "type": "button",
        "header": {"type": "text", "text": "Invoice 7"},
        "body": {"text": "Pay?"},
        "footer": {"text": "by Friday"},
        "action": BUTTONS,
    }
    got = done(whatsapp, "Interactive", interactive_type="LIST", body_text="x", action_json=DAYS)
    assert got["interactive_type"] == "list"
    assert whatsapp.messages[1]["interactive"] == {
        **{"type": "list", "body": {"text": "x"}, "action": DAYS}
    }


@pytest.mark.parametrize(
    ("what", "config", "code"),
    [
        ("Message", {"text": " "}, "MISSING_REQUIRED_FIELD"),
        ("Message", {"text": "{{nothing}}"}, "MISSING_REQUIRED_FIELD"),
        ("Template", {"template_name": "{{nothing}}"}, "MISSING_REQUIRED_FIELD"),
        ("Message", {"text": "x", "to": ""}, "MISSING_REQUIRED_FIELD"),
        ("Message", {"text": "x", "to": "Ada"}, "INVALID_INPUT"),
        ("Message", {"text": "x", "to": "{{nobody}}"}, "MISSING_REQUIRED_FIELD"),
        ("Message", {"text": "x", "access_token": ""}, "MISSING_REQUIRED_FIELD"),
        ("Message", {"text": "x", "access_token": "a\r\nX: y"}, "INVALID_INPUT"),
        ("Message", {"text": "x", "phone_number_id": ""}, "MISSING_REQUIRED_FIELD"),
        ("Message", {"text": "x", "phone_number_id": "../me"}, "INVALID_INPUT"),
        ("Interactive", {"body_text": "x", "action_json": {}}, "INVALID_INPUT"),
        ("Interactive", {"body_text": "x", "action_json": "nothing"}, "TYPE_MISMATCH"),
        (
            "Interactive",
            {"body_text": "x", "action_json": {"buttons": BUTTONS["buttons"] * 4}},
            "INVALID_INPUT",
        ),
        (
            "Interactive",
            {
                "body_text": "x",
                "interactive_type": "list",
                "action_json": {"sections": DAYS["sections"]},
            },
            "INVALID_INPUT",
        ),
        ("Interactive", {"body_text": "x", "interactive_type": "flow"}, "INVALID_INPUT"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    whatsapp: WhatsApp, what: str, config: dict[str, Any], code: str
) -> None:
    assert failed(whatsapp, what, **config)[0] == code
    assert whatsapp.seen == []


@pytest.mark.parametrize(
    ("what", "name", "content_type"),
    [
        ("Image", "größe.png", "image/png"),
        ("Video", "tour.mp4", "video/mp4"),
        ("Document", "größe.pdf", "application/pdf"),
    ],
)
def test_a_file_is_uploaded_and_sent(
    whatsapp: WhatsApp, tmp_path: Path, what: str, name: str, content_type: str
) -> None:
    (tmp_path / name).write_bytes(bytes(range(256)))
    kind, options = what.lower(), {"folder": tmp_path}
    got = done(whatsapp, what, **{kind: name}, caption="März", options=options)
    assert got[f"{kind}_path"] == str(tmp_path / name)
    ((media_id, file),) = whatsapp.media.items()
    assert (file.content, file.content_type, file.name) == (bytes(range(256)), content_type, name)
    named = {"filename": name} if kind == "document" else {}
    assert whatsapp.messages[0][kind] == {"id": media_id, "caption": "März", **named}
    done(whatsapp, what, **{kind: media_id})
    assert whatsapp.messages[1][kind] == {"id": media_id}
    done(whatsapp, what, **{kind: f"https://example.org/{name}"})
    assert whatsapp.messages[2][kind] == {"link": f"https://example.org/{name}"}


def test_a_document_is_called_otherwise(whatsapp: WhatsApp, tmp_path: Path) -> None:
    (tmp_path / "x.tmp").write_bytes(b"%PDF")
    options = {"folder": tmp_path}
    done(whatsapp, "Document", document="x.tmp", filename="Rechnung.pdf", options=options)
    assert next(iter(whatsapp.media.values())).name == "Rechnung.pdf"
    assert whatsapp.messages[0]["document"]["filename"] == "Rechnung.pdf"
    done(whatsapp, "Document", document="https://example.org/7", filename="Rechnung.pdf")
    assert whatsapp.messages[1]["document"]["filename"] == "Rechnung.pdf"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("Zahlen.csv", "text/plain"),
        ("a.json", "text/plain"),
        ("robot.log", "text/plain"),
        ("README.MD", "text/plain"),
        ("a.doc", "application/msword"),
        ("a.xls", "application/vnd.ms-excel"),
        ("a.ppt", "application/vnd.ms-powerpoint"),
        ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ],
)
def test_a_document_goes_as_a_type_that_whatsapp_takes_under_its_own_name(
    whatsapp: WhatsApp, tmp_path: Path, name: str, content_type: str
) -> None:
    (tmp_path / name).write_bytes(b"a;b\n")
    done(whatsapp, "Document", document=name, options={"folder": tmp_path})
    (file,) = whatsapp.media.values()
    assert (file.name, file.content_type) == (name, content_type)
    assert whatsapp.messages[0]["document"]["filename"] == name


def test_a_document_that_whatsapp_does_not_take_is_named_with_the_mend(
    whatsapp: WhatsApp, tmp_path: Path
) -> None:
    options = {"folder": tmp_path}
    for name, looks in (
        ("a.zip", "is a .zip file"),
        ("a.ODT", "is a .odt file"),
        ("notes", "has no type at the end of its name"),
    ):
        (tmp_path / name).write_bytes(b"x")
        assert failed(whatsapp, "Document", document=name, options=options) == (
            "INVALID_INPUT",
            f"document: {tmp_path / name} {looks}, and WhatsApp takes PDF, Word, Excel, PowerPoint"
            " and text documents only; make a PDF of it, call it by filename what it is if that is"
            " one of these, or send a link to it with WhatsAppSendMessageNode",
        )
    assert whatsapp.seen == []
    done(whatsapp, "Document", document="notes", filename="notes.txt", options=options)


def test_files_that_cannot_go_are_not_uploaded(whatsapp: WhatsApp, tmp_path: Path) -> None:
    options = {"folder": tmp_path}
    (tmp_path / "a.gif").write_bytes(b"GIF89a")
    (tmp_path / "none.png").touch()
    with (tmp_path / "big.png").open("wb") as stream:
        stream.truncate((5 << 20) + 1)
    for name, code in (
        ("a.gif", "INVALID_INPUT"),
        ("none.png", "INVALID_INPUT"),
        ("big.png", "VALUE_OUT_OF_RANGE"),
        ("../a.png", "PERMISSION_DENIED"),
        ("b.png", "FILE_NOT_FOUND"),
    ):
        assert failed(whatsapp, "Image", image=name, options=options)[0] == code
    assert whatsapp.seen == []


def test_a_refused_upload_sends_nothing(whatsapp: WhatsApp, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"x")
    whatsapp.instead = [refusal(100, "Param file must be a file with one of the following types")]
    got = failed(whatsapp, "Document", document="a.pdf", options={"folder": tmp_path})
    assert (got[0], "one of the following types" in got[1]) == ("VALIDATION_FAILED", True)
    whatsapp.instead = [Reply(body=None)]
    code, message = failed(whatsapp, "Document", document="a.pdf", options={"folder": tmp_path})
    assert (code, "not known" in message) == ("NETWORK_ERROR", False)
    assert whatsapp.messages == []


def test_a_refusal_says_what_whatsapp_says(whatsapp: WhatsApp) -> None:
    code, message = failed(whatsapp, "Message", text="x", access_token="EAAwrong")
    assert (code, "190 (#190)" in message, "make a new one" in message) == (
        "PERMISSION_DENIED",
        True,
        True,
    )
    code, message = failed(whatsapp, "Message", text="x" * 4097)
    assert (code, "at most 4096 characters long" in message) == ("VALIDATION_FAILED", True)
    whatsapp.instead = [refusal(131047, "Re-engagement message")]
    assert "only a template" in failed(whatsapp, "Message", text="x")[1]
    whatsapp.instead = [refusal(100, f"Bearer {TOKEN} is odd")]
    assert "Bearer *** is odd" in failed(whatsapp, "Message", text="x")[1]


def test_too_many_messages_are_waited_for(whatsapp: WhatsApp) -> None:
    whatsapp.instead = [
        refusal(130429, "Rate limit hit", status=429, retry_after="0"),
        refusal(131056, "Pair rate limit hit", retry_after="0"),
    ]
    assert done(whatsapp, "Message", text="x")["message_id"] == "wamid.1"
    assert len(whatsapp.seen) == 3
    whatsapp.instead = [refusal(131056, "Pair rate limit hit")]
    assert done(whatsapp, "Message", text="x")["message_id"] == "wamid.2"
    whatsapp.instead = [refusal(80007, "Rate limit", retry_after="3600")]
    code, message = failed(whatsapp, "Message", text="x")
    assert (code, "a pause of 3600 s" in message) == ("NETWORK_ERROR", True)
    assert len(whatsapp.seen) == 6


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=None),
        Reply(status=502, body="<h1>Bad Gateway</h1>"),
        refusal(131000, "Something went wrong", status=500),
        refusal(4, "Application request limit reached", status=500, retry_after="0"),
        refusal(80007, "Rate limit issues", status=503, retry_after="0"),
        refusal(130429, "Rate limit hit", status=500, retry_after="0"),
        refusal(131056, "Pair rate limit hit", status=502, retry_after="0"),
        Reply(body={"messaging_product": "whatsapp"}),
    ],
)
def test_what_may_have_been_sent_is_not_sent_twice(whatsapp: WhatsApp, reply: Reply) -> None:
    whatsapp.instead = [reply]
    assert failed(whatsapp, "Message", text="x")[1].endswith("whether it was done is not known")
    assert len(whatsapp.seen) == 1


def test_a_server_that_is_not_the_cloud_api_is_named(whatsapp: WhatsApp) -> None:
    whatsapp.instead = [Reply(body="<h1>It works!</h1>")]
    code, message = failed(whatsapp, "Message", text="x")
    assert (code, message) == (
        "API_ERROR",
        f"{whatsapp.api}/{SENDER}/messages: HTTP 200, and not an answer of the Cloud API;"
        " check api_url",
    )
    assert failed(whatsapp, "Message", text="x", api_url="http://127.0.0.1:1")[0] == (
        "CONNECTION_REFUSED"
    )


def test_the_token_does_not_follow_a_redirect(whatsapp: WhatsApp) -> None:
    where = {"Location": f"http://localhost:{whatsapp.server_port}/v24.0/{SENDER}/messages"}
    whatsapp.instead = [Reply(status=307, body="", headers=where)]
    assert "HTTP 307" in failed(whatsapp, "Message", text="x")[1]
    assert len(whatsapp.seen) == 1


def test_token_sender_and_server_come_with_a_credential(
    whatsapp: WhatsApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"access_token": TOKEN, "phone_number_id": SENDER, "api_url": whatsapp.api}
    config = {"credential_name": "wa", "access_token": "", "phone_number_id": "1"}
    done(whatsapp, "Message", text="x", **config, options={"variables": {"wa": fields}})
    monkeypatch.setattr(RunContext, "conceal", lambda self, value: None)
    raw = document({"n": node("WhatsAppSendMessageNode", to=ADA, text="x")})
    environment = {
        "WHATSAPP_ACCESS_TOKEN": TOKEN,
        "WHATSAPP_PHONE_NUMBER_ID": SENDER,
        "WHATSAPP_API_URL": whatsapp.api,
    }
    events, result = told(raw, environment=environment)
    assert result.success, result.error
    assert TOKEN not in f"{events} {result}"
    assert len(whatsapp.messages) == 2


def test_a_blocked_run_does_not_reach_this_machine(whatsapp: WhatsApp) -> None:
    options = {"block_private_addresses": True}
    assert failed(whatsapp, "Message", text="x", options=options)[0] == "PERMISSION_DENIED"
    assert whatsapp.seen == []
