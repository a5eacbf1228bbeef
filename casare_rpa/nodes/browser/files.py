"""From a page to a file: pictures of it, and downloads."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._addresses import is_blocking
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, port, prop
from casare_rpa.nodes.browser._page import BrowserNode, PageNode, save
from casare_rpa.nodes.browser._scripts import in_page
from casare_rpa.nodes.browser._selectors import locate
from casare_rpa.nodes.browser._session import page_of
from casare_rpa.nodes.browser._urls import shown_url
from casare_rpa.nodes.browser._values import OpenPage
from casare_rpa.nodes.file.disk import path_of
from casare_rpa.nodes.http import transfer
from casare_rpa.nodes.http._call import Call, checked_url
from casare_rpa.nodes.values.reading import as_text, one_of, optional_int

_OK = 200
_TYPES = ("png", "jpeg")
_MOST_INLINE_BYTES = 64 << 20


class ScreenshotNode(PageNode):
    """Save a picture of the current page, or of one element of it.

    With `full_page` all of the page, else what a window would show. `quality` is for JPEG.
    """

    example = {"file_path": "out/page.png", "full_page": True}
    aliases = ("BrowserScreenshotNode",)
    side_effect = True
    verb = "the picture of the page"
    failure = ErrorCode.SCREENSHOT_FAILED
    file_path: str = param("", kind="file_path", aliases=("path",), help="The file to write.")
    selector: str = prop("", kind="selector", help="An element; empty: the page.")
    full_page: bool = prop(False, kind="boolean", help="Also what is scrolled out of sight.")
    kind: str = prop("png", key="type", kind="choice", choices=_TYPES, help="Of the picture.")
    quality: int | None = prop(None, kind="integer", minimum=0, maximum=100, help="Of a JPEG.")
    scale: str = prop("device", kind="choice", choices=("css", "device"), help="Pixels of what.")
    animations: str = prop(
        "allow", kind="choice", choices=("allow", "disabled"), help="Whether they go on."
    )
    omit_background: bool = prop(False, kind="boolean", help="Leave it transparent, if PNG.")
    caret: str = prop("hide", kind="choice", choices=("hide", "initial"), help="Of text fields.")
    outputs = (Output("file_path", "STRING"), Output("attachment_file", "LIST"))

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        path = path_of(ctx, self.file_path, "file_path")
        how = self._how()
        if self.selector:
            content = await locate(tab.page, self.selector, strict=False).screenshot(**how)
        else:
            content = await tab.page.screenshot(full_page=bool(self.full_page), **how)
        await save(path, content)
        return {"file_path": str(path), "attachment_file": [str(path)]}

    def _how(self) -> dict[str, Any]:
        kind = one_of(self.kind, "type", _TYPES)
        found: dict[str, Any] = {
            "timeout": self.timeout_ms,
            "type": kind,
            "scale": one_of(self.scale, "scale", ("css", "device")),
            "animations": one_of(self.animations, "animations", ("allow", "disabled")),
            "caret": one_of(self.caret, "caret", ("hide", "initial")),
            "omit_background": bool(self.omit_background) and kind == "png",
        }
        quality = optional_int(self.quality, "quality")
        if quality is not None and kind == "jpeg":
            found["quality"] = quality
        return found


class DownloadFileNode(BrowserNode):
    """Save what a URL gives to a file, of any size that leaves 64 MiB of the disk free.

    With `use_browser` the request carries the cookies of the current page, so that what a login
    protects can be had, and a URL may be relative to that page, or `data:` or `blob:` (up to
    64 MiB). `save_path` is a file, or a folder; without it the file goes into the run's own
    folder under `filename`, else the name that the URL ends with. A status other than 200 fails.
    """

    example = {"url": "https://example.org/a.pdf", "save_path": "out/a.pdf"}
    side_effect = True
    url: str = param(None, kind="string", required=True, help="Where from.")
    save_path: str = prop("", kind="file_path", help="The file or folder to write to.")
    filename: str | None = port(None, kind="string", help="A name for it in the folder.")
    use_browser: bool = prop(False, kind="boolean", help="As the current page would.")
    timeout: int = prop(30000, kind="integer", minimum=0, help="Milliseconds for all of it.")
    overwrite: bool = prop(True, kind="boolean", help="Replace an existing file.")
    verify_ssl: bool = prop(True, kind="boolean", help="Check the server's certificate.")
    outputs = (
        Output("path", "STRING"),
        Output("attachment_file", "LIST"),
        Output("size", "INTEGER"),
        Output("success", "BOOLEAN"),
    )

    async def run(self, ctx: Context) -> Outputs:
        tab = self._tab(ctx)
        url = as_text(self.url).strip()
        if tab is not None:
            url = urljoin(tab.page.url, url)
        path = self._target(ctx, url)
        if url.startswith(("data:", "blob:")):
            size = await self._from_page(ctx, tab or page_of(ctx, None), url, path)
        else:
            size = await self._from_server(ctx, tab, url, path)
        return {"path": str(path), "attachment_file": [str(path)], "size": size, "success": True}

    def _tab(self, ctx: Context) -> OpenPage | None:
        return page_of(ctx, None) if self.use_browser else None

    def _target(self, ctx: Context, url: str) -> Path:
        name = as_text(self.filename).strip() or _name_in(url)
        if "/" in name or "\\" in name:
            raise NodeError(f"{name!r} is no name of a file", ErrorCode.INVALID_INPUT)
        if not self.save_path:
            return path_of(ctx, name, "filename")
        found = path_of(ctx, self.save_path, "save_path")
        if found.is_dir() or str(self.save_path).endswith(("/", "\\")):
            return path_of(ctx, str(found / name), "save_path")
        return found

    async def _from_server(self, ctx: Context, tab: OpenPage | None, url: str, path: Path) -> int:
        headers = await _as_the_page(tab, url) if tab is not None else {}
        call = Call(
            method="GET",
            url=checked_url(url),
            headers=headers,
            timeout_seconds=int(self.timeout) / 1000 if self.timeout else 24 * 3600.0,
            verify_ssl=self.verify_ssl,
            block_private=is_blocking(ctx),
        )
        target = transfer.Target(path=path, overwrite=self.overwrite)
        status, size = await transfer.download(ctx, call, target)
        if status != _OK:
            raise NodeError(f"{shown_url(url)}: HTTP {status}", ErrorCode.HTTP_ERROR)
        return size

    async def _from_page(self, ctx: Context, tab: OpenPage, url: str, path: Path) -> int:
        try:
            async with asyncio.timeout(int(self.timeout) / 1000 or None):
                found = await tab.page.evaluate(in_page("read"), [url, _MOST_INLINE_BYTES])
        except TimeoutError:
            raise NodeError(
                f"{shown_url(url)}: not read within {self.timeout} ms", ErrorCode.TIMEOUT
            ) from None
        except Exception as error:
            raise NodeError(
                f"{shown_url(url)} cannot be read by the page", ErrorCode.NETWORK_ERROR
            ) from error
        if "base64" not in found:
            raise NodeError(
                f"{shown_url(url)} holds {found['size']:,} bytes, more than"
                f" {_MOST_INLINE_BYTES >> 20} MiB",
                ErrorCode.RESOURCE_EXHAUSTED,
            )
        content = base64.b64decode(found["base64"])
        await save(path, content, overwrite=self.overwrite)
        return len(content)


async def _as_the_page(tab: OpenPage, url: str) -> dict[str, str]:
    """Headers with which the browser itself would ask for *url*."""
    cookies = await tab.browser.context.cookies(url)
    found = {
        "User-Agent": str(await tab.page.evaluate("navigator.userAgent")),
        "Cookie": "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in cookies),
    }
    if tab.page.url.startswith("http") and urlsplit(url).scheme == urlsplit(tab.page.url).scheme:
        found["Referer"] = tab.page.url.partition("#")[0]
    return {name: value for name, value in found.items() if value}


def _name_in(url: str) -> str:
    """The name that *url* ends with, fit for a file."""
    if url.startswith(("data:", "blob:")):
        return "download"
    name = unquote(urlsplit(url).path).replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in name if c.isprintable()).strip(". ") or "download"
