"""Gmail as the tests need it: messages as they came, taken apart as Gmail does."""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from tests.nodes.google.server import Call, Cut, Google, Refused, Reply

SCOPES = ("https://mail.google.com/",)
ME = "robot@example.org"
_OF_ALL = ("INBOX", "UNREAD", "STARRED", "SENT", "DRAFT", "SPAM", "TRASH", "IMPORTANT")
_ROOT = "/gmail/v1/users/me"
_CHANGE = ("addLabelIds", "removeLabelIds")
#: Texts of that length are fetched like attachments.
_LONG_TEXT = 20_000
_TOKENS = re.compile(r"[(),]|[^(),]+")


@dataclass
class Mail:
    id: str
    thread: str
    raw: bytes
    labels: list[str]
    time: int
    #: The contents of its attachments, by every id that they ever had.
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def parsed(self) -> EmailMessage:
        found = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found


class Mailbox:
    """`mails` by id; `cut_sending` ends connections after that many messages were sent."""

    def __init__(self, google: Google) -> None:
        self.google = google
        self.mails: dict[str, Mail] = {}
        self.drafts: dict[str, str] = {}
        self.labels = {name: name for name in _OF_ALL}
        self.uploads: dict[str, tuple[str, dict[str, Any], int, bytearray]] = {}
        self.cut_sending = 0
        self._ids = itertools.count(1)
        self._install()

    def label(self, name: str) -> str:
        label_id = f"Label_{next(self._ids)}"
        self.labels[label_id] = name
        return label_id

    def put(
        self, raw: bytes, *labels: str, thread: str = "", sender: str = "ada@example.org"
    ) -> str:
        """A message that came in."""
        if sender and b"From:" not in raw:
            raw = f"From: {sender}\r\n".encode() + raw
        return self._keep(raw, list(labels or ("INBOX", "UNREAD")), thread).id

    @property
    def sent(self) -> list[EmailMessage]:
        """What was sent, in order, as it was handed over."""
        return [mail.parsed for mail in self.mails.values() if "SENT" in mail.labels]

    def _keep(self, raw: bytes, labels: list[str], thread: str = "") -> Mail:
        number = next(self._ids)
        mail = Mail(
            id=f"m{number}",
            thread=thread or f"t{number}",
            raw=raw,
            labels=labels,
            time=1_770_000_000_000 + number * 1000,
        )
        self.mails[mail.id] = mail
        return mail

    def _install(self) -> None:
        messages, one = f"{_ROOT}/messages", f"{_ROOT}/messages/{{id}}"
        listing = ("q", "labelIds", "maxResults", "pageToken", "includeSpamTrash")
        reading = ("format", "metadataHeaders")
        self._route("GET", messages, self._list, query=listing)
        self._route("POST", f"{messages}/send", self._send, body=("raw", "threadId"))
        self._route("POST", f"{messages}/batchModify", self._modify_all, body=("ids", *_CHANGE))
        self._route("POST", f"{messages}/batchDelete", self._delete_all, body=("ids",))
        self._route("GET", one, self._get, query=reading)
        self._route("DELETE", one, self._delete)
        self._route("POST", f"{one}/modify", self._modify, body=_CHANGE)
        self._route("POST", f"{one}/trash", self._trash)
        self._route("GET", f"{one}/attachments/{{file}}", self._attachment)
        self._route("GET", f"{_ROOT}/threads/{{id}}", self._thread, query=reading)
        self._route("GET", f"{_ROOT}/labels", self._labels)
        self._route("POST", f"{_ROOT}/drafts", self._draft, body=("message",))
        self._route("POST", f"{_ROOT}/drafts/send", self._send_draft, body=("id",))
        for path in (f"{messages}/send", f"{_ROOT}/drafts"):
            self._route("POST", f"/upload{path}", self._begin, body=("threadId", "message"))
            self._route("PUT", f"/upload{path}", self._piece, body=None)

    def _route(self, method: str, path: str, handler: Any, **about: Any) -> None:
        self.google.route(method, path, scopes=SCOPES, **about)(handler)

    def _list(self, call: Call) -> Any:
        wanted = set(call.query.get("labelIds", []))
        if unknown := wanted - self.labels.keys():
            raise Refused(400, f"Invalid label: {unknown.pop()}", "invalidArgument")
        hidden = set() if call.one("includeSpamTrash") == "true" else {"SPAM", "TRASH"}
        found = [
            {"id": mail.id, "threadId": mail.thread}
            for mail in reversed(self.mails.values())
            if wanted <= set(mail.labels)
            and not (hidden - wanted) & set(mail.labels)
            and all(_finds(term, mail) for term in call.one("q").split())
        ]
        start, size = int(call.one("pageToken", "0")), min(int(call.one("maxResults", "100")), 3)
        more = {"nextPageToken": str(start + size)} if start + size < len(found) else {}
        # Google leaves the list out where it is empty.
        page = {"messages": found[start : start + size]} if found[start:] else {}
        return {**page, "resultSizeEstimate": len(found), **more}

    def _get(self, call: Call) -> Any:
        return _chosen(self._shown(self._found(call), call.one("format", "full")), call)

    def _thread(self, call: Call) -> Any:
        form = call.one("format", "full")
        if form not in ("full", "metadata", "minimal"):
            raise Refused(400, f"Invalid value at 'format': {form}", "invalidArgument")
        mails = [mail for mail in self.mails.values() if mail.thread == call.parts["id"]]
        if not mails:
            raise Refused(404, "Requested entity was not found.", "notFound")
        return {"id": call.parts["id"], "messages": [self._shown(mail, form) for mail in mails]}

    def _shown(self, mail: Mail, form: str) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": mail.id,
            "threadId": mail.thread,
            "labelIds": list(mail.labels),
            "internalDate": str(mail.time),
            "sizeEstimate": len(mail.raw),
        }
        if form == "raw":
            return found | {"raw": _packed(mail.raw)}
        found["snippet"] = re.sub(r"\s+", " ", _text(mail.parsed))[:60].strip()
        if form == "minimal":
            return found
        payload = self._part(mail, mail.parsed, with_content=form == "full")
        return found | {"payload": payload}

    def _part(self, mail: Mail, part: Any, *, with_content: bool) -> dict[str, Any]:
        found: dict[str, Any] = {
            "mimeType": part.get_content_type(),
            "headers": [{"name": name, "value": str(value)} for name, value in part.items()],
        }
        if not with_content:
            return found
        found |= {"filename": part.get_filename() or "", "body": {"size": 0}}
        if part.is_multipart():
            found["parts"] = (
                [self._part(mail, each, with_content=True) for each in part.iter_parts()]
                if part.get_content_maintype() == "multipart"
                else [self._part(mail, each, with_content=True) for each in part.get_payload()]
            )
            if part.get_content_maintype() == "multipart":
                return found
        content = _content(part)
        is_text = part.get_content_maintype() == "text" and not found["filename"]
        if is_text and len(content) < _LONG_TEXT:
            found["body"] = {"size": len(content), "data": _packed(content)}
        else:
            file_id = f"file-{next(self._ids)}"
            mail.files[file_id] = content
            found["body"] = {"size": len(content), "attachmentId": file_id}
        return found

    def _attachment(self, call: Call) -> Any:
        content = self._found(call).files.get(call.parts["file"])
        if content is None:
            raise Refused(400, "Invalid attachment token", "invalidArgument")
        return {"size": len(content), "data": _packed(content)}

    def _labels(self, call: Call) -> Any:
        kinds = {name: "system" if name in _OF_ALL else "user" for name in self.labels}
        return {
            "labels": [
                {"id": label_id, "name": name, "type": kinds[label_id]}
                for label_id, name in self.labels.items()
            ]
        }

    def _modify(self, call: Call) -> Any:
        mail = self._found(call)
        self._change([mail], call.body)
        return {"id": mail.id, "threadId": mail.thread, "labelIds": mail.labels}

    def _modify_all(self, call: Call) -> Any:
        self._change(self._those(call), call.body)

    def _delete_all(self, call: Call) -> Any:
        for mail in self._those(call):
            del self.mails[mail.id]

    def _those(self, call: Call) -> list[Mail]:
        if len(call.body["ids"]) > 1000:
            raise Refused(400, "Too many ids", "invalidArgument")
        return [self.mails[each] for each in call.body["ids"] if each in self.mails]

    def _change(self, mails: Iterable[Mail], change: Mapping[str, list[str]]) -> None:
        added, removed = change.get("addLabelIds", []), change.get("removeLabelIds", [])
        if not added and not removed:
            raise Refused(400, "No label add or removes specified", "invalidArgument")
        for label in (*added, *removed):
            if label not in self.labels:
                raise Refused(400, f"Invalid label: {label}", "invalidArgument")
        for mail in mails:
            kept = [each for each in mail.labels if each not in removed]
            mail.labels = list(dict.fromkeys((*kept, *added)))

    def _trash(self, call: Call) -> Any:
        mail = self._found(call)
        self._change([mail], {"addLabelIds": ["TRASH"], "removeLabelIds": ["INBOX"]})
        return {"id": mail.id}

    def _delete(self, call: Call) -> Any:
        del self.mails[self._found(call).id]

    def _send(self, call: Call) -> Any:
        return self._sent(_unpacked(call.body["raw"]), call.body.get("threadId", ""))

    def _sent(self, raw: bytes, thread: str = "") -> dict[str, Any]:
        message = message_from_bytes(raw, policy=policy.default)
        if not any(message[name] for name in ("To", "Cc", "Bcc")):
            raise Refused(400, "Recipient address required", "invalidArgument")
        if thread and not self._belongs(message, thread):
            thread = ""
        mail = self._keep(raw, ["SENT"], thread)
        if self.cut_sending:
            self.cut_sending -= 1
            raise Cut
        return {"id": mail.id, "threadId": mail.thread, "labelIds": ["SENT"]}

    def _belongs(self, message: Any, thread: str) -> bool:
        """Whether a message is put into a conversation, by Google's three conditions."""
        there = [mail.parsed for mail in self.mails.values() if mail.thread == thread]
        ids = {str(each["Message-ID"]) for each in there}
        subjects = {_plain(str(each["Subject"] or "")) for each in there}
        named = f"{message['References']} {message['In-Reply-To']}".split()
        return bool(ids & set(named)) and _plain(str(message["Subject"])) in subjects

    def _draft(self, call: Call) -> Any:
        return self._drafted(_unpacked(call.body["message"]["raw"]))

    def _drafted(self, raw: bytes) -> dict[str, Any]:
        mail, draft_id = self._keep(raw, ["DRAFT"]), f"d{next(self._ids)}"
        self.drafts[draft_id] = mail.id
        return {"id": draft_id, "message": {"id": mail.id, "threadId": mail.thread}}

    def _send_draft(self, call: Call) -> Any:
        if call.body["id"] not in self.drafts:
            raise Refused(404, "Requested entity was not found.", "notFound")
        mail = self.mails.pop(self.drafts.pop(call.body["id"]))
        return self._sent(mail.raw)

    def _begin(self, call: Call) -> Any:
        assert call.headers["x-upload-content-type"] == "message/rfc822"
        upload_id = f"upload-{next(self._ids)}"
        size = int(call.headers["x-upload-content-length"])
        self.uploads[upload_id] = (call.path, call.body, size, bytearray())
        where = f"{self.google.url}{call.path}?uploadType=resumable&upload_id={upload_id}"
        return Reply(200, b"", {"Location": where})

    def _piece(self, call: Call) -> Any:
        if call.one("upload_id") not in self.uploads:
            raise Refused(410, "The upload is over.", "gone")
        path, about, size, content = self.uploads[call.one("upload_id")]
        content += call.raw
        if len(content) < size:
            received = {"Range": f"bytes=0-{len(content) - 1}"} if content else {}
            return Reply(308, b"", received)
        del self.uploads[call.one("upload_id")]
        if path.endswith("/drafts"):
            return self._drafted(bytes(content))
        return self._sent(bytes(content), about.get("threadId", ""))

    def _found(self, call: Call) -> Mail:
        mail = self.mails.get(call.parts["id"])
        if mail is None:
            raise Refused(404, "Requested entity was not found.", "notFound")
        return mail


def _finds(term: str, mail: Mail) -> bool:
    name, _, text = term.partition(":")
    match name:
        case "is":
            return text.upper() in mail.labels
        case "subject" | "from":
            return text.lower() in str(mail.parsed[name]).lower()
    raise Refused(400, "Invalid query", "invalidArgument")


def _plain(subject: str) -> str:
    return re.sub(r"^(Re|Fwd): ", "", subject)


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    return str(_content(body), "utf-8") if body is not None else ""


def _content(part: Any) -> bytes:
    """What a part holds; texts as UTF-8, whatever they came in, as Gmail has it."""
    if part.get_content_type() == "message/rfc822":
        return bytes(part.get_payload(0))
    raw = part.get_payload(decode=True) or b""
    if part.get_content_maintype() != "text" or part.get_filename():
        return bytes(raw)
    return bytes(raw).decode(part.get_content_charset("utf-8"), "replace").encode()


def _chosen(value: Any, call: Call) -> Any:
    """What `fields` asks for, lists and maps in it included."""
    text = call.one("fields")
    if not text:
        return value
    return _only(value, _tree(iter(_TOKENS.findall(text))))


def _tree(tokens: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    last = ""
    for token in tokens:
        if token == "(":
            found[last] = _tree(tokens)
        elif token == ")":
            return found
        elif token != ",":
            last = token
            found[last] = {}
    return found


def _only(value: Any, tree: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_only(each, tree) for each in value]
    if not tree or not isinstance(value, dict):
        return value
    return {name: _only(value[name], below) for name, below in tree.items() if name in value}


def _packed(raw: bytes) -> str:
    # Without padding: nobody may rely on it.
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
