from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from casare_rpa import errors
from casare_rpa.client import OrchestratorClient
from casare_rpa.retrying import backoff_seconds


class Answers(BaseHTTPRequestHandler):
    """Answers what the test put into `queue`: (status, headers, body)."""

    queue: ClassVar[list[tuple[int, dict[str, str], bytes]]] = []

    def do_GET(self) -> None:
        status, headers, body = self.queue.pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    Answers.queue = []
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def client(server: str) -> Iterator[OrchestratorClient]:
    with OrchestratorClient(server, "sk_live_x") as client:
        yield client


def test_the_class_that_the_server_raised_comes_out(client: OrchestratorClient) -> None:
    body = b'{"error": {"code": "EVENT_GAP", "message": "m", "details": {"expected": 7}}}'
    Answers.queue = [(409, {"X-Request-ID": "req_1"}, body)]
    with pytest.raises(errors.EventGap) as caught:
        client.job("x")
    assert caught.value.expected == 7
    assert caught.value.request_id == "req_1"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, errors.Unauthenticated),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (410, errors.LeaseLost),
        (418, errors.BadRequest),
        (500, errors.ServerFailed),
        (503, errors.Unavailable),
    ],
)
def test_an_error_without_a_known_code_goes_by_its_status(
    client: OrchestratorClient, status: int, kind: type[errors.CasareError]
) -> None:
    Answers.queue = [(status, {}, b'{"detail": "what happened"}')]
    with pytest.raises(kind, match="what happened"):
        client.job("x")


@pytest.mark.parametrize("status", [200, 401, 404, 502])
def test_a_proxys_page_is_never_taken_for_an_answer(
    client: OrchestratorClient, status: int
) -> None:
    Answers.queue = [(status, {"Content-Type": "text/html"}, b"<html>hello</html>")]
    with pytest.raises(errors.Unreachable, match="not JSON") as caught:
        client.jobs()
    assert caught.value.retryable


def test_a_body_that_is_not_in_its_encoding_is_worth_another_try(
    client: OrchestratorClient,
) -> None:
    Answers.queue = [(200, {"Content-Encoding": "gzip"}, b"no gzip")]
    with pytest.raises(errors.Unreachable) as caught:
        client.jobs()
    assert caught.value.retryable


def test_nobody_listening_is_said_in_one_line() -> None:
    with (
        OrchestratorClient("http://127.0.0.1:9") as client,
        pytest.raises(errors.Unreachable, match="connection refused"),
    ):
        client.health()


@pytest.mark.parametrize(
    "url",
    ["localhost:8000", "ftp://x", "http://", "", "http://[::1", "http://h:99999", "http://h:x"],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(errors.ConfigInvalid, match="address is wrong"):
        OrchestratorClient(url)


def test_back_off_doubles_has_a_ceiling_and_full_jitter() -> None:
    full = [backoff_seconds(n, first=1, most=8, jitter=lambda: 1.0) for n in range(1, 6)]
    assert full == [1, 2, 4, 8, 8]
    assert backoff_seconds(3, first=1, most=8, jitter=lambda: 0.5) == 2
    assert backoff_seconds(3, first=1, most=8, jitter=lambda: 0.0) > 0


@pytest.mark.parametrize("key", ["sk_live_a\nb", "schlüssel", "two words"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(errors.Unauthenticated) as refused:
        OrchestratorClient("http://127.0.0.1:9", key)
    assert key not in str(refused.value)


@pytest.mark.parametrize("word", ["", ".", ".."])
def test_an_id_never_leads_to_another_path(client: OrchestratorClient, word: str) -> None:
    for ask in (client.job, client.workflow, client.robot, client.cancel, client.delete_workflow):
        with pytest.raises(errors.NotFound, match="nothing has the id"):
            ask(word)


def test_a_list_is_never_taken_for_a_job(client: OrchestratorClient) -> None:
    Answers.queue = [(200, {}, b'{"jobs": []}')]
    with pytest.raises(errors.NotFound, match="'active'"):
        client.job("active")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 507, 599])
def test_which_answers_are_worth_another_try(client: OrchestratorClient, status: int) -> None:
    Answers.queue = [(status, {}, b'{"detail": "later"}')]
    with pytest.raises(errors.CasareError) as caught:
        client.job("x")
    assert caught.value.retryable


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 405, 409, 410, 413, 415, 418, 421, 422, 431]
)
def test_which_answers_are_the_last_word(client: OrchestratorClient, status: int) -> None:
    Answers.queue = [(status, {}, b'{"detail": "never"}')]
    with pytest.raises(errors.CasareError) as caught:
        client.job("x")
    assert not caught.value.retryable


@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_the_server_asks_for_is_told(client: OrchestratorClient, status: int) -> None:
    Answers.queue = [(status, {"Retry-After": "7"}, b'{"detail": "busy"}')]
    with pytest.raises(errors.Unavailable) as caught:
        client.job("x")
    assert caught.value.retry_after_seconds == 7.0


def test_a_call_is_repeated_after_an_answer_that_never_came() -> None:
    """The first connection is accepted and says nothing; the second one breaks."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with OrchestratorClient(url, request_timeout_seconds=0.2) as client:
            with pytest.raises(errors.Unreachable) as caught:
                client.health()
            assert caught.value.retryable
            silent, _ = listener.accept()
            silent.close()
            breaking = threading.Thread(target=lambda: listener.accept()[0].close())
            breaking.start()
            with pytest.raises(errors.Unreachable):
                client.health()
            breaking.join(10)


def test_nobody_here_is_told_to_start_one_and_a_silent_one_is_looked_at() -> None:
    def hint(url: str) -> str:
        with (
            OrchestratorClient(url, "sk_live_x", request_timeout_seconds=0.1) as client,
            pytest.raises(errors.Unreachable) as told,
        ):
            client.health()
        return str(told.value.hint)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert "casare-rpa orchestrator start" in hint(url)
        listener.listen()
        assert "casare-rpa doctor" in hint(url)
