"""Fetching messages."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import retried
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.email._mailbox import Listed, Mailbox
from casare_rpa.nodes.email._node import ImapNode, folder_param
from casare_rpa.nodes.email._parts import as_map, parsed

#: Of a larger message only the beginning is read.
_MOST_BYTES = 25 << 20
#: All texts together: they are variables of the run.
_MOST_LETTERS = 50_000_000


class ReadEmailsNode(ImapNode):
    """Fetch messages of a folder over IMAP.

    `emails` is a list of maps: `uid`, `subject`, `from`, `to`, `cc`, `reply_to`, `date` (ISO 8601),
    `message_id`, `body_text`, `body_html`, `attachments` (maps of `filename`, `content_type`,
    `size`), `has_attachments`, `flags`, `is_read`, `size` and `truncated`: of a message beyond
    25 MiB only the beginning is read. What breaks the rules of mail is read as well as it goes.

    `search_criteria` are those of IMAP (RFC 3501), such as `UNSEEN`, `FROM "ada@example.org"
    SINCE 31-Jan-2026`. `limit` 0 means all. The newest come first and are those that a limit
    leaves, unless `newest_first` is off. Reading marks nothing as read without `mark_as_read`.

    `use_ssl` is TLS from the first byte on, and STARTTLS on port 143; the certificate is checked,
    and an authority of your own is named by SSL_CERT_FILE. The login is that of `credential_name`,
    else `username` and `password`, else IMAP_USERNAME and IMAP_PASSWORD of the environment.
    """

    example = {
        "imap_server": "mail.example.org",
        "credential_name": "mail",
        "search_criteria": "UNSEEN",
        "mark_as_read": True,
    }
    side_effect = True
    credential_name: str = prop("", kind="string", help="The stored login to use.")
    imap_port: int = param(993, kind="integer", help="Its port; 143 begins with STARTTLS.")
    folder: str = folder_param("The folder.")
    limit: int = param(10, kind="integer", minimum=0, help="How many at most; 0: all.")
    search_criteria: str = param("ALL", kind="string", help="Which messages.")
    use_ssl: bool = prop(True, kind="boolean", help="Encrypt, and check the certificate.")
    timeout: int = prop(30, kind="integer", help="Seconds for each answer.")
    mark_as_read: bool = prop(False, kind="boolean", help="Mark what was fetched as read.")
    include_body: bool = prop(True, kind="boolean", help="Texts and attachments, too.")
    newest_first: bool = prop(True, kind="boolean", help="Begin with the newest.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: int = prop(
        2000, kind="integer", minimum=0, help="Milliseconds before each of these."
    )
    outputs = (Output("emails", "LIST"), Output("count", "INTEGER"))

    async def run(self, ctx: Context) -> Outputs:
        criteria = str(self.search_criteria or "").strip() or "ALL"
        if any(letter in criteria for letter in "\r\n\0"):
            # What follows it would be a command of its own.
            raise NodeError("search_criteria holds a line break", ErrorCode.INVALID_INPUT)

        def read(box: Mailbox) -> list[dict[str, Any]]:
            return self._read(ctx, box, criteria)

        found = await retried(
            ctx,
            self,
            lambda: self.in_folder(ctx, self.folder, read, read_only=not self.mark_as_read),
        )
        return {"emails": found, "count": len(found)}

    def _read(self, ctx: Context, box: Mailbox, criteria: str) -> list[dict[str, Any]]:
        uids = box.search(criteria)
        if self.newest_first:
            uids.reverse()
        if self.limit:
            uids = uids[: max(int(self.limit), 0)]
        known = box.listed(uids)
        found: list[dict[str, Any]] = []
        letters = 0
        for uid in uids:
            if uid not in known:
                continue
            if ctx.cancelled:
                raise NodeError("stopped before it was done", ErrorCode.CANCELLED)
            message = self._message(box, known[uid])
            letters += len(message["body_text"]) + len(message["body_html"])
            if letters > _MOST_LETTERS:
                raise NodeError(
                    f"the texts of {len(found) + 1} messages are longer than {_MOST_LETTERS:,}"
                    " letters; lower limit, or switch include_body off",
                    ErrorCode.RESOURCE_EXHAUSTED,
                )
            found.append(message)
        if self.mark_as_read:
            box.mark([int(message["uid"]) for message in found], r"\Seen", on=True)
        return found

    def _message(self, box: Mailbox, about: Listed) -> dict[str, Any]:
        cut = self.include_body and about.size_bytes > _MOST_BYTES
        if not self.include_body:
            content, beside = box.fetch(about.uid, "BODYSTRUCTURE BODY.PEEK[HEADER]")
        else:
            content, beside = box.fetch(about.uid, f"BODY.PEEK[]{f'<0.{_MOST_BYTES}>' * cut}")
        found = as_map(parsed(content), with_body=self.include_body)
        if not self.include_body:
            found["has_attachments"] = b'"attachment"' in beside.lower()
        return {
            "uid": str(about.uid),
            **found,
            "flags": list(about.flags),
            "is_read": r"\Seen" in about.flags or self.mark_as_read,
            "size": about.size_bytes,
            "truncated": cut,
        }
