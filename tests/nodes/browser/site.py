"""A small web site on loopback, for tests that walk through it with a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGES = {
    "/": """<title>Shop</title><h1 id="head"> Our <b>prices</b> <i style="display:none">x</i></h1>
<a id="next" href="/next" data-sku="17">to the next page</a>
<table id="prices"><thead><tr><th>Item</th><th>Price</th><th>Price</th></tr></thead>
<tr><td>Pen</td><td colspan="2">1.20</td></tr><tr><td>Ink</td><td>3</td><td>4</td></tr></table>
<table id="bare"><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>
<img src="/dot.svg" width="40" height="30"><div style="width:9px;height:9px;
background-image:url(/back.png)"></div><p class="many">1</p><p class="many">2</p>
<button id="hidden" style="display:none">h</button><button id="off" disabled>o</button>
<div style="position:relative"><button id="under">u</button><div style="position:absolute;inset:0">
</div></div>""",
    "/next": "<title>Next</title><h1>next</h1>",
    "/form": """<title>Form</title><form id="f" action="/sent" method="get">
<label>Full name <input name="name" value="old"></label><input name="password" type="password">
<input name="note" placeholder="A note" 
onkeydown="this.dataset.keys=(this.dataset.keys||'')+event.key">
<select name="land"><option value="de">Germany</option><option value="fr">France</option></select>
<input type="checkbox" name="news"><input type="radio" name="size" value="s">
<input type="radio" name="size" value="l"><textarea name="long">a</textarea>
<input type="hidden" name="token" value="t"><input type="file" name="file">
<button type="submit">Send</button></form>""",
    "/acts": """<title>Acts</title><button id="plus" onclick="n.textContent=+n.textContent+1"
 oncontextmenu="n.textContent='right';return false" ondblclick="n.textContent='double'">+</button>
<b id="n">0</b><button id="ask" onclick="a.textContent=confirm('Sure?')">ask</button>
<button id="name" onclick="a.textContent=prompt('Who?')">name</button><i id="a">-</i>
<button id="late" onclick="setTimeout(()=>{let p=document.createElement('p');p.id='came';
document.body.append(p);p.textContent='here'},200)">late</button>
<span>User</span><input id="u"><br><br><span>Word</span><input id="w">
<div id="blue" style="position:absolute;left:300px;top:200px;width:60px;height:40px;
background:linear-gradient(90deg,blue,yellow)"
onclick="n.textContent='blue '+event.offsetX"></div>""",
    "/alerts": "<title>Alerts</title><script>alert('on load')</script><p id=z>after</p>",
    "/asks": "<title>Asks</title><script>document.title=confirm('Go on?')</script>",
    "/opens": '<title>Opens</title><a id="new" target="_blank" href="/next">new</a>',
    "/guarded": """<title>Guarded</title><textarea id="t"></textarea>
<a id="away" href="/next">away</a>
<script>onbeforeunload=e=>{e.preventDefault();return 'x'}</script>""",
    "/many": """<title>Many</title><select multiple><option>x</option><option>y</option>
<option>z</option></select><button onclick="alert(1);document.title=confirm(2)">two</button>""",
    "/captcha": '<div class="g-recaptcha" data-sitekey="k17"></div>',
    "/slow": "",
    "/loads": '<title>Loads</title><img src="{other}/seen.png">',
}


class Site(ThreadingHTTPServer):
    """`seen` are the paths asked for; `cookies` what came with the last of them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[str] = []
        self.cookies = ""
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that is ended in the middle is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Site
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Nothing to say."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.server.seen.append(path)
        self.server.cookies = self.headers.get("Cookie", "")
        if path == "/slow":
            self.server.released.wait(30)
        if path == "/away":
            self.send_response(302)
            self.send_header("Location", query)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if path == "/dot.svg":
            self._send(
                '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"/>', "image/svg+xml"
            )
        elif path in ("/file.csv", "/seen.png", "/back.png", "/favicon.ico"):
            self._send("a,b\n1,2\n", "text/csv")
        elif path == "/sent":
            self._send(f"<title>Sent</title><p id=q>{escape(query)}</p>")
        elif path in PAGES:
            self._send(PAGES[path].replace("{other}", query))
        else:
            self._send("no such page", status=404)

    def _send(self, text: str, kind: str = "text/html; charset=utf-8", status: int = 200) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/":
            self.send_header("Set-Cookie", "session=abc; Path=/; HttpOnly")
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.released.set()
        site.shutdown()
        site.server_close()
        thread.join(5)
