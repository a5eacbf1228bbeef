"""What pages have left in the browser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, NodeError, Output, Outputs, port, prop, unlisted
from casare_rpa.nodes.browser._page import PageNode
from casare_rpa.nodes.browser._values import OpenPage
from casare_rpa.nodes.values.reading import as_number, as_text, one_of, parse_json

_OPERATIONS = ("get", "set", "delete", "delete_all", "export", "import")
_SAME_SITE = ("None", "Lax", "Strict")
_KNOWN = frozenset({"name", "value", "url", "domain", "path", "expires", "httpOnly", "secure"})


class CookieManagementNode(PageNode):
    """Get, set, delete, export or import the cookies of the browser.

    `get` and `delete` mean the one called `cookie_name`, and of `domain` if that is given; `get`
    without a name gives all. `set` needs no `domain` for the current page. `export` gives all as
    JSON, which `import` takes as `cookies_json` or at the port `cookies_input`.
    """

    example = {"operation": "get", "cookie_name": "session"}
    side_effect = True
    verb = "the cookies"
    failure = ErrorCode.INVALID_INPUT
    timeout: int = unlisted(30000, kind="integer", minimum=0)
    operation: str = prop("get", kind="choice", choices=_OPERATIONS, help="What to do.")
    cookie_name: str = prop("", kind="string", help="Which one.")
    cookie_value: str = prop("", kind="string", help="For set.")
    cookies_json: str = prop("", kind="text", help="For import: a list of cookies.")
    domain: str = prop("", kind="string", help="Empty: that of the page.")
    path: str = prop("/", kind="string", help="For set.")
    expires: float = prop(0, kind="float", minimum=0, help="Unix time; 0: with the browser.")
    secure: bool = prop(False, kind="boolean", help="Only over https.")
    http_only: bool = prop(False, kind="boolean", help="Not for scripts.")
    same_site: str = prop("None", kind="choice", choices=_SAME_SITE, help="For set.")
    cookies_input: Json = port(None, kind="string", help="For import: a list of cookies.")
    outputs = (
        Output("page", "PAGE"),
        Output("cookies", "STRING"),
        Output("cookie", "DICT"),
        Output("success", "BOOLEAN"),
        Output("count", "INTEGER"),
    )

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        work = getattr(self, f"_{one_of(self.operation, 'operation', _OPERATIONS)}")
        found: list[dict[str, Any]] = await work(tab)
        return {
            "page": tab,
            "cookies": json.dumps(found),
            "cookie": found[0] if len(found) == 1 or (found and self.cookie_name) else {},
            "success": bool(found) or not self.cookie_name,
            "count": len(found),
        }

    async def _get(self, tab: OpenPage) -> list[dict[str, Any]]:
        name, domain = as_text(self.cookie_name), as_text(self.domain).lstrip(".")
        return [
            cookie
            for cookie in await self._export(tab)
            if (not name or cookie["name"] == name)
            and (not domain or cookie["domain"].lstrip(".") == domain)
        ]

    async def _export(self, tab: OpenPage) -> list[dict[str, Any]]:
        return [dict(cookie) for cookie in await tab.browser.context.cookies()]

    async def _set(self, tab: OpenPage) -> list[dict[str, Any]]:
        cookie: dict[str, Any] = {
            "name": self._name(),
            "value": as_text(self.cookie_value),
            "secure": bool(self.secure),
            "httpOnly": bool(self.http_only),
        }
        same_site = one_of(self.same_site, "same_site", _SAME_SITE)
        if same_site != "None" or self.secure:
            # Browsers drop a cookie that says None and is not for https alone.
            cookie["sameSite"] = same_site
        if self.domain:
            cookie |= {"domain": as_text(self.domain), "path": as_text(self.path) or "/"}
        elif tab.page.url.startswith("http"):
            cookie["url"] = tab.page.url
        else:
            raise NodeError(
                "domain is empty, and the page has none", ErrorCode.MISSING_REQUIRED_FIELD
            )
        if expires := float(as_number(self.expires or 0, "expires")):
            cookie["expires"] = expires
        await tab.browser.context.add_cookies([cookie])  # type: ignore[list-item]
        return [cookie]

    async def _delete(self, tab: OpenPage) -> list[dict[str, Any]]:
        found = [c for c in await self._get(tab) if c["name"] == self._name()]
        for cookie in found:
            await tab.browser.context.clear_cookies(
                name=cookie["name"], domain=cookie["domain"], path=cookie["path"]
            )
        return found

    async def _delete_all(self, tab: OpenPage) -> list[dict[str, Any]]:
        found = await self._export(tab)
        await tab.browser.context.clear_cookies()
        return found

    async def _import(self, tab: OpenPage) -> list[dict[str, Any]]:
        given = self.cookies_input or self.cookies_json
        found = parse_json(given, "cookies_json")
        found = [found] if isinstance(found, Mapping) else found
        if not isinstance(found, list) or not all(isinstance(c, Mapping) for c in found):
            raise NodeError("cookies_json must be a list of cookies", ErrorCode.TYPE_MISMATCH)
        cookies = [_importable(cookie) for cookie in found]
        await tab.browser.context.add_cookies(cookies)  # type: ignore[arg-type]
        return cookies

    def _name(self) -> str:
        if not as_text(self.cookie_name):
            raise NodeError("cookie_name is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        return as_text(self.cookie_name)


def _importable(given: Mapping[str, Any]) -> dict[str, Any]:
    """A cookie as the browser takes it, of one as it or an extension of it has written it."""
    cookie = {key: value for key, value in given.items() if key in _KNOWN and value is not None}
    if isinstance(given.get("expirationDate"), (int, float)):
        cookie.setdefault("expires", given["expirationDate"])
    site = as_text(given.get("sameSite")).lower()
    named = {"none": "None", "no_restriction": "None", "lax": "Lax", "strict": "Strict"}
    # Browsers drop a cookie that says None and is not for https alone.
    if site in named and (named[site] != "None" or cookie.get("secure")):
        cookie["sameSite"] = named[site]
    if "name" not in cookie or "value" not in cookie:
        raise NodeError("a cookie has no name or no value", ErrorCode.INVALID_INPUT)
    if "url" not in cookie:
        cookie.setdefault("path", "/")
    return cookie
