"""What nodes do in a folder of a mail server: one connection for each."""

from __future__ import annotations

import imaplib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import MAY_HAVE_ACTED
from casare_rpa.nodes._lines import at_work, failure, reachable, without
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.email._account import Login
from casare_rpa.nodes.email._imap import Imap, flags_in, quoted, size_in, uid_in

T = TypeVar("T")

_DELETED = r"\Deleted"
_TRASH = r"\Trash"
#: Uids in one command: longer lines are cut by some servers.
_MOST_UIDS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server for incoming mail. Without `use_ssl` nothing is secret, unless it insists on TLS."""

    host: Any
    port: Any
    use_ssl: bool
    timeout_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A message in the folder, before it is fetched."""

    uid: int
    size_bytes: int
    flags: tuple[str, ...]


class Mailbox:
    """An open folder. All methods block, and raise IMAP4.error, OSError and NodeError."""

    def __init__(self, imap: Imap, folder: str, *, read_only: bool) -> None:
        self._imap = imap
        self.folder = folder
        #: Whether a change was begun: from then on nobody knows, if the line is lost.
        self.has_begun = False
        self.notes: list[str] = []
        kind, _ = imap.select(quoted(folder), read_only)
        if kind != "OK":
            raise self._no_folder(folder)

    def search(self, criteria: str) -> list[int]:
        """The uids of the messages that fit, the oldest first."""
        charset = () if criteria.isascii() else ("CHARSET", "UTF-8")
        try:
            found = self._imap.ask("SEARCH", *charset, criteria.encode())
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise NodeError(
                f"search_criteria: the server does not understand {criteria!r}: {error}; write such"
                ' as UNSEEN, FROM "ada@example.org" or SINCE 31-Jan-2026 (RFC 3501, SEARCH)',
                ErrorCode.INVALID_INPUT,
            ) from error
        return sorted(int(uid) for part in found for uid in part.split())

    def listed(self, uids: list[int]) -> dict[int, Listed]:
        """Size and marks of these messages; those that are gone are left out."""
        found = {}
        for start in range(0, len(uids), _MOST_UIDS):
            some = ",".join(map(str, uids[start : start + _MOST_UIDS]))
            for part in self._imap.ask("FETCH", some, "(UID FLAGS RFC822.SIZE)"):
                if (uid := uid_in(part)) is not None:
                    flags = tuple(flags_in(part))
                    found[uid] = Listed(uid=uid, size_bytes=size_in(part), flags=flags)
        return found

    def only(self, uid: int) -> Listed:
        """The message *uid*. Raises NodeError if it is not in the folder."""
        found = self.listed([uid]).get(uid)
        if found is None:
            raise NodeError(
                f"no message with the uid {uid} is in the folder {self.folder!r}; uids hold for"
                " one folder, and a message that was moved has a new one",
                ErrorCode.RESOURCE_NOT_FOUND,
            )
        return found

    def fetch(self, uid: int, what: str) -> tuple[bytes, bytes]:
        """*what* of a message without marking it as read: the content, and all that stood by it."""
        content, beside = b"", b""
        for part in self._imap.ask("FETCH", str(uid), f"(UID {what})"):
            if isinstance(part, tuple):
                content = content or part[1]
                beside += part[0]
            else:
                beside += part
        return content, beside

    def mark(self, uids: Iterable[int], flag: str, *, on: bool) -> None:
        chosen = list(uids)
        self.has_begun = self.has_begun or bool(chosen)
        for start in range(0, len(chosen), _MOST_UIDS):
            some = ",".join(map(str, chosen[start : start + _MOST_UIDS]))
            self._imap.ask("STORE", some, f"{'+' if on else '-'}FLAGS", f"({flag})")

    def move(self, uid: int, folder: str) -> None:
        """Move a message; where the server cannot, copy it and delete the original."""
        target = quoted(folder)
        self.has_begun = True
        try:
            if self._imap.has("MOVE"):
                self._imap.ask("MOVE", str(uid), target)
                return
            self._imap.ask("COPY", str(uid), target)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise self._no_folder(folder, str(error)) from error
        self.delete(uid)

    def delete(self, uid: int) -> None:
        """Delete for good, and no other message that somebody has marked as deleted."""
        self.mark([uid], _DELETED, on=True)
        if self._imap.has("UIDPLUS"):
            self._imap.ask("EXPUNGE", str(uid))
        elif self.search("DELETED") == [uid]:
            self._imap.expunge()
        else:
            self.notes.append(
                f"message {uid} is marked as deleted and stays in {self.folder!r}: others are, too,"
                " and this server removes all or none"
            )

    def discard(self, uid: int) -> None:
        """Move to the folder that the server calls its trash; without one, mark as deleted."""
        trash = next((name for name, flags in self._imap.folders() if _TRASH in flags), None)
        if trash is None or trash == self.folder:
            self.mark([uid], _DELETED, on=True)
        else:
            self.move(uid, trash)

    def _no_folder(self, folder: str, said: str = "") -> NodeError:
        names = [name for name, _ in self._imap.folders()][:20]
        if folder in names:
            return NodeError(f"the folder {folder!r}: {said or 'refused'}", ErrorCode.API_ERROR)
        there = f"; there are {', '.join(names)}" if names else ""
        return NodeError(f"there is no folder {folder!r}{there}", ErrorCode.RESOURCE_NOT_FOUND)


async def in_folder(
    ctx: Context,
    server: Server,
    login: Login,
    folder: str,
    work: Callable[[Mailbox], T],
    *,
    read_only: bool = False,
) -> T:
    """What *work* makes of the folder, in a thread, with a connection of its own.

    Raises NodeError; its details say MAY_HAVE_ACTED once something may have been changed.
    """
    line = await reachable(
        ctx, server.host, server.port, timeout_seconds=server.timeout_seconds, name="imap_server"
    )
    notes: list[str] = []

    def run() -> T:
        imap: Imap | None = None
        box: Mailbox | None = None
        try:
            imap = Imap(line, login, use_ssl=server.use_ssl)
            box = Mailbox(imap, folder, read_only=read_only)
            found = work(box)
            notes.extend(box.notes)
            return found
        except Exception as error:
            if isinstance(error, imaplib.IMAP4.error) and not _is_lost(error):
                said = without(str(error), login.password)
                made = NodeError(f"{line}, folder {folder!r}: {said}", ErrorCode.API_ERROR)
            elif isinstance(error, NodeError):
                made = NodeError(
                    error.message if str(line) in error.message else f"{line}: {error.message}",
                    error.error_code,
                    business=error.business,
                )
            else:
                made = failure(line, error)
            made.details[MAY_HAVE_ACTED] = box is not None and box.has_begun
            raise made from error
        finally:
            if imap is not None:
                imap.leave()
            line.hang_up()

    found = await at_work(line, run)
    for note in notes:
        ctx.log(note, "warning")
    return found


def _is_lost(error: Exception) -> bool:
    """Whether the connection is gone: the library says so of some that broke the rules, too."""
    is_abort = isinstance(error, imaplib.IMAP4.abort)
    return is_abort and not isinstance(error, imaplib.IMAP4.readonly)
