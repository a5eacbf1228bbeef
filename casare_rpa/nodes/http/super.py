"""The HTTP node that does one of many things, chosen by its action."""

from __future__ import annotations

from typing import Any, ClassVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._addresses import is_blocking
from casare_rpa.nodes.base import Context, Json, Node, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.file.disk import path_of
from casare_rpa.nodes.http.request import ANSWER, ask, prepare
from casare_rpa.nodes.http.transfer import Target, download, upload
from casare_rpa.nodes.http.values import auth_headers

_REQUESTS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_QUERY = frozenset({"GET", "POST"})


class HttpSuperNode(Node):
    """Do any HTTP operation, chosen by the action.

    Requests follow the rules of HttpRequestNode: any status is a success of the node, also of a
    download, and `success` and `error` tell. `GET` is short for `GET Request`, and so on. A
    download replaces an existing file only with `overwrite`.
    """

    category = "http"
    example = {"action": "POST Request", "url": "https://example.org/api", "body": {"name": "Ada"}}
    aliases = ("HTTPSuperNode",)
    actions: ClassVar[tuple[str, ...]] = (
        *(f"{method} Request" for method in _REQUESTS),
        "Download File",
        "Upload File",
        "Configure Auth",
    )
    side_effect = True
    timeout_seconds = 0
    #: `GET` is fine, and an action that there is not fails.
    beyond_limits = frozenset({"action"})
    action: str = prop("GET Request", kind="choice", choices=actions, help="What to do.")
    url: str = param("", kind="string", help="Where to.")
    headers: Json = param({}, kind="json", port_kind="DICT", help="Headers to send.")
    query: Json = param({}, key="params", kind="json", port_kind="DICT", help="Added to the query.")
    body: Json = param("", kind="text", port_kind="ANY", help="What to send.")
    content_type: str = prop("application/json", kind="string", help="The type of a text body.")
    timeout: float = prop(30.0, kind="float", minimum=0.1, help="Seconds for each attempt.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    verify_ssl: bool = prop(True, kind="boolean", help="Check the server's certificate.")
    save_path: str = param("", kind="string", help="The file a download writes.")
    file_path: str = param("", kind="string", help="The file to upload.")
    auth_type: str = prop(
        "bearer", kind="choice", choices=("bearer", "basic", "api_key"), help="How to authenticate."
    )
    create_dirs: bool = prop(True, kind="boolean", help="Make missing folders.")
    field_name: str = prop("file", kind="string", help="The form field of the file.")
    token: str = param("", kind="string", help="The token or key.")
    overwrite: bool = prop(False, kind="boolean", help="Replace an existing file.")
    extra_fields: Json = prop({}, kind="json", help="More form fields.")
    username: str = param("", kind="string", help="For basic authentication.")
    password: str = param("", kind="string", help="For basic authentication.")
    header_name: str = prop("X-API-Key", kind="string", help="The header of an API key.")
    outputs = (
        Output("response_body", "STRING", ("body",)),
        Output("response_json", "ANY", ("response",)),
        *ANSWER[2:],
        Output("file_path", "STRING"),
        Output("file_size", "INTEGER"),
        Output("auth_headers", "DICT"),
    )

    async def run(self, ctx: Context) -> Outputs:
        wanted = " ".join(str(self.action or "").lower().replace("_", " ").split())
        match wanted.removesuffix(" request"):
            case "get" | "post" | "put" | "patch" | "delete" as method:
                return await self._ask(ctx, method.upper())
            case "download file":
                return await self._download(ctx)
            case "upload file":
                limits = self._limits() | {"block_private": is_blocking(ctx), "retry_count": 0}
                return await upload(ctx, self, **limits)
            case "configure auth":
                return self._auth()
        raise NodeError(
            f"no action {self.action!r}; the actions are: {', '.join(self.actions)}",
            ErrorCode.INVALID_INPUT,
        )

    async def _ask(self, ctx: Context, method: str) -> Outputs:
        call = prepare(
            ctx,
            method,
            self.url,
            headers=self.headers,
            params=self.query if method in _QUERY else None,
            body=self.body,
            content_type=self.content_type,
            **self._limits(),
        )
        return await ask(ctx, call)

    async def _download(self, ctx: Context) -> Outputs:
        target = Target(
            path=path_of(ctx, self.save_path or self.file_path, "save_path"),
            overwrite=self.overwrite,
            create_dirs=self.create_dirs,
        )
        call = prepare(ctx, "GET", self.url, headers=self.headers, **self._limits())
        status, size = await download(ctx, call, target)
        done = status == 200
        return {
            "file_path": str(target.path) if done else "",
            "file_size": size,
            "status_code": status,
            "success": done,
            "error": "" if done else f"HTTP {status}",
        }

    def _auth(self) -> Outputs:
        headers = auth_headers(
            str(self.auth_type),
            token=str(self.token or ""),
            username=str(self.username or ""),
            password=str(self.password or ""),
            header_name=str(self.header_name or "X-API-Key"),
        )
        return {"auth_headers": headers, "success": True}

    def _limits(self) -> dict[str, Any]:
        return {
            "timeout_seconds": float(self.timeout),
            "verify_ssl": self.verify_ssl,
            "retry_count": int(self.retry_count),
        }
