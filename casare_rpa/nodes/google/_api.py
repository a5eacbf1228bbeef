"""A service of Google, signed in to: what the nodes ask it through.

    found = await api.ask("GET", f"/drive/v3/files/{quoted(file_id)}", query={"fields": "name"})
    rows, more = await api.pages("/drive/v3/files", items="files", limit=100)
    size = await api.download(f"/drive/v3/files/{quoted(file_id)}", Target(...), {"alt": "media"})
    made = await api.upload("/upload/drive/v3/files", file_source(path), {"name": "report.pdf"})

All raise NodeError, in whose details HTTP_STATUS is the status of an answer that was a refusal.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.google._account import Account, FixedToken
from casare_rpa.nodes.google._refusals import status_of
from casare_rpa.nodes.google._requests import Request, json_of, send
from casare_rpa.nodes.google._services import Service, is_own, service_url
from casare_rpa.nodes.google._tokens import token
from casare_rpa.nodes.google._upload import Source, upload
from casare_rpa.nodes.http._call import with_query
from casare_rpa.nodes.http.transfer import Target, save

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
Receive = Callable[["httpx.Response"], Awaitable[T]]

#: Asked for twice they give or leave the same. DELETE is not among them: what is gone is not found.
_REPEATABLE = frozenset({"GET", "PUT", "PATCH"})
_MOST_PAGES = 10_000


class Api:
    """`str()` of it names the service and the account, for messages."""

    def __init__(self, ctx: Context, service: Service, account: Account) -> None:
        self.ctx = ctx
        self.service = service
        self.account = account
        self._url = service_url(ctx.environment, service)

    def __str__(self) -> str:
        return f"{self.service.name} as {self.account}"

    async def sign_in(self) -> None:
        """Raise NodeError if that cannot be done, before the first of many requests."""
        await token(self.ctx, self.account, self.service.scopes)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        repeatable: bool | None = None,
    ) -> dict[str, Any]:
        """The JSON object that the service answers with; an empty one if it says nothing.

        *path* begins with a slash; ids in it go through `quoted`. Of *query* None is left out and
        a list becomes several. *body* is sent as JSON. *repeatable*: whether it may be sent twice
        when its answer is lost; by default GET, PUT and PATCH are.
        """
        content = None if body is None else _json(body)
        headers = {} if content is None else {"Content-Type": "application/json"}
        return await self.send(
            method,
            self.url(path, query),
            json_of,
            headers=headers,
            content=content,
            repeatable=method in _REPEATABLE if repeatable is None else repeatable,
        )

    async def pages(
        self,
        path: str,
        *,
        items: str,
        limit: int,
        query: Mapping[str, Any] | None = None,
        size: tuple[str, int] = ("pageSize", 1000),
        look: Callable[[Mapping[str, Any]], None] = lambda answer: None,
    ) -> tuple[list[Any], bool]:
        """At most *limit* members of the lists *items*, and whether there are more.

        *size* is the parameter for the length of a page, and its greatest value. *look* is
        shown each page.
        """
        found: list[Any] = []
        next_page: str | None = None
        for _ in range(_MOST_PAGES):
            asked = {size[0]: min(limit - len(found), size[1]), "pageToken": next_page}
            answer = await self.ask("GET", path, query={**(query or {}), **asked})
            look(answer)
            found += answer.get(items) or []
            next_page = answer.get("nextPageToken") or None
            if next_page is None or len(found) >= limit:
                return found[:limit], next_page is not None or len(found) > limit
        raise NodeError(f"{self}: {path} has no last page", ErrorCode.RESOURCE_EXHAUSTED)

    async def download(
        self, path: str, target: Target, query: Mapping[str, Any] | None = None
    ) -> int:
        """Write an answer of any size to a file, which appears when all is there; its size."""
        return await self.send(
            "GET",
            self.url(path, query),
            lambda response: save(response, target),
            repeatable=True,
            is_bounded=False,
        )

    async def upload(
        self,
        path: str,
        source: Source,
        metadata: Mapping[str, Any],
        query: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Send *source* with *metadata*; what the service made of it.

        *path* begins with `/upload/`. It goes in pieces, and on where it was cut off, so that
        nothing is made twice.
        """
        return await upload(self, self.url(path, query), source, _json(metadata))

    def url(self, path: str, query: Mapping[str, Any] | None = None) -> str:
        return with_query(self._url + path, query or {})

    def is_own(self, url: str) -> bool:
        """Whether *url*, which an answer named, is at the service, so that it may see the token."""
        return is_own(self.ctx.environment, self.service, url)

    async def send(
        self,
        method: str,
        url: str,
        receive: Receive[T],
        *,
        headers: Mapping[str, str] | None = None,
        **about: Any,
    ) -> T:
        """What *receive* makes of the answer to a signed request.

        *about* are fields of Request. A token that is refused is replaced once.
        """

        async def attempt(value: str) -> T:
            request = Request(
                what=str(self),
                method=method,
                url=url,
                headers={**(headers or {}), "Authorization": f"Bearer {value}"},
                secrets=(value,),
                **about,
            )
            return await send(self.ctx, request, receive)

        value = await token(self.ctx, self.account, self.service.scopes)
        try:
            return await attempt(value)
        except NodeError as error:
            if status_of(error) != 401 or isinstance(self.account, FixedToken):
                raise
        renewed = await token(self.ctx, self.account, self.service.scopes, refused=value)
        return await attempt(renewed)


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NodeError(
            f"the values cannot be written as JSON: {error}", ErrorCode.SERIALIZATION_ERROR
        ) from error
