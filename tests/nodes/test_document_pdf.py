"""Reading PDFs, making new ones of their pages, and rendering them."""

from __future__ import annotations

import random
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.nodes.test_file_read_write import failure, outputs
from tests.support.pdfs import encrypted, pdf
from tests.support.runs import run_node

PAGES = ["alpha", "beta", "gamma", "delta", "epsilon"]
READERS: dict[str, dict[str, Any]] = {
    "ReadPDFTextNode": {"file_path": "in.pdf"},
    "GetPDFInfoNode": {"file_path": "in.pdf"},
    "ExtractPDFPagesNode": {"input_file": "in.pdf", "output_path": "out/x.pdf", "pages": [1]},
    "MergePDFsNode": {"input_files": ["in.pdf"], "output_path": "out/x.pdf"},
    "SplitPDFNode": {"input_file": "in.pdf", "output_dir": "out"},
    "PDFToImagesNode": {"input_file": "in.pdf", "output_dir": "out", "dpi": 72},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in.pdf").write_bytes(pdf(PAGES))
    return tmp_path


def lines(path: Path) -> list[str]:
    from pypdf import PdfReader

    return [page.extract_text() for page in PdfReader(path).pages]


def written(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_the_text_of_a_pdf_comes_page_by_page(folder: Path) -> None:
    found = outputs("ReadPDFTextNode", folder, file_path="in.pdf", page_separator="|")
    assert found == {
        "text": "alpha|beta|gamma|delta|epsilon",
        "page_count": 5,
        "pages": PAGES,
        "is_encrypted": False,
        "success": True,
    }


@pytest.mark.parametrize(
    ("first", "last", "texts"),
    [(2, 3, PAGES[1:3]), (4, 99, PAGES[3:]), (-2, None, PAGES[3:]), (1, -4, PAGES[:2])],
)
def test_some_pages_are_read(folder: Path, first: int, last: int | None, texts: list[str]) -> None:
    config = {"file_path": "in.pdf", "start_page": first, "end_page": last}
    assert outputs("ReadPDFTextNode", folder, **config)["pages"] == texts


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (6, None, "there is no page 6; the PDF has the pages 1 to 5"),
        (0, None, "there is no page 0"),
        (-6, None, "there is no page -6"),
        (3, 2, "end_page 2 comes before start_page 3"),
        ("one", None, "start_page must be a whole number"),
    ],
)
def test_pages_that_are_not_there_are_named(
    folder: Path, first: Any, last: Any, words: str
) -> None:
    config = {"file_path": "in.pdf", "start_page": first, "end_page": last}
    assert words in failure("ReadPDFTextNode", folder, **config)[1]


@pytest.mark.parametrize("way", ["preserve_layout", "extract_tables"])
def test_words_keep_their_places_on_the_page(tmp_path: Path, way: str) -> None:
    columns = "tea) Tj 150 0 Td (4.50"
    (tmp_path / "in.pdf").write_bytes(pdf([columns]))
    found = outputs("ReadPDFTextNode", tmp_path, file_path="in.pdf", **{way: True})
    assert "tea    " in found["text"]
    assert found["text"].rstrip().endswith("4.50")


def test_a_pdf_says_what_it_is(tmp_path: Path) -> None:
    about = "/Title (Report) /Author (Ada) /CreationDate (D:20260102030405Z) /ModDate (soon)"
    (tmp_path / "in.pdf").write_bytes(pdf(["x", "y"], about=about))
    assert outputs("GetPDFInfoNode", tmp_path, file_path="in.pdf") == {
        "page_count": 2,
        **{"title": "Report", "author": "Ada", "subject": "", "creator": "", "producer": ""},
        "creation_date": "2026-01-02T03:04:05+00:00",
        "modification_date": "soon",
        "is_encrypted": False,
        "success": True,
    }


@pytest.mark.parametrize(
    ("pages", "texts"),
    [
        ([2, 4], ["beta", "delta"]),
        ("1-3,5", ["alpha", "beta", "gamma", "epsilon"]),
        ("4-", ["delta", "epsilon"]),
        ("3-1", ["gamma", "beta", "alpha"]),
        ([-1, "1", "-2--1"], ["epsilon", "alpha", "delta", "epsilon"]),
        ("[1, 1]", ["alpha", "alpha"]),
        (5, ["epsilon"]),
        ("wanted", ["beta"]),
    ],
)
def test_chosen_pages_are_copied_in_their_order(folder: Path, pages: Any, texts: list[str]) -> None:
    config = {"input_file": "in.pdf", "output_path": "out/x.pdf", "pages": pages}
    result = run_node("ExtractPDFPagesNode", config, {"wanted": [2]}, folder=folder)
    assert result.success, result.error
    found = result.outputs["n"]
    assert (found["page_count"], found["success"]) == (len(texts), True)
    assert found["attachment_file"] == [found["output_path"]] == [str(folder / "out" / "x.pdf")]
    assert lines(folder / "out" / "x.pdf") == texts


@pytest.mark.parametrize(
    ("pages", "words"),
    [("2-9", "no page 9"), ([0], "no page 0"), ("1,x", "'x' is no page"), ([], "not 0")],
)
def test_pages_that_cannot_be_copied_leave_no_file(folder: Path, pages: Any, words: str) -> None:
    config = {"input_file": "in.pdf", "output_path": "x.pdf", "pages": pages}
    assert words in failure("ExtractPDFPagesNode", folder, **config)[1]
    assert written(folder) == ["in.pdf"]


def test_pdfs_are_joined_in_their_order(folder: Path) -> None:
    (folder / "more.pdf").write_bytes(pdf(["zeta"]))
    for files in (["more.pdf", "in.pdf"], "more.pdf,in.pdf"):
        found = outputs("MergePDFsNode", folder, input_files=files, output_path="all.pdf")
        assert found["page_count"] == 6
        assert lines(folder / "all.pdf") == ["zeta", *PAGES]


def test_a_pdf_is_joined_onto_itself(folder: Path) -> None:
    outputs("MergePDFsNode", folder, input_files=["in.pdf", "in.pdf"], output_path="in.pdf")
    assert lines(folder / "in.pdf") == PAGES * 2


def test_nothing_is_joined_if_one_is_missing(folder: Path) -> None:
    config = {"input_files": ["in.pdf", "none.pdf"], "output_path": "all.pdf"}
    code, message = failure("MergePDFsNode", folder, **config)
    assert (code, "none.pdf" in message) == ("FILE_NOT_FOUND", True)
    assert failure("MergePDFsNode", folder, input_files=[], output_path="all.pdf")[0] == (
        "MISSING_REQUIRED_FIELD"
    )
    assert written(folder) == ["in.pdf"]


def test_every_page_gets_a_file(folder: Path) -> None:
    config = {"input_file": "in.pdf", "output_dir": "out", "filename_pattern": "p{n:02}.pdf"}
    found = outputs("SplitPDFNode", folder, **config)
    assert found["output_files"] == [str(folder / "out" / f"p0{n}.pdf") for n in range(1, 6)]
    assert [lines(Path(path)) for path in found["output_files"]] == [[line] for line in PAGES]
    assert len(written(folder)) == 6


@pytest.mark.parametrize("pattern", ["all.pdf", "../{n}.pdf", "a/{n}.pdf", "{n.real}.pdf"])
def test_a_pattern_that_names_no_file_of_the_folder_is_refused(folder: Path, pattern: str) -> None:
    config = {"input_file": "in.pdf", "output_dir": "out", "filename_pattern": pattern}
    assert "filename_pattern" in failure("SplitPDFNode", folder, **config)[1]
    assert written(folder) == ["in.pdf"]


def test_a_file_that_may_not_be_written_keeps_the_others_away(folder: Path) -> None:
    (folder / "out" / "page_3.pdf").mkdir(parents=True)
    config = {"input_file": "in.pdf", "output_dir": "out"}
    assert "is a folder" in failure("SplitPDFNode", folder, **config)[1]
    assert written(folder) == ["in.pdf"]


@pytest.mark.parametrize(
    ("format", "suffix"), [("png", ".png"), ("JPG", ".jpg"), ("bmp", ".bmp"), ("tiff", ".tiff")]
)
def test_pages_are_rendered(folder: Path, format: str, suffix: str) -> None:
    from PIL import Image

    config = {"input_file": "in.pdf", "output_dir": "out", "dpi": 144, "format": format}
    found = outputs("PDFToImagesNode", folder, **config, start_page=2, end_page=3)
    assert found["page_count"] == 2
    assert written(folder) == ["in.pdf", f"out/in_page_2{suffix}", f"out/in_page_3{suffix}"]
    with Image.open(found["output_files"][0]) as image:
        assert image.size == (600, 400)
        assert min(image.convert("L").tobytes()) < 50


def test_a_page_of_too_many_pixels_is_refused_before_it_is_rendered(tmp_path: Path) -> None:
    (tmp_path / "in.pdf").write_bytes(pdf(["x"], width=14000, height=14000))
    config = {"input_file": "in.pdf", "output_dir": "out", "dpi": 600}
    code, message = failure("PDFToImagesNode", tmp_path, **config)
    assert code == "RESOURCE_EXHAUSTED"
    assert "page 1 is too large" in message
    assert "100,000,000" in message
    assert written(tmp_path) == ["in.pdf"]


@pytest.mark.parametrize("config", [{"dpi": 10}, {"dpi": 601}, {"format": "svg"}])
def test_a_picture_that_cannot_be_made_is_refused(folder: Path, config: dict[str, Any]) -> None:
    given = {"input_file": "in.pdf", "output_dir": "out", **config}
    assert next(iter(config)) in failure("PDFToImagesNode", folder, **given)[1]


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_the_password_opens_an_encrypted_pdf(tmp_path: Path, algorithm: str) -> None:
    if algorithm == "AES-256":
        pytest.importorskip("cryptography", reason="what writes such a PDF is not installed")
    (tmp_path / "in.pdf").write_bytes(encrypted(pdf(PAGES), "sesame", algorithm))
    for node_type, config in READERS.items():
        found = outputs(node_type, tmp_path, **config, password="sesame")
        assert found["success"], node_type
        assert found.get("is_encrypted", True), node_type
    assert lines(tmp_path / "out" / "x.pdf") == PAGES
    found = outputs("ReadPDFTextNode", tmp_path, file_path="in.pdf", password="sesame")
    assert found["pages"] == PAGES


def test_a_wrong_password_and_none_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "in.pdf").write_bytes(encrypted(pdf(PAGES), "sesame"))
    for node_type, config in READERS.items():
        code, message = failure(node_type, tmp_path, **config, password="open")
        assert (code, "the password is wrong" in message) == ("PERMISSION_DENIED", True), node_type
        if node_type != "GetPDFInfoNode":
            assert "no password is given" in failure(node_type, tmp_path, **config)[1], node_type
    found = outputs("GetPDFInfoNode", tmp_path, file_path="in.pdf")
    assert (found["is_encrypted"], found["page_count"], found["success"]) == (True, 0, False)
    assert written(tmp_path) == ["in.pdf"]


def test_a_pdf_that_only_forbids_printing_opens_without_a_password(tmp_path: Path) -> None:
    (tmp_path / "in.pdf").write_bytes(encrypted(pdf(PAGES), ""))
    found = outputs("ReadPDFTextNode", tmp_path, file_path="in.pdf")
    assert (found["pages"], found["is_encrypted"]) == (PAGES, True)


def damaged() -> dict[str, bytes]:
    whole = pdf(PAGES)
    return {
        "empty": b"",
        "text": b"just some words\n",
        "half": whole[: len(whole) // 2].replace(b"/Catalog", b"/Nothing"),
        "header": whole[:9],
    }


@pytest.mark.parametrize("what", damaged())
def test_a_damaged_pdf_is_one_clear_line(
    tmp_path: Path, what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.pdf").write_bytes(damaged()[what])
    for node_type, config in READERS.items():
        code, message = failure(node_type, tmp_path, **config)
        assert code == "INVALID_FORMAT", (node_type, message)
        assert str(tmp_path / "in.pdf") in message
        assert "\n" not in message
    assert written(tmp_path) == ["in.pdf"]
    assert capfd.readouterr() == ("", "")


def test_a_pdf_with_any_bytes_wrong_is_read_or_refused(tmp_path: Path) -> None:
    dice, whole = random.Random(4711), pdf(PAGES)
    refused = 0
    for _ in range(150):
        raw = bytearray(whole)
        for _ in range(8):
            raw[dice.randrange(len(raw))] = dice.randrange(256)
        (tmp_path / "in.pdf").write_bytes(raw)
        result = run_node("ReadPDFTextNode", {"file_path": "in.pdf"}, folder=tmp_path)
        if not result.success:
            assert result.error is not None
            assert result.error.code == "INVALID_FORMAT", result.error
            refused += 1
    assert 0 < refused < 150


def test_a_pdf_that_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    packed = zlib.compress(b" " * (80 << 20), 1)
    raw = pdf(["x"])
    start, end = raw.index(b"<< /Length"), raw.index(b"\nendstream")
    stream = b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed)
    (tmp_path / "in.pdf").write_bytes(raw[:start] + stream + packed + raw[end:])
    code, message = failure("ReadPDFTextNode", tmp_path, file_path="in.pdf")
    assert (code, "unpacks to more" in message) == ("RESOURCE_EXHAUSTED", True)


def test_a_pdf_larger_than_allowed_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "in.pdf").open("wb") as stream:
        stream.truncate((512 << 20) + 1)  # A hole: it takes no room.
    for node_type, config in READERS.items():
        assert failure(node_type, tmp_path, **config)[0] == "RESOURCE_EXHAUSTED"


def test_a_pdf_of_more_pages_than_allowed_is_refused(tmp_path: Path) -> None:
    raw = pdf(["x"]).replace(b"/Kids [4 0 R] /Count 1", b"/Kids [%b] /Count 10001")
    (tmp_path / "in.pdf").write_bytes(raw.replace(b"%b", b"4 0 R " * 10_001))
    for node_type in ("GetPDFInfoNode", "PDFToImagesNode"):
        message = failure(node_type, tmp_path, **READERS[node_type])[1]
        assert "10,001 pages, more than the 10,000 allowed" in message


def test_pdf_nodes_keep_to_the_allowed_folders(folder: Path) -> None:
    allowed = folder / "allowed"
    allowed.mkdir()
    for node_type, config in READERS.items():
        result = run_node(node_type, config, folder=folder, allowed_paths=(str(allowed),))
        assert result.error is not None
        assert result.error.code == "PERMISSION_DENIED", node_type
