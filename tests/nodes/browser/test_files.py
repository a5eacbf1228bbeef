"""Pictures, downloads, and the files and addresses that a browser may reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.domain.events import DomainEvent, EventBus
from casare_rpa.nodes import _addresses
from casare_rpa.nodes.base import NodeError
from tests.nodes.browser.site import Site, serving
from tests.nodes.browser.walks import js, walk
from tests.support.runs import chain, document, node, run_document


def test_pictures_of_pages_become_files(site: Site, tmp_path: Path) -> None:
    seen = walk(
        site,
        folder=tmp_path,
        whole=node("ScreenshotNode", path="out/page.png", full_page=True),
        element=node(
            "ScreenshotNode", file_path="head.jpg", selector="#head", type="jpeg", quality=50
        ),
        none=node("ScreenshotNode"),
        up=node("ScreenshotNode", file_path="../up.png"),
        nobody=node("ScreenshotNode", file_path="n.png", selector="#nobody", timeout=300),
    )
    assert {name: code for name, (code, _) in seen.failures.items()} == {
        "none": "MISSING_REQUIRED_FIELD",
        "up": "PERMISSION_DENIED",
        "nobody": "ELEMENT_NOT_FOUND",
    }
    path = str(tmp_path / "out" / "page.png")
    assert seen["whole"] == {"file_path": path, "attachment_file": [path]}
    assert Path(path).read_bytes()[:4] == b"\x89PNG"
    assert (tmp_path / "head.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_downloads_go_where_they_are_told(site: Site, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("old")
    url = f"{site.url}/file.csv?a=1"
    blob = "window.made = URL.createObjectURL(new Blob(['made here']))"
    seen = walk(
        site,
        folder=tmp_path,
        plain=node("DownloadFileNode", url=url),
        named=node("DownloadFileNode", url=url, save_path="d/", filename="n.csv"),
        as_page=node("DownloadFileNode", url="/file.csv", save_path="p.csv", use_browser=True),
        made=js(blob),
        blob=node("DownloadFileNode", url="{{made.result}}", save_path="b.txt", use_browser=True),
        kept=node("DownloadFileNode", url=url, save_path="old.csv", overwrite=False),
        none=node("DownloadFileNode", url=f"{site.url}/nothing", save_path="x"),
        late=node("DownloadFileNode", url=f"{site.url}/slow", save_path="y", timeout=200),
        out=node("DownloadFileNode", url=url, save_path="/etc/shadow"),
    )
    assert {name: code for name, (code, _) in seen.failures.items()} == {
        "kept": "INVALID_INPUT",
        "none": "HTTP_ERROR",
        "late": "TIMEOUT",
        "out": "PERMISSION_DENIED",
    }
    assert (seen["plain"]["path"], seen["plain"]["size"]) == (str(tmp_path / "file.csv"), 8)
    assert (tmp_path / "d" / "n.csv").read_text() == "a,b\n1,2\n"
    assert (tmp_path / "p.csv").read_text() == "a,b\n1,2\n"
    assert (tmp_path / "b.txt").read_text() == "made here"
    assert (tmp_path / "old.csv").read_text() == "old"
    assert not (tmp_path / "x").exists()


def test_pages_that_are_files_stay_within_the_allowed_folders(tmp_path: Path) -> None:
    allowed, other = tmp_path / "in", tmp_path / "other"
    allowed.mkdir()
    other.mkdir()
    (other / "key.html").write_text("the key")
    (allowed / "b.html").write_text("<h1>b</h1>")
    (allowed / "a.html").write_text(
        f'<a id=b href="b.html">b</a><a id=k href="file://{other}/key.html">k</a>'
        f'<iframe src="file://{other}/key.html"></iframe>'
    )
    seen = walk(
        None,
        options={"allowed_paths": (str(allowed),)},
        folder=allowed,
        at=node("GoToURLNode", url=f"file://{allowed}/a.html"),
        frame=js("document.querySelector('iframe').contentDocument?.body?.innerText ?? ''"),
        link=node("ClickElementNode", selector="#k"),
        after=node("GetPageSourceNode"),
        again=node("GoToURLNode", url=f"file://{allowed}/a.html"),
        other=node("ClickElementNode", selector="#b"),
        b=node("ExtractTextNode", selector="h1"),
        direct=node("GoToURLNode", url=f"file://{other}/key.html"),
        dots=node("GoToURLNode", url=f"file://{allowed}/%2e%2e/other/key.html"),
        far=node("GoToURLNode", url="file://elsewhere/share/x"),
    )
    assert {name: code for name, (code, _) in seen.failures.items()} == dict.fromkeys(
        ("direct", "dots", "far"), "PERMISSION_DENIED"
    )
    assert "the key" not in seen["frame"]["result"] + seen["after"]["source"]
    assert seen["b"]["text"] == "b"


def test_private_addresses_are_out_of_reach_whatever_leads_there(site: Site) -> None:
    """The browser has one way out, and what the page itself asks for has no other either."""
    ask = "new Promise(go => { const i = new Image(); i.onload = i.onerror = go; i.src = '%s'; })"
    socket = (
        f"new Promise(go => {{ const s = new WebSocket('{site.url.replace('http', 'ws')}/sock');"
        "s.onopen = () => go('came'); s.onerror = () => go('refused'); })"
    )
    with serving() as private:
        before = len(site.seen)
        named = f"http://localhost:{site.server_port}/"
        seen = walk(
            None,
            options={"block_private_addresses": True},
            direct=node("GoToURLNode", url=f"{site.url}/"),
            name=node("GoToURLNode", url=named),
            six=node("GoToURLNode", url=f"http://[::1]:{site.server_port}/"),
            secure=node("GoToURLNode", url=f"https://127.0.0.1:{site.server_port}/"),
            blank=node("GoToURLNode", url="about:blank"),
            image=js(ask % f"{private.url}/seen.png"),
            socket=js(socket),
            tab=node("NewTabNode", tab_name="t", url=f"{site.url}/"),
            get=node("DownloadFileNode", url=f"{site.url}/file.csv"),
        )
        assert {name: code for name, (code, _) in seen.failures.items()} == dict.fromkeys(
            ("direct", "name", "six", "secure", "tab", "get"), "PERMISSION_DENIED"
        )
        assert "an address that this run must not reach" in seen.failures["direct"][1]
        assert seen["image"]["success"]
        assert seen["socket"]["result"] == "refused"
        assert (site.seen[before:], private.seen) == ([], [])


def test_a_redirect_to_a_private_address_is_refused_and_a_public_page_is_shown(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def addresses(host: str) -> list[str]:
        if host == "shop.test":
            return ["127.0.0.1"]  # as if that were a public one
        raise NodeError(f"{host} is out of reach", ErrorCode.PERMISSION_DENIED)

    monkeypatch.setattr(_addresses, "public_addresses", addresses)
    with serving() as private:
        shop = f"http://shop.test:{site.server_port}"
        seen = walk(
            None,
            options={"block_private_addresses": True},
            shop=node("GoToURLNode", url=f"{shop}/next"),
            title=js("document.title"),
            away=node("GoToURLNode", url=f"{shop}/away?{private.url}/"),
            loads=node("GoToURLNode", url=f"{shop}/loads?{private.url}"),
            on=js("document.title"),
        )
        assert private.seen == []
    assert set(seen.failures) == {"away"}, seen.failures
    assert seen.failures["away"][0] == "PERMISSION_DENIED"
    assert (seen["title"]["result"], seen["on"]["result"]) == ("Next", "Loads")
    assert "/next" in site.seen


def test_a_secret_that_is_typed_is_never_told(site: Site) -> None:
    nodes = {
        "open": node("LaunchBrowserNode", url=f"{site.url}/form", window_wait=0),
        "type": node("TypeTextNode", selector="[name=password]", text="{{pin}}"),
        "fill": node("FormFillerNode", field_mapping={"note": "{{pin}}"}),
        "read": js("document.querySelector('[name=password]').value"),
        "url": node("GoToURLNode", url=f"{site.url}/next?pin={{{{pin}}}}"),
        "fail": node("ClickElementNode", selector="text={{pin}}", timeout=200),
    }
    raw = document(nodes, chain(*nodes))
    raw["variables"] = {"pin": {"name": "pin", "default_value": "quince-4711", "sensitive": True}}
    bus, events = EventBus(), []
    bus.subscribe_all(lambda event: events.append(event))
    result = run_document(raw, bus=bus)
    assert result.error is not None and result.error.code == "ELEMENT_NOT_FOUND"

    def shown(event: DomainEvent) -> str:
        return str(event.to_dict())

    assert not [shown(event) for event in events if "quince" in shown(event)]
    assert "quince" not in str(result.to_dict())
    assert result.outputs["read"]["result"] == "***"
