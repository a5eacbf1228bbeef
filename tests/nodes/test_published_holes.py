"""Holes that were published of other engines and libraries, each tried here through the engine.

A row names the hole and where it was seen, the node that could have it, and what must happen.
"""

from __future__ import annotations

import io
import os
import stat
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docx
import pytest

from casare_rpa.engine import RunResult
from casare_rpa.nodes import _addresses
from casare_rpa.nodes.data import _patterns
from tests.nodes.web_server import Server, serving
from tests.support.runs import run_node
from tests.support.workbooks import excel_workbook, packed, parts_of

REFUSED = "PERMISSION_DENIED"
TOO_MUCH = "RESOURCE_EXHAUSTED"


@dataclass(frozen=True, kw_only=True)
class World:
    """What a row may use: the run's folder, a file outside it, and two servers."""

    folder: Path
    outside: Path
    server: Server
    other: Server


@dataclass(frozen=True, kw_only=True)
class Hole:
    """A node with this config fails with this code; without one, gives these outputs."""

    name: str
    node_type: str
    config: Mapping[str, Any] | Callable[[World], Mapping[str, Any]]
    code: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)

    def tried(self, world: World) -> RunResult:
        config = self.config(world) if callable(self.config) else self.config
        options = dict(self.options)
        if options.pop("limited", False):
            options["allowed_paths"] = (str(world.folder),)
        return run_node(self.node_type, config, self.variables, folder=world.folder, **options)


def _expression(name: str, *texts: str) -> list[Hole]:
    return [
        Hole(
            name=f"{name}: {text}",
            node_type="EvalExpressionNode",
            config={"expression": text},
            variables={"rows": [1], "text": "a"},
            code="EXPRESSION_ERROR",
        )
        for text in texts
    ]


EXPRESSIONS = [
    *_expression(
        "dunder walk to all classes",
        "().__class__.__base__.__subclasses__()",
        "rows.__init__.__globals__",
        "text['__class__'].x",
        "map(type, [1])[0].__subclasses__()",
        "{}.get.__self__",
        "__import__('os').system('id')",
    ),
    *_expression(
        "builtins by another way", "open('/etc/passwd')", "globals()", "getattr(text, 'upper')"
    ),
    *_expression(
        "format string (jinja2 CVE-2016-10745, RestrictedPython CVE-2023-41039)",
        "'{0.__class__}'.format(text)",
        "'{x.__class__}'.format_map({'x': text})",
        "str.format('{0.__class__}', text)",
        "f'{text.__class__}'",
        "'%(x)s' % {'x': text}",
    ),
    *_expression(
        "generator frame (RestrictedPython CVE-2023-37271)",
        "(x for x in rows).gi_frame.f_back",
        "[x.gi_frame.f_back.f_globals for x in [(y for y in rows)]]",
        "[(lambda f: f.f_globals)(x) for x in [(y for y in rows).gi_frame]]",
        "list(map(lambda x: x.__globals__, [lambda y: y]))",
        "list(map(lambda x: x.func_globals, [lambda y: y]))",
        "lambda: 0",
        "rows.gi_frame",
        "(y := 1)",
    ),
    *_expression(
        "a number that never ends",
        "9**9**9",
        "pow(9, 9**9)",
        "1 << 10**10",
        "round(1, -10**9)",
        "(10**30000) * (10**30000)",
    ),
    *_expression("int of a long text (CPython CVE-2020-10735)", f"int('{'9' * 9000}')"),
    *_expression(
        "memory without end",
        "'a'*10**10",
        "[0] * 10**10",
        "[[[0] * 1000] * 1000] * 1000",
        "sum([[0] * 1000] * 1000000, [])",
        "'a'.replace('', 'b' * 1000000)",
        "','.join(['a' * 1000000] * 1000000)",
        "list(range(10**12))",
        "'%999999999d' % 1",
        "format(1, '>999999999')",
    ),
    *_expression("a parser's stack (CPython CVE-2022-0391 and its like)", "(" * 3000 + ")" * 3000),
]
TEXTS = [
    Hole(
        name="format string in a template reaches attributes (Ronacher 2016)",
        node_type="FormatStringNode",
        config={"template": "{x.__class__.__mro__}", "variables": {"x": "a"}},
        code="TEMPLATE_ERROR",
    ),
    Hole(
        name="a field as wide as the memory, by a width in a width",
        node_type="FormatStringNode",
        config={"template": "{x:{y}}", "variables": {"x": 1, "y": ">999999999"}},
        code="TEMPLATE_ERROR",
    ),
    Hole(
        name="a placeholder that reads attributes stays as it is written (n8n CVE-2025-68613)",
        node_type="ConcatenateNode",
        config={"string_1": "{{x.__class__.__mro__}}"},
        variables={"x": "a"},
        outputs={"result": "{{x.__class__.__mro__}}"},
    ),
    Hole(
        name="a value that looks like a placeholder is not resolved again",
        node_type="ConcatenateNode",
        config={"string_1": "{{x}}"},
        variables={"x": "{{password}}", "password": "hunter2"},
        outputs={"result": "{{password}}"},
    ),
    Hole(
        name="JSON nested without end",
        node_type="JsonParseNode",
        config={"json_string": "[" * 100_000},
        code="PARSE_ERROR",
    ),
    Hole(
        name="ReDoS (OWASP)",
        node_type="RegexMatchNode",
        config={"text": "a" * 60 + "!", "pattern": "(a|aa)+$"},
        code="TIMEOUT",
    ),
    Hole(
        name="ReDoS in a replacement",
        node_type="RegexReplaceNode",
        config={"text": "a" * 60 + "!", "pattern": "(a|aa)+$", "replacement": ""},
        code="TIMEOUT",
    ),
    Hole(
        name="ReDoS in an extraction (Cloudflare's outage of 2019 had the like)",
        node_type="TextExtractNode",
        config={"text": "x" * 60 + "!", "pattern": "(x|x?x)+=$"},
        outputs={"found": False},
    ),
    Hole(
        name="(a+)+$ of the textbooks",
        node_type="RegexMatchNode",
        config={"text": "a" * 60 + "!", "pattern": "(a+)+$"},
        outputs={"match_found": False},
    ),
    Hole(
        name="a pattern that is large when it is written out",
        node_type="RegexMatchNode",
        config={"text": "a", "pattern": "((a{1000}){1000}){1000}"},
        code="VALUE_OUT_OF_RANGE",
    ),
    Hole(
        name="a spreadsheet calculates what a file says (CSV injection, OWASP)",
        node_type="WriteCSVNode",
        config={
            "file_path": "out.csv",
            "data": [{"a": "=1+cmd|' /C calc'!A0"}],
            "excel_safe": True,
        },
        outputs={"row_count": 1},
    ),
]

_LAUGHS = "<!DOCTYPE a [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><a>&b;</a>"
XML = [
    Hole(
        name=name,
        node_type="ParseXMLNode",
        config={"xml_string": text},
        code=code,
    )
    for name, text, code in (
        ("billion laughs (CVE-2003-1564)", _LAUGHS, "PARSE_ERROR"),
        (
            "XXE reads a file",
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            "PARSE_ERROR",
        ),
        (
            "XXE by a parameter entity",
            "<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1:9/x'> %x;]><a/>",
            "PARSE_ERROR",
        ),
        ("elements nested without end", "<a>" * 5000 + "</a>" * 5000, TOO_MUCH),
    )
]


def _office(name: str, part: str) -> Callable[[World], dict[str, Any]]:
    """A file with this name, one part of which is a document that declares entities."""

    def made(world: World) -> dict[str, Any]:
        raw = io.BytesIO()
        if name.endswith(".docx"):
            docx.Document().save(raw)
        else:
            raw = io.BytesIO(excel_workbook())
        parts = parts_of(raw.getvalue()) | {part: _LAUGHS.encode()}
        (world.folder / name).write_bytes(packed(parts))
        return {"file_path": name}

    return made


OFFICE = [
    Hole(
        name=f"entities in {part} ({seen})",
        node_type=kind,
        config=_office(file, part),
        code="INVALID_FORMAT",
    )
    for kind, file, part, seen in (
        ("ExcelOpenNode", "a.xlsx", "xl/sharedStrings.xml", "openpyxl CVE-2017-5992"),
        ("ExcelOpenNode", "a.xlsx", "xl/worksheets/sheet1.xml", "the same"),
        ("WordOpenNode", "a.docx", "word/document.xml", "python-docx CVE-2016-5851"),
    )
]


def _file(*, text: str, more: Mapping[str, Any] | None = None) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"file_path": text.format(world=world), **(more or {})}


def _link_to_the_outside(world: World) -> dict[str, Any]:
    (world.folder / "link").symlink_to(world.outside)
    return {"file_path": "link/secret"}


def _folder_with_a_longer_name(world: World) -> dict[str, Any]:
    twin = world.folder.with_name(world.folder.name + "-twin")
    twin.mkdir()
    (twin / "f").write_text("x")
    return {"file_path": str(twin / "f"), "allow_dangerous_paths": True}


def _pattern_through_a_link(world: World) -> dict[str, Any]:
    (world.folder / "link").symlink_to(world.outside)
    return {"directory_path": ".", "pattern": "link/*"}


PATHS = [
    *(
        Hole(
            name=f"{name}: {text}", node_type="ReadFileNode", config=_file(text=text), code=REFUSED
        )
        for name, text in (
            ("climbing out", "../outside/secret"),
            ("climbing out the other way", "..\\outside\\secret"),
            ("climbing in the middle", "a/../../outside/secret"),
            ("a device that blocks (Windows, node.js CVE-2025-27210)", "aux.txt"),
            ("a name that is cut at NUL", "notes.txt\0.png"),
            ("private keys", "~/.ssh/id_rsa"),
            ("the passwords of the system", "/etc/shadow"),
        )
    ),
    Hole(
        name="an absolute path, where folders are limited",
        node_type="ReadFileNode",
        config=_file(text="{world.outside}/secret"),
        options={"limited": True},
        code=REFUSED,
    ),
    Hole(
        name="a folder whose name begins with the allowed one's (string prefix)",
        node_type="ReadFileNode",
        config=_folder_with_a_longer_name,
        options={"limited": True},
        code=REFUSED,
    ),
    Hole(
        name="a link to the outside",
        node_type="ReadFileNode",
        config=_link_to_the_outside,
        options={"limited": True},
        code=REFUSED,
    ),
    Hole(
        name="the same, to write",
        node_type="WriteFileNode",
        config=lambda world: {**_link_to_the_outside(world), "content": "x"},
        options={"limited": True},
        code=REFUSED,
    ),
    Hole(
        name="the same, for a script",
        node_type="RunPythonFileNode",
        config=_link_to_the_outside,
        options={"limited": True},
        code=REFUSED,
    ),
    Hole(
        name="a pattern that goes through a link",
        node_type="ListFilesNode",
        config=_pattern_through_a_link,
        options={"limited": True},
        outputs={"count": 0},
    ),
    Hole(
        name="the same, to pack it",
        node_type="ZipFilesNode",
        config=lambda world: {
            "zip_path": "all.zip",
            "source_path": _pattern_through_a_link(world)["pattern"],
        },
        options={"limited": True},
        code=REFUSED,
    ),
]


def _archive(world: World, *entries: tuple[zipfile.ZipInfo | str, bytes]) -> dict[str, Any]:
    with zipfile.ZipFile(world.folder / "in.zip", "w", zipfile.ZIP_DEFLATED) as packer:
        for name, content in entries:
            packer.writestr(name, content)
    return {"zip_path": "in.zip", "extract_to": "unpacked"}


def _entry(name: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: _archive(world, ("fine.txt", b"x"), (name, b"x"))


def _link_and_a_file_behind_it(world: World) -> dict[str, Any]:
    link = zipfile.ZipInfo("link")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    return _archive(world, (link, os.fsencode(world.outside)), ("link/secret", b"changed"))


def _entries_that_share_bytes(world: World) -> dict[str, Any]:
    """Thirty entries of 10 MiB whose directory points to the same 10 KiB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packer:
        packer.writestr("0", bytes(10 << 20))
        first = packer.infolist()[0]
        for number in range(1, 30):
            twin = zipfile.ZipInfo(str(number))
            for name in ("CRC", "compress_size", "file_size", "header_offset", "compress_type"):
                setattr(twin, name, getattr(first, name))
            packer.filelist.append(twin)
        packer._didModify = True  # type: ignore[attr-defined]
    (world.folder / "in.zip").write_bytes(buffer.getvalue())
    return {"zip_path": "in.zip", "extract_to": "unpacked"}


ARCHIVES = [
    *(
        Hole(
            name=f"zip slip (Snyk 2018): {n}",
            node_type="UnzipFilesNode",
            config=_entry(n),
            code=REFUSED,
        )
        for n in ("../x", "a/../../x", "/tmp/x", "..\\x", "C:/x", "a/..")
    ),
    Hole(
        name="a link, and a file that goes through it (tarfile CVE-2007-4559, as ZIP has it)",
        node_type="UnzipFilesNode",
        config=_link_and_a_file_behind_it,
        code="INVALID_FORMAT",
    ),
    Hole(
        name="a bomb by ratio (42.zip)",
        node_type="UnzipFilesNode",
        config=lambda world: _archive(world, ("zeros", bytes(110 << 20))),
        code=TOO_MUCH,
    ),
    Hole(
        name="a bomb whose entries share their bytes (Fifield 2019)",
        node_type="UnzipFilesNode",
        config=_entries_that_share_bytes,
        code=TOO_MUCH,
    ),
]

_METADATA = (
    *("169.254.169.254", "2852039166", "0xA9FEA9FE", "[::ffff:a9fe:a9fe]"),
    *("[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[::a9fe:a9fe]", "[fd00:ec2::254]"),
)


def _redirect(to: str, **more: Any) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"url": f"{world.server.url}/to?url={to.format(world=world)}", **more}


HTTP = [
    *(
        Hole(
            name=f"a redirect to the cloud's metadata (Capital One 2019): {host}",
            node_type="HttpRequestNode",
            config=_redirect(f"http://{host}/latest/meta-data/"),
            options={"block_private_addresses": True},
            code=REFUSED,
        )
        for host in _METADATA
    ),
    *(
        Hole(
            name=f"a redirect to another scheme: {to}",
            node_type="HttpRequestNode",
            config=_redirect(to),
            code="INVALID_INPUT",
        )
        for to in ("file:///etc/passwd", "gopher://127.0.0.1/x", "ftp://127.0.0.1/x")
    ),
    Hole(
        name="a redirect to an address in octal (CPython CVE-2021-29921)",
        node_type="HttpRequestNode",
        config=_redirect("http://0251.0376.0251.0376/"),
        options={"block_private_addresses": True},
        code="NETWORK_ERROR",
    ),
    Hole(
        name="redirects without end",
        node_type="HttpRequestNode",
        config=lambda world: {"url": f"{world.server.url}/redirect/99"},
        code="HTTP_ERROR",
    ),
    Hole(
        name="a line break in a header (urllib CVE-2019-9740)",
        node_type="HttpRequestNode",
        config=lambda world: {"url": world.server.url, "headers": {"A": "b\r\nHost: evil"}},
        code="INVALID_INPUT",
    ),
    Hole(
        name="an answer that is a bomb when it is unpacked",
        node_type="HttpRequestNode",
        config=lambda world: {"url": f"{world.server.url}/bomb/{70 << 20}"},
        code=TOO_MUCH,
    ),
]


def _code(name: str, code: str, error: str, **more: Any) -> Hole:
    return Hole(
        name=name,
        node_type="RunPythonScriptNode",
        config={"code": code, **more},
        outputs={"success": False, "error": error},
    )


SCRIPTS = [
    Hole(
        name="the robot's own variables",
        node_type="RunPythonScriptNode",
        config={"code": "import os\nresult = [n for n in os.environ if n.startswith('CASARE_')]"},
        outputs={"result": []},
    ),
    Hole(
        name="a module of the working folder in the place of the library's (Python without -I)",
        node_type="RunPythonScriptNode",
        config=lambda world: {
            "code": "import json\nresult = json.dumps([1])",
            "variables": {"x": (world.folder / "json.py").write_text("dumps = lambda x: 'evil'")},
        },
        outputs={"result": "[1]"},
    ),
    Hole(
        name="a calculation that never ends",
        node_type="RunPythonScriptNode",
        config={"code": "result = 9**9**9", "timeout": 1},
        code="TIMEOUT",
    ),
    Hole(
        name="a shell's characters in an argument",
        node_type="RunCommandNode",
        config={"command": "echo", "args": ["a; id", "$(id)", "`id`"]},
        outputs={"stdout": "a; id $(id) `id`\n"},
    ),
    Hole(
        name="a shell's characters in a line",
        node_type="RunCommandNode",
        config={"command": "echo a; id", "shell": True},
        code=REFUSED,
    ),
]
if sys.platform == "linux":
    SCRIPTS.append(
        _code("memory without end", "'a'*10**10", "MemoryError (line 1)", memory_limit_mb=256)
    )

HOLES = [*EXPRESSIONS, *TEXTS, *XML, *OFFICE, *PATHS, *ARCHIVES, *HTTP, *SCRIPTS]


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    with serving() as one, serving() as other:
        yield one, other


@pytest.fixture
def world(tmp_path: Path, servers: tuple[Server, Server]) -> World:
    for name in ("folder", "outside"):
        (tmp_path / name).mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    (tmp_path / "folder" / "notes.txt").write_text("notes")
    server, other = servers
    return World(
        folder=tmp_path / "folder", outside=tmp_path / "outside", server=server, other=other
    )


@pytest.fixture(autouse=True)
def _limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short ones, and the test's own servers count as public."""
    private = _addresses.is_private
    monkeypatch.setattr(_addresses, "is_private", lambda ip: ip != "127.0.0.1" and private(ip))
    monkeypatch.setattr(_patterns, "MAX_SECONDS", 0.3)
    monkeypatch.setenv("CASARE_API_KEY", "sk_live_x")


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole.name[:90])
def test_the_hole_is_closed(hole: Hole, world: World) -> None:
    result = hole.tried(world)
    if hole.code:
        assert result.error is not None, result.outputs
        assert result.error.code == hole.code, result.error
        assert "Traceback" not in result.error.message
    else:
        assert result.success, result.error
        assert {name: result.outputs["n"].get(name) for name in hole.outputs} == hole.outputs
    assert (world.outside / "secret").read_text() == "secret"
    assert sorted(p.name for p in world.outside.iterdir()) == ["secret"]
    assert not (world.folder.parent / "x").exists()


def test_a_redirect_to_another_server_takes_no_key_along(world: World) -> None:
    """requests CVE-2018-18074, curl CVE-2022-27774: another port is another server."""
    secret = {"Authorization": "Bearer x", "X-Api-Key": "x", "Cookie": "a=x", "X-Auth-Token": "x"}
    url = f"{world.server.url}/to?url={world.other.url}/echo"
    result = run_node("HttpRequestNode", {"url": url, "headers": {**secret, "X-Trace": "7"}})
    assert result.success, result.error
    assert world.server.seen[-1]["headers"]["Authorization"] == "Bearer x"
    arrived = world.other.seen[-1]["headers"]
    assert arrived["X-Trace"] == "7"
    assert not set(secret) & set(arrived)


def test_a_redirect_on_the_same_server_keeps_its_key(world: World) -> None:
    config = {"url": f"{world.server.url}/redirect/1", "headers": {"X-Api-Key": "x"}}
    assert run_node("HttpRequestNode", config).success
    assert world.server.seen[-1]["headers"]["X-Api-Key"] == "x"


def test_what_a_spreadsheet_would_calculate_is_text(tmp_path: Path) -> None:
    row = {"a": "=1+1", "b": "@SUM(A1)", "c": "-5", "d": -5, "e": "plain", "f": "\uff1d1"}
    config = {"file_path": "f.csv", "data": [row], "excel_safe": True}
    assert run_node("WriteCSVNode", config, folder=tmp_path).success
    raw = (tmp_path / "f.csv").read_bytes()
    assert raw.decode("utf-8-sig") == "a,b,c,d,e,f\r\n'=1+1,'@SUM(A1),-5,-5,plain,'\uff1d1\r\n"
    assert raw.startswith(b"\xef\xbb\xbf")
