"""Signing in to Google: which account counts, and what becomes of its token."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.nodes.google.drive import SCOPES, Drive
from tests.nodes.google.runs import Robot
from tests.nodes.google.server import CLIENT, EMAIL, REFRESH_TOKEN, Google, Reply, refusal
from tests.support.runs import chain, node

USER = {"type": "authorized_user", "refresh_token": REFRESH_TOKEN, **CLIENT}
TOKEN = "token-by-hand"


def _get(robot: Robot, **config: Any) -> dict[str, Any]:
    return robot.outputs("DriveGetFileNode", file_id="item-1", **config)


@pytest.fixture(autouse=True)
def _one_file_and_a_service_account(google: Google, drive: Drive, robot: Robot) -> None:
    drive.add("a.pdf", b"content")
    robot.secrets["google"] = google.key_file()


def test_a_service_account_signs_for_its_token(google: Google, robot: Robot) -> None:
    assert _get(robot)["name"] == "a.pdf"
    (grant,) = google.grants
    assert grant["claims"]["iss"] == EMAIL
    assert grant["claims"]["scope"] == SCOPES[0]
    assert "sub" not in grant["claims"]


def test_a_service_account_acts_for_a_user_of_its_organisation(
    google: Google, robot: Robot
) -> None:
    robot.secrets["google"] = google.key_file(subject="ada@example.org")
    _get(robot)
    assert google.grants[0]["claims"]["sub"] == "ada@example.org"


def test_a_user_s_permission_gives_a_token(google: Google, robot: Robot) -> None:
    robot.secrets["mine"] = USER
    _get(robot, credential_name="mine")
    assert google.grants[0]["refresh_token"] == REFRESH_TOKEN


@pytest.mark.parametrize("named", ["credential_name", "credential_id"])
@pytest.mark.parametrize("stored", ["by-hand", {"access_token": "by-hand"}, {"token": "by-hand"}])
def test_a_stored_token_is_used_as_it_is(
    google: Google, robot: Robot, named: str, stored: Any
) -> None:
    google.give_token("by-hand")
    robot.secrets["mine"] = stored
    _get(robot, **{named: "mine"})
    assert google.grants == []


@pytest.mark.parametrize(
    "more",
    [
        {"refresh_token": ""},
        {"refresh_token": None, **CLIENT},
        {"refresh_token": REFRESH_TOKEN, "expires_in": 3599, "token_type": "Bearer"},
        {"refresh_token": REFRESH_TOKEN, **CLIENT, "client_secret": ""},
        {"private_key": ""},
    ],
)
def test_an_access_token_counts_beside_what_is_no_whole_permission(
    google: Google, robot: Robot, more: dict[str, Any]
) -> None:
    robot.secrets["mine"] = {"access_token": google.give_token("by-hand"), **more}
    _get(robot, credential_name="mine")
    assert google.grants == []


def test_a_whole_permission_goes_before_an_access_token(google: Google, robot: Robot) -> None:
    robot.secrets["mine"] = {"access_token": "of yesterday", **USER}
    _get(robot, credential_name="mine")
    assert len(google.grants) == 1


@pytest.mark.parametrize("form", ["text", "map", "file", "written out"])
def test_a_key_is_masked_wherever_it_comes_from(
    google: Google, robot: Robot, tmp_path: Path, form: str
) -> None:
    key = google.key_file()
    line = google.key.pem.splitlines()[1]
    if form == "written out":
        key["private_key"] = key["private_key"].replace("\n", "\\n")
    (tmp_path / "key.json").write_text(json.dumps(key))
    given: dict[str, Any] = {
        "text": {"service_account_json": json.dumps(key)},
        "file": {"service_account_file": "key.json"},
    }.get(form, {"service_account_json": key})
    get = node("DriveGetFileNode", file_id="item-1", **given)
    say = node("LogNode", message=f"{line} token-1!")
    result = robot.run_nodes({"get": get, "say": say}, chain("get", "say"))
    assert result.success, result.error
    assert "*** ***!" in robot.told()
    assert line not in robot.told()


@pytest.mark.parametrize(
    "stored",
    [
        {"refresh_token": REFRESH_TOKEN, **CLIENT},
        {"access_token": "token-by-hand"},
        "token-by-hand",
    ],
)
def test_what_a_variable_holds_is_masked(google: Google, robot: Robot, stored: Any) -> None:
    secrets = (REFRESH_TOKEN, CLIENT["client_secret"]) if "client_id" in stored else (TOKEN,)
    text = stored if isinstance(stored, str) else json.dumps(stored)
    google.give_token(TOKEN)
    result = robot.run_nodes(
        {
            "set": node("SetVariableNode", variable_name="mine", value=text),
            "get": node("DriveGetFileNode", file_id="item-1", credential_name="mine"),
            "say": node("LogNode", message="|".join(secrets) + "|end"),
        },
        chain("set", "get", "say"),
    )
    assert result.success, result.error
    assert "|".join(["***"] * len(secrets)) + "|end" in robot.told()


@pytest.mark.parametrize("as_text", [True, False])
def test_a_key_is_given_by_the_node(google: Google, robot: Robot, as_text: bool) -> None:
    del robot.secrets["google"]
    key = google.key_file()
    _get(robot, service_account_json=json.dumps(key) if as_text else key)
    assert len(google.grants) == 1


def test_a_key_file_is_given_by_the_node_the_secret_or_the_environment(
    google: Google, robot: Robot, tmp_path: Path
) -> None:
    (tmp_path / "key.json").write_text(json.dumps(google.key_file()))
    _get(robot, service_account_file="key.json")
    robot.secrets["mine"] = {"service_account_file": "key.json", "subject": "ada@example.org"}
    _get(robot, credential_name="mine")
    del robot.secrets["google"]
    robot.environment["GOOGLE_APPLICATION_CREDENTIALS"] = str(tmp_path / "key.json")
    _get(robot)
    assert [grant["claims"].get("sub") for grant in google.grants] == [
        None,
        "ada@example.org",
        None,
    ]


def test_the_node_s_own_account_goes_before_the_robot_s(google: Google, robot: Robot) -> None:
    _get(robot, access_token=google.give_token())
    _get(robot, access_token=google.give_token(), credential_name="google")
    assert google.grants == []


def test_a_credential_goes_before_the_node_s_own_token(google: Google, robot: Robot) -> None:
    robot.secrets["mine"] = USER
    _get(robot, access_token="no good", credential_name="mine")
    assert len(google.grants) == 1


def test_a_credential_that_is_named_and_missing_is_not_replaced_by_the_robot_s(
    google: Google, robot: Robot
) -> None:
    code, message = robot.failure("DriveGetFileNode", file_id="item-1", credential_name="yours")
    assert (code, google.grants) == ("RESOURCE_NOT_FOUND", [])
    assert "yours" in message
    _get(robot, credential_name="yours", access_token=google.give_token())


def test_without_an_account_the_node_says_where_it_looked(robot: Robot) -> None:
    del robot.secrets["google"]
    code, message = robot.failure("DriveGetFileNode", file_id="item-1")
    assert code == "MISSING_REQUIRED_FIELD"
    assert "GOOGLE_APPLICATION_CREDENTIALS" in message


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ({"type": "external_account"}, "no Google account of the type 'external_account'"),
        ({"type": "service_account"}, "has no client_email"),
        ({"refresh_token": "x", "client_id": "y"}, "has no client_secret"),
        ({"service_account_json": "{"}, "service_account_json of the credential 'bad' is not JSON"),
        ({"service_account_json": "[1]"}, "is no JSON object"),
        ({"service_account_file": "none.json"}, "none.json"),
        ({"private_key": "not PEM", "client_email": EMAIL}, "is no RSA key"),
        ("two words", "is none"),
    ],
)
def test_an_account_that_is_none_says_what_is_wrong(robot: Robot, stored: Any, words: str) -> None:
    robot.secrets["bad"] = stored
    _, message = robot.failure("DriveGetFileNode", file_id="item-1", credential_name="bad")
    assert words in message


def test_a_key_of_another_kind_is_refused(google: Google, robot: Robot) -> None:
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    robot.secrets["google"] = google.key_file(private_key=other.decode())
    code, message = robot.failure("DriveGetFileNode", file_id="item-1")
    assert (code, "is no RSA key" in message) == ("CONFIG_INVALID", True)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"refresh_token": "taken-back"}, "expired or revoked"),
        ({"client_secret": "another"}, "client was not found"),
    ],
)
def test_a_refused_sign_in_tells_why_and_no_secret(
    robot: Robot, wrong: dict[str, str], words: str
) -> None:
    robot.secrets["mine"] = {**USER, **wrong}
    code, message = robot.failure("DriveGetFileNode", file_id="item-1", credential_name="mine")
    assert code == "PERMISSION_DENIED"
    assert words in message
    assert next(iter(wrong.values())) not in message


def test_a_token_is_asked_for_once_a_run(google: Google, robot: Robot) -> None:
    get = node("DriveGetFileNode", file_id="item-1")
    result = robot.run_nodes({"a": get, "b": get, "c": get}, chain("a", "b", "c"))
    assert result.success, result.error
    assert (len(google.grants), len(google.seen)) == (1, 3)


def test_a_token_that_is_taken_back_is_replaced_once(google: Google, robot: Robot) -> None:
    google.trouble("GET", "/drive", refusal(401, "Invalid Credentials", "authError"))
    assert _get(robot)["name"] == "a.pdf"
    assert [call.headers["authorization"] for call in google.seen] == [
        "Bearer token-1",
        "Bearer token-2",
    ]


def test_a_new_token_that_is_refused_too_fails_the_node(google: Google, robot: Robot) -> None:
    google.trouble("GET", "/drive", refusal(401, "Invalid Credentials", "authError"), times=9)
    code, message = robot.failure("DriveGetFileNode", file_id="item-1")
    assert (code, len(google.seen), len(google.grants)) == ("PERMISSION_DENIED", 2, 2)
    assert "Invalid Credentials" in message


def test_a_token_that_cannot_be_replaced_is_not_tried_again(google: Google, robot: Robot) -> None:
    code, message = robot.failure(
        "DriveGetFileNode", file_id="item-1", access_token="a-token-of-yesterday"
    )
    assert (code, len(google.seen)) == ("PERMISSION_DENIED", 1)
    assert "has expired or was taken back" in message


def test_a_token_for_other_scopes_is_told(google: Google, robot: Robot) -> None:
    token = google.give_token("narrow", ["https://www.googleapis.com/auth/spreadsheets"])
    code, message = robot.failure("DriveGetFileNode", file_id="item-1", access_token=token)
    assert code == "PERMISSION_DENIED"
    assert "not signed in for the scopes" in message


def test_no_token_and_no_key_is_in_anything_that_a_run_tells(google: Google, robot: Robot) -> None:
    secret = "ya29.a-token-that-google-repeats"
    for value in (secret, "token-1"):
        google.give_token(value)
        google.trouble("GET", "/drive", refusal(400, f"what is {value}?", "invalid"))
    _, message = robot.failure("DriveGetFileNode", file_id="item-1", access_token=secret)
    robot.failure("DriveGetFileNode", file_id="item-1")
    google.trouble("GET", "/drive", refusal(401, "no", "authError"), times=9)
    robot.failure("DriveGetFileNode", file_id="item-1")
    told = robot.told() + message
    assert told.count("what is ***?") >= 3
    for text in (secret, "Bearer", "token-1", google.key.pem.splitlines()[1]):
        assert text not in told


def test_an_answer_without_a_token_is_told(google: Google, robot: Robot) -> None:
    robot.secrets["google"] = google.key_file(token_uri=f"{google.url}/drive/v3/about")
    google.trouble("POST", "/drive", Reply(200, b"{}"))
    code, message = robot.failure("DriveGetFileNode", file_id="item-1")
    assert (code, "has no access_token" in message) == ("API_ERROR", True)


def test_a_run_that_is_to_reach_no_private_address_reaches_none(robot: Robot) -> None:
    result = robot.run_nodes(
        {"n": node("DriveGetFileNode", file_id="item-1")}, block_private_addresses=True
    )
    assert result.error is not None
    assert result.error.code == "PERMISSION_DENIED"


def test_an_address_that_is_none_is_refused(robot: Robot) -> None:
    robot.environment["GOOGLE_API_BASE_URL"] = "localhost:8080"
    code, message = robot.failure("DriveGetFileNode", file_id="item-1")
    assert (code, "GOOGLE_API_BASE_URL" in message) == ("CONFIG_INVALID", True)
