"""What workbooks and documents have in common as files: ZIP archives with XML in them."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.file.disk import existing_file
from casare_rpa.nodes.file.reach import opened

MAX_FILE_BYTES: Final = 256 << 20
MAX_XML_BYTES: Final = 200 << 20
MAX_UNPACKED_BYTES: Final = 1 << 30
MAX_PARTS: Final = 20_000

_XML = (".xml", ".rels", ".vml")
_TYPES = "[Content_Types].xml"
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_STRICT = b"http://purl.oclc.org/ooxml/"
#: An owner file holds the length of the name, and then the name.
_MOST_OWNER_BYTES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What a program's files are called and hold; `mains` are content types of the main part."""

    one: str
    what: str
    program: str
    suffix: str
    old_suffix: str
    mains: tuple[str, ...]


_OPEN = "application/vnd.openxmlformats-officedocument"
_MS = "application/vnd.ms"

WORKBOOK: Final = Format(
    one="an Excel workbook",
    what="workbook",
    program="Excel",
    suffix=".xlsx",
    old_suffix=".xls",
    mains=(
        f"{_OPEN}.spreadsheetml.sheet.main+xml",
        f"{_OPEN}.spreadsheetml.template.main+xml",
        f"{_MS}-excel.sheet.macroEnabled.main+xml",
        f"{_MS}-excel.template.macroEnabled.main+xml",
    ),
)
DOCUMENT: Final = Format(
    one="a Word document",
    what="document",
    program="Word",
    suffix=".docx",
    old_suffix=".doc",
    mains=(
        f"{_OPEN}.wordprocessingml.document.main+xml",
        f"{_OPEN}.wordprocessingml.template.main+xml",
        f"{_MS}-word.document.macroEnabled.main+xml",
        f"{_MS}-word.template.macroEnabledTemplate.main+xml",
    ),
)


def read_package(path: Path, format: Format) -> bytes:
    """The content of the file *path*, which can be opened as *format* without danger.

    Raises NodeError for what is missing, too large, encrypted, in another format or damaged, and
    for XML that declares entities: their expansion has no bound.
    """
    size = existing_file(path).stat().st_size
    if size > MAX_FILE_BYTES:
        raise _too_large(path, f"{size:,} bytes of the {MAX_FILE_BYTES:,} allowed")
    with opened(path) as stream:
        raw = stream.read(MAX_FILE_BYTES + 1)
    if not zipfile.is_zipfile(io.BytesIO(raw)):
        raise _no_zip(path, raw, format)
    with damage_told(path, format), zipfile.ZipFile(io.BytesIO(raw)) as archive:
        _check_sizes(path, archive)
        _check_types(path, archive, format)
        _check_declarations(path, archive)
    return raw


def is_signed(raw: bytes) -> bool:
    """Whether somebody has signed a package, which holds for no change of it."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return any(name.startswith("_xmlsignatures/") for name in archive.namelist())


@contextmanager
def damage_told(path: Path, format: Format) -> Iterator[None]:
    """Turn what the libraries raise over a damaged file into a NodeError that names it."""
    try:
        yield
    except (NodeError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        # A damaged file trips the libraries anywhere, and their messages have several lines.
        why = str(error).strip().partition("\n")[0] or type(error).__name__
        raise NodeError(
            f"{path} is no {format.program} {format.what}, or damaged: {why}",
            ErrorCode.INVALID_FORMAT,
        ) from error


def lock_owner(path: Path, format: Format) -> str | None:
    """Who has the file open in Excel, Word or LibreOffice, as their lock files say; else None.

    An empty text is somebody whose name is not told.
    """
    name = path.name
    names = [f"~${name}", f".~lock.{name}#"]
    if format is DOCUMENT:  # Word puts the mark in the place of the first letters of long names.
        names += [f"~${name[2:]}", f"~${name[1:]}"]
    for candidate in names:
        lock = path.with_name(candidate)
        if lock.is_file():
            return _owner(lock)
    return None


def _owner(lock: Path) -> str:
    try:
        with opened(lock) as stream:
            raw = stream.read(_MOST_OWNER_BYTES)
    except (OSError, NodeError):
        return ""
    if lock.name.startswith(".~lock"):
        return raw.decode("utf-8", "replace").split(",")[0].strip()
    name = raw[1 : 1 + raw[0]] if raw else b""
    return "".join(c for c in name.decode("cp1252", "replace") if c.isprintable()).strip()


def _no_zip(path: Path, raw: bytes, format: Format) -> NodeError:
    save = f"save it as {format.suffix} in {format.program}"
    if not raw:
        return _refused(path, f"is empty: no {format.program} {format.what}", "")
    if not raw.startswith(_OLE):
        return _refused(
            path,
            f"is no {format.program} {format.what}: it is no ZIP archive",
            f"text such as CSV has nodes of its own; else {save}",
        )
    if _ENCRYPTED in raw:
        return _refused(
            path,
            "is encrypted with a password",
            f"take the password off in {format.program} (File, Info, Protect)",
        )
    convert = f"soffice --convert-to {format.suffix[1:]} {path.name}"
    return _refused(
        path,
        f"is in the old format ({format.old_suffix}) of {format.program}",
        f"{save}, or {convert}",
    )


def _check_sizes(path: Path, archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if len(parts) > MAX_PARTS:
        raise _too_large(path, f"{len(parts):,} parts of the {MAX_PARTS:,} allowed")
    # No more than this is ever unpacked of a part: zipfile stops at the size that is stated.
    size = sum(part.file_size for part in parts)
    if size > MAX_UNPACKED_BYTES:
        raise _too_large(path, f"unpacked {size:,} bytes of the {MAX_UNPACKED_BYTES:,} allowed")
    size = sum(part.file_size for part in parts if _is_xml(part.filename))
    if size > MAX_XML_BYTES:
        raise _too_large(path, f"{size:,} bytes of XML of the {MAX_XML_BYTES:,} allowed")


def _check_types(path: Path, archive: zipfile.ZipFile, format: Format) -> None:
    if _TYPES not in archive.namelist():
        raise _refused(
            path,
            f"is no {format.program} {format.what}, though it is a ZIP archive",
            f"an OpenDocument file is to be saved as {format.suffix}",
        )
    types = archive.read(_TYPES)
    if not any(f'"{name}"'.encode() in types for name in format.mains):
        what, mend = _other(types, format)
        raise _refused(path, what, mend)
    if _STRICT in archive.read("_rels/.rels"):
        raise _refused(
            path,
            "is a Strict Open XML file, which is not read here",
            f"save it as a plain {format.suffix} in {format.program}",
        )


def _other(types: bytes, format: Format) -> tuple[str, str]:
    if b"sheet.binary" in types:
        return "is a binary workbook (.xlsb)", "save it as .xlsx in Excel"
    for other in (WORKBOOK, DOCUMENT):
        if other is not format and any(name.encode() in types for name in other.mains):
            return f"is {other.one}, not {format.one}", f"open it with {other.program}OpenNode"
    return f"holds no {format.program} {format.what}", ""


def _check_declarations(path: Path, archive: zipfile.ZipFile) -> None:
    for part in archive.infolist():
        if not _is_xml(part.filename):
            continue
        with archive.open(part) as stream:
            if _declares(stream):
                raise _refused(path, f"declares entities in {part.filename}, which are refused", "")


def _declares(stream: IO[bytes]) -> bool:
    """Whether an XML document has a DOCTYPE, which stands before its first element."""
    found: list[str] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: found.append("doctype")
    parser.StartElementHandler = lambda *_: found.append("element")
    try:
        while not found and (chunk := stream.read(4096)):
            parser.Parse(chunk)
    except (expat.ExpatError, ValueError):
        pass  # Who reads all of it says what is wrong.
    except zlib.error as error:
        raise zipfile.BadZipFile(str(error)) from error
    return found[:1] == ["doctype"]


def _is_xml(name: str) -> bool:
    return name.lower().endswith(_XML)


def _too_large(path: Path, why: str) -> NodeError:
    return NodeError(f"{path} is too large: {why}", ErrorCode.RESOURCE_EXHAUSTED)


def _refused(path: Path, what: str, mend: str) -> NodeError:
    return NodeError(f"{path} {what}{f'; {mend}' if mend else ''}", ErrorCode.INVALID_FORMAT)
