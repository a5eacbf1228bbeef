"""Google Drive as the tests need it: items in memory, queries as far as nodes write them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.nodes.google.server import Call, Cut, Google, Refused, Reply

SCOPES = ("https://www.googleapis.com/auth/drive",)
FOLDER = "application/vnd.google-apps.folder"
DOCUMENT = "application/vnd.google-apps.document"
SPREADSHEET = "application/vnd.google-apps.spreadsheet"
_DRIVES = ("supportsAllDrives",)
_ITEM = ("name", "mimeType", "parents", "description", "trashed", "starred")
_PERMISSION = ("role", "type", "emailAddress", "domain", "allowFileDiscovery")
_SHARE_QUERY = ("sendNotificationEmail", "emailMessage", "transferOwnership", *_DRIVES)
_PIECE = 256 << 10
_TERM = re.compile(
    r"(?:\((?P<inner>.*)\))|(?:'(?P<parent>(?:[^'\\]|\\.)*)' in parents)"
    r"|(?:(?P<field>\w+) (?P<how>=|contains) (?:'(?P<text>(?:[^'\\]|\\.)*)'|(?P<truth>true|false)))"
)


@dataclass
class Upload:
    metadata: dict[str, Any]
    size: int
    content: bytearray = field(default_factory=bytearray)


class Drive:
    """`contents` are what files hold; `cut_after` the pieces after which a connection ends.

    An item with a `driveId` is in a shared drive. `is_incomplete`: some drives are not searched.
    """

    def __init__(self, google: Google) -> None:
        self.google = google
        self.items: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.permissions: dict[str, dict[str, dict[str, Any]]] = {}
        self.uploads: dict[str, Upload] = {}
        self.cut_after: set[int] = set()
        self.pieces = 0
        self.is_incomplete = False
        self._ids = itertools.count(1)
        self._install()

    def add(self, name: str, content: bytes | None = b"", **more: Any) -> str:
        """An item; `content=None` with a `mimeType` of Google's own is a document."""
        item_id = f"item-{next(self._ids)}"
        item = {
            "id": item_id,
            "name": name,
            "mimeType": "application/pdf",
            "parents": ["root"],
            "trashed": False,
            "starred": False,
            "shared": False,
            "createdTime": "2026-01-02T03:04:05.000Z",
            "modifiedTime": "2026-01-02T03:04:06.000Z",
            "webViewLink": f"https://drive.google.com/file/d/{item_id}/view",
            **more,
        }
        if content is not None:
            item["size"] = str(len(content))
            self.contents[item_id] = content
        self.items[item_id] = item
        self.permissions[item_id] = {}
        return item_id

    def folder(self, name: str, parent: str = "root") -> str:
        return self.add(name, None, mimeType=FOLDER, parents=[parent])

    def _install(self) -> None:
        one, files = "/drive/v3/files/{id}", "/drive/v3/files"
        listing = ("q", "orderBy", "pageSize", "pageToken", "includeItemsFromAllDrives")
        found_where = ("corpora", *_DRIVES)
        self._route("GET", files, self._list, query=(*listing, *found_where))
        self._route("POST", files, self._create, query=_DRIVES, body=_ITEM)
        self._route("GET", one, self._get, query=_DRIVES)
        changes = (*_DRIVES, "addParents", "removeParents")
        self._route("PATCH", one, self._update, query=changes, body=_ITEM)
        self._route("DELETE", one, self._delete, query=_DRIVES)
        self._route("POST", f"{one}/copy", self._copy, query=_DRIVES, body=_ITEM)
        self._route("GET", f"{one}/export", self._export, query=("mimeType",))
        below = f"{one}/permissions"
        self._route("POST", below, self._share, query=_SHARE_QUERY, body=_PERMISSION)
        paging = ("pageSize", "pageToken", "includePermissionsForView", *_DRIVES)
        self._route("GET", below, self._shares, query=paging)
        self._route("DELETE", f"{below}/{{permission}}", self._unshare, query=_DRIVES)
        upload = "/upload/drive/v3/files"
        self._route("POST", upload, self._begin, query=_DRIVES, body=_ITEM)
        self._route("PUT", upload, self._piece, query=_DRIVES, body=None)

    def _route(self, method: str, path: str, handler: Any, **about: Any) -> None:
        self.google.route(method, path, scopes=SCOPES, **about)(handler)

    def _list(self, call: Call) -> Any:
        if "fullText contains" in call.one("q") and "orderBy" in call.query:
            raise Refused(403, "Sorting is not supported for queries with fullText terms.", "x")
        found = [each for each in self.items.values() if _holds(call.one("q"), each)]
        if call.one("corpora") != "allDrives" and " in parents" not in call.one("q"):
            found = [each for each in found if "driveId" not in each]
        by, _, direction = call.one("orderBy", "name").partition(" ")
        found.sort(key=lambda each: str(each[by]), reverse=direction == "desc")
        start, size = int(call.one("pageToken", "0")), min(int(call.one("pageSize", "100")), 2)
        page = {"files": [_chosen(each, call) for each in found[start : start + size]]}
        more = {"nextPageToken": str(start + size)} if start + size < len(found) else {}
        # Not on the last page: one is enough for the search to be incomplete.
        incomplete = {"incompleteSearch": self.is_incomplete and start == 0}
        return page | more | incomplete

    def _create(self, call: Call) -> Any:
        return _chosen(self.items[self.add(**{"content": None, **_without_trash(call.body)})], call)

    def _get(self, call: Call) -> Any:
        item = self._found(call)
        if call.one("alt") != "media":
            return _chosen(item, call)
        if item["id"] not in self.contents:
            raise Refused(
                403, "Only files with binary content can be downloaded.", "fileNotDownloadable"
            )
        return Reply(200, self.contents[item["id"]], {"Content-Type": item["mimeType"]})

    def _update(self, call: Call) -> Any:
        item = self._found(call)
        item.update(call.body)
        removed = call.one("removeParents").split(",")
        added = [each for each in call.one("addParents").split(",") if each]
        item["parents"] = [each for each in item["parents"] if each not in removed] + added
        return _chosen(item, call)

    def _delete(self, call: Call) -> Any:
        del self.items[self._found(call)["id"]]

    def _copy(self, call: Call) -> Any:
        original = self._found(call)
        about = {"name": f"Copy of {original['name']}", "parents": original["parents"], **call.body}
        content = self.contents.get(original["id"])
        made = self.add(about.pop("name"), content, mimeType=original["mimeType"], **about)
        return _chosen(self.items[made], call)

    def _export(self, call: Call) -> Any:
        item, kind = self._found(call), call.one("mimeType")
        if not item["mimeType"].startswith("application/vnd.google-apps"):
            raise Refused(403, "Export only supports Docs Editors files.", "fileNotExportable")
        if (item["mimeType"], kind) == (SPREADSHEET, "text/html"):
            raise Refused(400, "The requested conversion is not supported.", "badRequest")
        return Reply(200, f"{item['name']} as {kind}".encode(), {"Content-Type": kind})

    def _share(self, call: Call) -> Any:
        body = call.body
        if body["type"] in ("user", "group") and "emailAddress" not in body:
            raise Refused(400, "The specified emailAddress is invalid.", "invalidSharingRequest")
        if (body["role"] == "owner") != (call.one("transferOwnership") == "true"):
            raise Refused(403, "The transferOwnership parameter must be enabled.", "forbidden")
        if body["type"] not in ("user", "group") and "sendNotificationEmail" in call.query:
            raise Refused(400, "No notification for this type.", "invalid")
        made = {**body, "id": f"permission-{next(self._ids)}"}
        self.permissions[self._found(call)["id"]][made["id"]] = made
        return _chosen(made, call)

    def _shares(self, call: Call) -> Any:
        return {"permissions": list(self.permissions[self._found(call)["id"]].values())}

    def _unshare(self, call: Call) -> Any:
        there = self.permissions[self._found(call)["id"]]
        if there.pop(call.parts["permission"], None) is None:
            name = call.parts["permission"]
            raise Refused(404, f"Permission not found: {name}.", "notFound")

    def _begin(self, call: Call) -> Any:
        assert call.one("uploadType") == "resumable"
        upload_id = f"upload-{next(self._ids)}"
        kind = call.headers["x-upload-content-type"]
        if kind.startswith("application/vnd.google-apps"):
            raise Refused(400, "Bad Request", "badContent")
        metadata = {"mimeType": kind, **call.body, "sent_as": kind}
        size = int(call.headers["x-upload-content-length"])
        self.uploads[upload_id] = Upload(metadata=metadata, size=size)
        where = f"{self.google.url}{call.path}?uploadType=resumable&upload_id={upload_id}"
        return Reply(200, b"", {"Location": f"{where}&fields={call.one('fields')}"})

    def _piece(self, call: Call) -> Any:
        upload = self.uploads[call.one("upload_id")]
        place = None
        if "content-range" in call.headers:
            place = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)", call.headers["content-range"])
            assert place is not None and int(place[3]) == upload.size
            if not upload.size:
                return Reply(308)
        else:
            assert len(call.raw) == upload.size == 0
        if call.raw and place is not None:
            first, last = int(place[1]), int(place[2])
            assert last - first + 1 == len(call.raw)
            if first != len(upload.content):
                raise Refused(400, "The range does not follow on what is there.", "invalid")
            if last + 1 < upload.size and len(call.raw) % _PIECE:
                raise Refused(400, "A piece must be a multiple of 256 KiB.", "invalid")
            self.pieces += 1
            half = self.pieces in self.cut_after and last + 1 < upload.size
            upload.content += call.raw[:_PIECE] if half else call.raw
        if len(upload.content) < upload.size:
            self._maybe_cut(call)
            received = {"Range": f"bytes=0-{len(upload.content) - 1}"} if upload.content else {}
            return Reply(308, b"", received)
        made = self._finished(call.one("upload_id"), upload)
        self._maybe_cut(call)
        return _chosen(self.items[made], call)

    def _maybe_cut(self, call: Call) -> None:
        if call.raw and self.pieces in self.cut_after:
            raise Cut

    def _finished(self, upload_id: str, upload: Upload) -> str:
        """The file that an upload has become, once however often it is asked for."""
        if "made" not in upload.metadata:
            about = dict(upload.metadata)
            upload.metadata["made"] = self.add(about.pop("name"), bytes(upload.content), **about)
        return str(upload.metadata["made"])

    def _found(self, call: Call) -> dict[str, Any]:
        item = self.items.get(call.parts["id"])
        if item is None:
            raise Refused(404, f"File not found: {call.parts['id']}.", "notFound")
        return item


def _holds(query: str, item: Mapping[str, Any]) -> bool:
    return all(_term_holds(term, item) for term in _terms(query))


def _terms(query: str) -> list[str]:
    return query.split(" and ") if query else []


def _term_holds(term: str, item: Mapping[str, Any]) -> bool:
    match = _TERM.fullmatch(term)
    if match is None:
        raise Refused(400, "Invalid Value", "invalid")
    if match["inner"] is not None:
        return _term_holds(match["inner"], item)
    if match["parent"] is not None:
        return _plain(match["parent"]) in item["parents"]
    value = item["name" if match["field"] == "fullText" else match["field"]]
    if match["truth"] is not None:
        return bool(value) == (match["truth"] == "true")
    text = _plain(match["text"])
    return text in value if match["how"] == "contains" else bool(text == value)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _chosen(item: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """The fields that were asked for; without any Google gives few."""
    fields = call.one("fields", "id,name,mimeType")
    inner = re.search(r"\((.*)\)", fields)
    names = (inner[1] if inner else fields).split(",")
    return {name: item[name] for name in names if name in item}


def _without_trash(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "trashed"}
