"""A real HTTP server that speaks the protocols of OpenAI and Anthropic, and is as strict as they.

What it answers is written down beforehand (`say`); what it is asked is checked as the real services
check it, and kept in `asked`. Embeddings are counts of words, so that texts with words in common
are near each other.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-test-0123456789abcdef"
DIMENSIONS = 64
_OPENAI_TAKES = frozenset(
    {
        *("model", "messages", "max_tokens", "max_completion_tokens", "temperature", "tools"),
        *("response_format",),
    }
)
_ANTHROPIC_TAKES = frozenset({"model", "messages", "max_tokens", "temperature", "tools", "system"})
_KINDS = frozenset({"object", "array", "string", "integer", "number", "boolean"})


@dataclass(frozen=True)
class Calls:
    """The model wants tools used: pairs of a name and its arguments, as text if they are broken."""

    tools: tuple[tuple[str, Any], ...]
    text: str = ""


@dataclass(frozen=True)
class Cut:
    """The model stopped at the limit of tokens."""

    text: str


@dataclass(frozen=True)
class Refusal:
    """The service answers with a status that is an error."""

    status: int
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Wrong(Exception):
    """The request breaks the protocol."""


class ModelServer(ThreadingHTTPServer):
    """`key` empty: it asks for none. `refused_parameters` are not taken, as some models do."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key = KEY
        self.asked: list[dict[str, Any]] = []
        self.answers: deque[Any] = deque()
        self.refused_parameters: frozenset[str] = frozenset()
        self.busy: deque[Refusal] = deque()
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def say(self, *answers: Any) -> None:
        """What the model answers next: a text, a value that is sent as JSON, Calls or Cut."""
        self.answers.extend(answers)

    def bodies(self) -> list[dict[str, Any]]:
        return [request["body"] for request in self.asked]

    def last_text(self) -> str:
        """All that was said to the model last, system prompt included."""
        return json.dumps(self.asked[-1]["body"], ensure_ascii=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave early are what some tests are about."""


@contextmanager
def serving() -> Iterator[ModelServer]:
    server = ModelServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def vector_of(text: str) -> list[float]:
    """How often each word comes, by its place."""
    counts = [0.0] * DIMENSIONS
    for word in re.findall(r"\w+", text.lower()):
        counts[hashlib.sha256(word.encode()).digest()[0] % DIMENSIONS] += 1.0
    return counts


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args: Any) -> None:
        """Nothing to say."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.loads(raw)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append({"path": self.path, "headers": headers, "body": body})
        if self.server.busy:
            refusal = self.server.busy.popleft()
            self._send(refusal.status, refusal.body, refusal.headers)
            return
        try:
            self._answer(headers, body)
        except Wrong as error:
            told = {"message": str(error), "type": "invalid_request_error", "param": None}
            self._send(400, {"error": told}, {})

    def _answer(self, headers: Mapping[str, str], body: dict[str, Any]) -> None:
        if headers.get("content-type") != "application/json":
            raise Wrong("the content type must be application/json")
        match self.path:
            case "/v1/chat/completions":
                self._with_key(headers.get("authorization", "").removeprefix("Bearer "))
                self._chat(body)
            case "/v1/embeddings":
                self._with_key(headers.get("authorization", "").removeprefix("Bearer "))
                self._embed(body)
            case "/v1/messages":
                if not headers.get("anthropic-version"):
                    raise Wrong("anthropic-version: header is required")
                self._with_key(headers.get("x-api-key", ""))
                self._messages(body)
            case _:
                self._send(404, {"error": {"message": f"no such path {self.path}"}}, {})

    def _with_key(self, key: str) -> None:
        if self.server.key and key != self.server.key:
            raise Wrong(f"Incorrect API key provided: {key}")

    def _chat(self, body: dict[str, Any]) -> None:
        for name in self.server.refused_parameters & body.keys():
            told = {"message": f"Unsupported parameter: '{name}' is not supported", "param": name}
            self._send(400, {"error": told}, {})
            return
        _check_openai(body)
        said = self.server.answers.popleft()
        message: dict[str, Any] = {"role": "assistant", "content": _text_of(said)}
        ended = "length" if isinstance(said, Cut) else "stop"
        if isinstance(said, Calls):
            ended = "tool_calls"
            message["tool_calls"] = [
                {
                    "id": f"call_{number}",
                    "type": "function",
                    "function": {
                        "name": name,
                        "arguments": given if isinstance(given, str) else json.dumps(given),
                    },
                }
                for number, (name, given) in enumerate(said.tools)
            ]
        self._send(
            200,
            {
                "model": f"{body['model']}-2026",
                "choices": [{"index": 0, "message": message, "finish_reason": ended}],
                "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
            },
            {"Set-Cookie": "__cf_bm=abc; Path=/"},
        )

    def _messages(self, body: dict[str, Any]) -> None:
        _check_anthropic(body)
        said = self.server.answers.popleft()
        text = _text_of(said)
        content: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
        ended = "max_tokens" if isinstance(said, Cut) else "end_turn"
        if isinstance(said, Calls):
            ended = "tool_use"
            content += [
                {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": given}
                for number, (name, given) in enumerate(said.tools)
            ]
        self._send(
            200,
            {
                "type": "message",
                "model": f"{body['model']}-2026",
                "content": content,
                "stop_reason": ended,
                "usage": {"input_tokens": 7, "output_tokens": 3},
            },
            {},
        )

    def _embed(self, body: dict[str, Any]) -> None:
        texts = body.get("input")
        if not isinstance(texts, list) or not texts or not all(texts):
            raise Wrong("'input' must be texts")
        if len(texts) > 2048:
            raise Wrong("too many inputs")
        found = [
            {"object": "embedding", "index": index, "embedding": vector_of(text)}
            for index, text in enumerate(texts)
        ]
        # The order is the index's, not the list's.
        found.reverse()
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        self._send(200, {"model": body["model"], "data": found, "usage": usage}, {})

    def _send(self, status: int, body: Any, headers: Mapping[str, str]) -> None:
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def _text_of(said: Any) -> str:
    if isinstance(said, Calls | Cut):
        return said.text
    return said if isinstance(said, str) else json.dumps(said)


def _check_common(body: Mapping[str, Any], takes: frozenset[str], hottest: float) -> None:
    for name in body.keys() - takes:
        raise Wrong(f"Unrecognized request argument supplied: {name}")
    if not isinstance(body.get("model"), str) or not isinstance(body.get("messages"), list):
        raise Wrong("model and messages are required")
    if not body["messages"]:
        raise Wrong("messages: at least one message is required")
    temperature = body.get("temperature", 0)
    if not isinstance(temperature, int | float) or not 0 <= temperature <= hottest:
        raise Wrong(f"temperature must be from 0 to {hottest}")


def _check_schema(schema: Any) -> None:
    if schema.get("type") != "object" or not isinstance(schema.get("properties"), dict):
        raise Wrong("a tool's schema must be an object")
    if any(p.get("type", "string") not in _KINDS for p in schema["properties"].values()):
        raise Wrong("no such type in a tool's schema")


def _check_openai(body: Mapping[str, Any]) -> None:
    _check_common(body, _OPENAI_TAKES, 2.0)
    for tool in body.get("tools", ()):
        if tool["type"] != "function" or not re.fullmatch(r"[\w-]{1,64}", tool["function"]["name"]):
            raise Wrong("tools: no function")
        _check_schema(tool["function"]["parameters"])
    open_calls: set[str] = set()
    for message in body["messages"]:
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                raise Wrong("a tool message must answer a call")
            open_calls.discard(message["tool_call_id"])
            continue
        if open_calls:
            raise Wrong("an assistant message with 'tool_calls' must be followed by tool messages")
        if message["role"] not in ("system", "user", "assistant"):
            raise Wrong("no such role")
        open_calls = {call["id"] for call in message.get("tool_calls", ())}
        if message.get("content") is None and not open_calls:
            raise Wrong("content is required")
    said = json.dumps(body["messages"]).lower()
    if "response_format" in body and "json" not in said:
        raise Wrong("'messages' must contain the word 'json' in some form")


def _check_anthropic(body: Mapping[str, Any]) -> None:
    _check_common(body, _ANTHROPIC_TAKES, 1.0)
    if not isinstance(body.get("max_tokens"), int):
        raise Wrong("max_tokens: Field required")
    for tool in body.get("tools", ()):
        _check_schema(tool["input_schema"])
    roles = [message["role"] for message in body["messages"]]
    if roles[0] != "user" or any(role not in ("user", "assistant") for role in roles):
        raise Wrong("messages: the first must be the user's, and there are two roles")
    open_calls: set[str] = set()
    for message in body["messages"]:
        parts = message["content"]
        if not parts:
            raise Wrong("messages: all messages must have non-empty content")
        parts = [{"type": "text", "text": parts}] if isinstance(parts, str) else parts
        if any(part["type"] == "text" and not part["text"].strip() for part in parts):
            raise Wrong("messages: text content blocks must be non-empty")
        answered = {part["tool_use_id"] for part in parts if part["type"] == "tool_result"}
        if answered != open_calls:
            raise Wrong("tool_use ids were found without tool_result blocks immediately after")
        open_calls = {part["id"] for part in parts if part["type"] == "tool_use"}
        if open_calls and "tools" not in body:
            raise Wrong("requests which include tool_use blocks must define tools")
