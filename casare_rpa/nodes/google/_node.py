"""What all nodes of Google have: an account, a service, and three outputs that say how it went.

class DriveGetFileNode(DriveNode):
    '''...'''

    file_id: str = id_param("The file.")
    outputs = (*OUTCOME, Output("name", "STRING"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        found = await api.ask("GET", f"/drive/v3/files/{quoted(self.file_id)}")
        return {"name": found["name"]}
"""

from __future__ import annotations

from typing import Any, ClassVar

from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, prop, unlisted
from casare_rpa.nodes.google._account import account_of, check_person
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._refusals import status_of
from casare_rpa.nodes.google._services import Service
from casare_rpa.nodes.values.reading import as_text, not_empty, refuse_unresolved

#: `error_code` is the HTTP status of Google's refusal; 0 without one.
OUTCOME = (
    Output("success", "BOOLEAN"),
    Output("error", "STRING"),
    Output("error_code", "INTEGER"),
)
_WENT_WELL: Outputs = {"success": True, "error": "", "error_code": 0}


class GoogleNode(Node, abstract=True):
    """A node that asks one of Google's services, as the account that is found for it.

    A failure fails the node. Where the workflow goes on after it (`exec_error`,
    `continue_on_error`), `success` is false and `error` and `error_code` say why.
    """

    category: ClassVar[str] = "google"
    runs_on: ClassVar[str] = "external-account"
    needs: ClassVar[dict[str, str]] = {"cryptography": "google"}
    service: ClassVar[Service]
    credential_name: str = unlisted("", kind="string", help="The stored account to use.")
    credential_id: str = unlisted("", kind="string", help="The same by another name.")
    access_token: str = unlisted("", kind="string", help="A token, good for an hour at most.")
    service_account_file: str = unlisted(
        "", kind="file_path", help="The JSON key file of a service account."
    )
    service_account_json: Any = unlisted(None, kind="any", help="What is in such a file.")

    async def run(self, ctx: Context) -> Outputs:
        try:
            account = await account_of(ctx, self)
            check_person(account, self.service)
            api = Api(ctx, self.service, account)
            outputs = _WENT_WELL | await self.work(ctx, api)
        except NodeError as error:
            error.outputs = {**error.outputs, "error_code": status_of(error)}
            raise
        declared = {output.name for output in self.outputs}
        return {name: value for name, value in outputs.items() if name in declared}

    async def work(self, ctx: Context, api: Api) -> Outputs:
        """Do the work; the outputs beside those of OUTCOME. Raises NodeError."""
        raise NotImplementedError


class NamedAccountNode(GoogleNode, abstract=True):
    """A node that lists `credential_name`; another default than none is declared by the node."""

    credential_name: str = prop("", kind="string", help="The stored account to use.")


class TokenAccountNode(NamedAccountNode, abstract=True):
    """A node that lists `access_token` as well."""

    access_token: str = prop("", kind="string", help="A token, good for an hour at most.")


class FileAccountNode(TokenAccountNode, abstract=True):
    """A node that lists `service_account_file` as well."""

    service_account_file: str = prop(
        "", kind="file_path", help="The JSON key file of a service account."
    )


def id_param(help: str) -> Any:
    """The parameter for an id that the node cannot do without; see `wanted`."""
    return param("", kind="string", required=True, help=help)


def wanted(value: Any, name: str) -> str:
    """*value* as text. Raises NodeError, naming the parameter, if there is none."""
    return maybe(not_empty(value, name), name)


def maybe(value: Any, name: str) -> str:
    """*value*, an id or a name, as text, which may be empty.

    Raises NodeError, naming the parameter, for a placeholder that stands for nothing.
    """
    text = as_text(value).strip()
    refuse_unresolved(text, name)
    return text
