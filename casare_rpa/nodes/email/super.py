"""The node for mail that does one of many things, chosen by its action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from casare_rpa.nodes.base import Context, Node, Output, Outputs, param, port, prop
from casare_rpa.nodes.email.attachments import SaveAttachmentNode
from casare_rpa.nodes.email.marks import MARKS, DeleteEmailNode, MarkEmailNode, MoveEmailNode
from casare_rpa.nodes.email.read import ReadEmailsNode
from casare_rpa.nodes.email.send import PRIORITIES, SendEmailNode
from casare_rpa.nodes.values.reading import one_of

_ACTIONS: dict[str, type[Node]] = {
    "Send Email": SendEmailNode,
    "Read Emails": ReadEmailsNode,
    "Mark Email": MarkEmailNode,
    "Delete Email": DeleteEmailNode,
    "Move Email": MoveEmailNode,
    "Save Attachment": SaveAttachmentNode,
}
#: What this node calls otherwise than the nodes of the actions do.
_NAMES: Mapping[type[Node], Mapping[str, str]] = {
    SendEmailNode: {"use_ssl": "use_smtp_ssl"},
    MoveEmailNode: {"source_folder": "folder"},
    DeleteEmailNode: {"permanent": "permanent_delete"},
}
_OF_IMAP: Mapping[str, str] = {"use_ssl": "use_imap_ssl"}


class EmailSuperNode(Node):
    """Do any mail operation, chosen by the action.

    The parameters and outputs are those of the node of the action: SendEmailNode, ReadEmailsNode,
    MarkEmailNode, DeleteEmailNode, MoveEmailNode or SaveAttachmentNode. What fails leaves by
    `exec_error` if something is wired to it, with `success` and `error`; otherwise the node fails.
    """

    category = "email"
    runs_on = "external-account"
    example = {
        "action": "Read Emails",
        "imap_server": "mail.example.org",
        "credential_name": "mail",
        "search_criteria": "UNSEEN",
    }
    actions: ClassVar[tuple[str, ...]] = tuple(_ACTIONS)
    exec_outputs = ("exec_out", "exec_error")
    side_effect = True
    #: An action that there is not fails.
    beyond_limits = frozenset({"action"})
    action: str = param("Send Email", kind="choice", choices=actions, help="What to do.")
    credential_name: str = prop("", kind="string", help="The stored login to use.")
    username: str = param("", kind="string", help="Who logs in.")
    password: str = param("", kind="string", help="The password.")
    smtp_server: str = param("smtp.gmail.com", kind="string", help="Where to send to.")
    smtp_port: int = param(587, kind="integer", help="Its port.")
    from_email: str = param("", kind="string", help="The sender's address.")
    to_email: Any = param("", kind="string", help="To whom.")
    subject: str = param("", kind="string", help="The subject.")
    body: str = param("", kind="text", help="The text.")
    cc: Any = param("", kind="string", help="Who gets a copy.")
    bcc: Any = param("", kind="string", help="Who gets a copy that the others do not see.")
    attachments: Any = port(None, kind="list", help="Files to send along.")
    is_html: bool = prop(False, kind="boolean", help="The text is HTML.")
    use_tls: bool = prop(True, kind="boolean", help="Send over STARTTLS.")
    use_smtp_ssl: bool = prop(False, kind="boolean", help="Send over TLS from the first byte on.")
    priority: str = prop("normal", kind="choice", choices=PRIORITIES, help="How urgent.")
    imap_server: str = param("imap.gmail.com", kind="string", help="Where to read.")
    imap_port: int = param(993, kind="integer", help="Its port; 143 begins with STARTTLS.")
    use_imap_ssl: bool = prop(True, kind="boolean", help="Read over TLS.")
    folder: str = param("INBOX", kind="string", help="The folder.")
    email_uid: str = port("", kind="string", help="The message, for all but sending and reading.")
    limit: int = prop(10, kind="integer", minimum=0, help="How many at most; 0: all.")
    search_criteria: str = prop("ALL", kind="string", help="Which messages.")
    newest_first: bool = prop(True, kind="boolean", help="Begin with the newest.")
    mark_as: Any = prop("read", kind="choice", choices=MARKS, help="What a message becomes.")
    permanent_delete: bool = prop(False, kind="boolean", help="Not by way of the trash.")
    target_folder: str = param("", kind="string", help="Where a message is moved to.")
    save_path: str = param(".", kind="string", help="The folder to save attachments to.")
    timeout: int = prop(30, kind="integer", help="Seconds for each answer.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: int = prop(
        2000, kind="integer", minimum=0, help="Milliseconds before each of these."
    )
    outputs = (
        Output("success", "BOOLEAN"),
        Output("message_id", "STRING"),
        Output("emails", "LIST"),
        Output("count", "INTEGER"),
        Output("saved_files", "LIST"),
        Output("error", "STRING"),
    )

    async def run(self, ctx: Context) -> Outputs:
        cls = _ACTIONS[_action(self.action)]
        names = {**({} if cls is SendEmailNode else _OF_IMAP), **_NAMES.get(cls, {})}
        values = {
            name: getattr(self, names.get(name, name))
            for name in cls.params
            if names.get(name, name) in self.params
        }
        working: Any = cls(**values).run(ctx)
        outputs: Outputs = await working
        return {**outputs, "success": True, "error": ""}


def _action(value: Any) -> str:
    spelt = " ".join(str(value or "").replace("_", " ").split())
    return one_of(spelt, "action", _ACTIONS)
