"""Reading and writing whole files."""

from __future__ import annotations

import codecs
import json
import sys
from pathlib import Path
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.file.disk import FileNode, existing_file, make_parent, refuse_pipe, replacing
from casare_rpa.nodes.file.reach import opened

_ERRORS = ("strict", "ignore", "replace", "backslashreplace", "xmlcharrefreplace")
_WRITTEN = (
    Output("file_path", "STRING"),
    Output("bytes_written", "INTEGER"),
    Output("success", "BOOLEAN"),
)


#: What a file begins with whose bytes tell their own encoding.
_MARKS = (
    *((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32")),
    *((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")),
)
MARK_BYTES = 4


def text_encoding(name: str, head: bytes = b"") -> str:
    """The codec for reading a file that begins with *head*.

    A byte order mark is no part of the text; it says more than a default that nobody set.
    """
    plain = name.lower().replace("_", "-")
    marked = next((codec for mark, codec in _MARKS if head.startswith(mark)), "")
    if plain in ("", "utf-8", "utf8"):
        return marked or "utf-8-sig"
    return marked if marked and plain.startswith(marked) else name


def writing_encoding(name: str) -> str:
    return name or "utf-8"


def appending_encoding(name: str, path: Path) -> str:
    """The codec for what is added to *path*: as its byte order mark says, and without another."""
    head = _head(path)
    if not head:
        return writing_encoding(name)
    codec = codecs.lookup(text_encoding(name, head)).name
    if codec in ("utf-16", "utf-32"):
        return f"{codec}-{_byte_order(head)}"
    return "utf-8" if codec == "utf-8-sig" else codec


def _head(path: Path) -> bytes:
    if not path.is_file():
        return b""
    try:
        with opened(path) as stream:
            return stream.read(MARK_BYTES)
    except PermissionError:
        # A file that may only be added to does not tell what it begins with.
        return b"?" if path.stat().st_size else b""


def _byte_order(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        return "be"
    if head.startswith(codecs.BOM_UTF16_LE):  # UTF-32 begins so, too.
        return "le"
    return "le" if sys.byteorder == "little" else "be"


def text_of(content: Json) -> str:
    """What to write for a value: text as it is, lists and maps as JSON, nothing for 0 and empty."""
    if isinstance(content, str):
        return content
    if not content:
        return ""
    if isinstance(content, dict | list | tuple):
        return json.dumps(content, ensure_ascii=False, default=str)
    if isinstance(content, bytes | bytearray):
        return bytes(content).decode("utf-8")
    return str(content)


class ReadFileNode(FileNode):
    """Read a text or binary file.

    `size` is in bytes. Text is decoded by `encoding`; a byte order mark is dropped and line ends
    become `\\n`. `binary_mode` gives the bytes as they are. A file over `max_size` bytes fails
    (0: no limit).
    """

    example = {"file_path": "notes.txt"}
    file_path: str = param(kind="string", required=True, aliases=("path",), help="The file.")
    encoding: str = prop("utf-8", kind="string", help="How the text is encoded.")
    binary_mode: bool = prop(False, kind="boolean", help="Give bytes instead of text.")
    errors: str = prop(
        "strict", kind="choice", choices=_ERRORS, help="What to do with undecodable bytes."
    )
    max_size: int = prop(0, kind="integer", minimum=0, help="Largest size in bytes; 0: any.")
    allow_dangerous_paths: bool = prop(False, kind="boolean", help="Allow `..` in paths.")
    outputs = (Output("content", "STRING"), Output("size", "INTEGER"), Output("success", "BOOLEAN"))

    def work(self, ctx: Context) -> Outputs:
        path = existing_file(self.file(ctx, self.file_path))
        raw = self._read(path)
        content: str | bytes = raw if self.binary_mode else self._decode(raw, path)
        return {"content": content, "size": len(raw), "success": True}

    def _read(self, path: Path) -> bytes:
        limit = int(self.max_size or 0)
        with opened(path) as stream:
            # One byte more than allowed tells a file that is too large, whatever its stated size.
            raw = stream.read(limit + 1 if limit > 0 else -1)
        if 0 < limit < len(raw):
            raise NodeError(
                f"{path} is larger than max_size ({limit} bytes)", ErrorCode.RESOURCE_EXHAUSTED
            )
        return raw

    def _decode(self, raw: bytes, path: Path) -> str:
        errors = self.errors if self.errors != "xmlcharrefreplace" else "replace"
        try:
            text = raw.decode(text_encoding(self.encoding, raw[:MARK_BYTES]), errors)
        except UnicodeDecodeError as error:
            raise NodeError(
                f"{path} is not {self.encoding} text (byte {error.start} is"
                f" 0x{raw[error.start]:02x})",
                ErrorCode.PARSE_ERROR,
                hint="set `encoding` to the file's own, or `errors` to replace",
            ) from error
        return text.replace("\r\n", "\n").replace("\r", "\n")


class WriteFileNode(FileNode):
    """Create or overwrite a file.

    The file is replaced at once: nobody sees half of it. `bytes_written` counts the characters of
    a text and the bytes of binary content. Lists and maps are written as JSON.
    """

    example = {"file_path": "out/notes.txt", "content": "one line"}
    side_effect = True
    file_path: str = param(kind="string", required=True, aliases=("path",), help="The file.")
    content: Json = param(kind="string", required=True, help="What to write.")
    encoding: str = prop("utf-8", kind="string", help="How to encode the text.")
    binary_mode: bool = prop(False, kind="boolean", help="Write bytes.")
    create_dirs: bool = prop(True, kind="boolean", help="Make missing folders.")
    errors: str = prop(
        "strict", kind="choice", choices=_ERRORS, help="What to do with unencodable characters."
    )
    append_mode: bool = prop(False, kind="boolean", help="Add to the end instead.")
    allow_dangerous_paths: bool = prop(False, kind="boolean", help="Allow `..` in paths.")
    outputs = (_WRITTEN[0], Output("attachment_file", "LIST"), *_WRITTEN[1:])

    def work(self, ctx: Context) -> Outputs:
        path = self.file(ctx, self.file_path)
        raw, count = self._encode(path)
        make_parent(path, self.create_dirs)
        if self.append_mode:
            with opened(refuse_pipe(path), "ab") as stream:
                stream.write(raw)
        else:
            with replacing(path) as stream:
                stream.write(raw)
        return {
            "file_path": str(path),
            "attachment_file": [str(path)],
            "bytes_written": count,
            "success": True,
        }

    def _encode(self, path: Path) -> tuple[bytes, int]:
        if self.binary_mode and isinstance(self.content, bytes | bytearray):
            return bytes(self.content), len(self.content)
        text = text_of(self.content)
        name = str(self.encoding or "")
        encoding = appending_encoding(name, path) if self.append_mode else writing_encoding(name)
        raw = text.encode(encoding, self.errors)
        return raw, len(raw) if self.binary_mode else len(text)


class AppendFileNode(FileNode):
    """Append text to a file.

    Missing folders are made; a missing file fails unless `create_if_missing`. Text is encoded as
    the byte order mark of the file says, if it has one. Characters that the encoding does not have
    are replaced. `bytes_written` counts characters.
    """

    example = {"file_path": "out/notes.txt", "content": "one more"}
    side_effect = True
    file_path: str = param(kind="string", required=True, aliases=("path",), help="The file.")
    content: Json = param(kind="string", required=True, help="What to add.")
    encoding: str = prop("utf-8", kind="string", help="How to encode the text.")
    create_if_missing: bool = prop(True, kind="boolean", help="Create the file if it is missing.")
    allow_dangerous_paths: bool = prop(False, kind="boolean", help="Allow `..` in paths.")
    outputs = _WRITTEN

    def work(self, ctx: Context) -> Outputs:
        path = self.file(ctx, self.file_path)
        text = text_of(self.content)
        raw = text.encode(appending_encoding(str(self.encoding or ""), path), "replace")
        if not self.create_if_missing:
            existing_file(path)
        make_parent(path, wanted=True)
        with opened(refuse_pipe(path), "ab") as stream:
            stream.write(raw)
        return {"file_path": str(path), "bytes_written": len(text), "success": True}


class ReadJSONFileNode(FileNode):
    """Parse a JSON file."""

    example = {"file_path": "data.json"}
    file_path: str = param(kind="string", required=True, aliases=("path",), help="The file.")
    encoding: str = prop("utf-8", kind="string", help="How the text is encoded.")
    outputs = (Output("data", "ANY"), Output("success", "BOOLEAN"))

    def work(self, ctx: Context) -> Outputs:
        path = existing_file(self.file(ctx, self.file_path))
        with opened(path) as stream:
            raw = stream.read()
        text = raw.decode(text_encoding(self.encoding, raw[:MARK_BYTES]))
        return {"data": _parse_json(text, path), "success": True}


class WriteJSONFileNode(FileNode):
    """Write a value as a JSON file; a text that is a JSON object or list is written as that.

    The file is replaced at once. Values that JSON does not know (dates, bytes, NaN) fail.
    `indent` 0 writes one line.
    """

    example = {"file_path": "out/data.json", "data": {"a": [1, 2]}}
    side_effect = True
    file_path: str = param(kind="string", required=True, aliases=("path",), help="The file.")
    data: Json = param(kind="any", help="The value.")
    encoding: str = prop("utf-8", kind="string", help="How to encode the text.")
    indent: int = prop(2, kind="integer", help="Spaces for each level.")
    ensure_ascii: bool = prop(False, kind="boolean", help="Write \\uXXXX instead of characters.")
    outputs = (
        Output("file_path", "STRING"),
        Output("attachment_file", "LIST"),
        Output("success", "BOOLEAN"),
    )

    def work(self, ctx: Context) -> Outputs:
        path = self.file(ctx, self.file_path)
        raw = self._dump().encode(writing_encoding(self.encoding))
        make_parent(path, wanted=True)
        with replacing(path) as stream:
            stream.write(raw)
        return {"file_path": str(path), "attachment_file": [str(path)], "success": True}

    def _dump(self) -> str:
        try:
            return json.dumps(
                _spelt(self.data),
                indent=self.indent if self.indent and self.indent > 0 else None,
                ensure_ascii=bool(self.ensure_ascii),
                allow_nan=False,
            )
        except (TypeError, ValueError, RecursionError) as error:
            raise NodeError(
                f"the value cannot be written as JSON: {error}", ErrorCode.SERIALIZATION_ERROR
            ) from error


def _spelt(value: Json) -> Json:
    """The map or list that a text spells: designers have only text fields for them."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            pass
    return value


def _parse_json(text: str, path: Path) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise NodeError(
            f"{path} is not JSON: {error.msg} (line {error.lineno}, column {error.colno})",
            ErrorCode.PARSE_ERROR,
        ) from error
    except (ValueError, RecursionError) as error:
        raise NodeError(f"{path} is not JSON: {error}", ErrorCode.PARSE_ERROR) from error


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON value")
