"""Word documents: made by a library or by hand, changed by the nodes, read by the library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import docx
import pytest

from tests.nodes.office.steps import Step, last, refusal, run, warnings
from tests.support.workbooks import excel_workbook, packed, parts_of

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def opened(path: str = "letter.docx", **more: Any) -> Step:
    return ("WordOpenNode", {"file_path": path, **more})


def text(**more: Any) -> Step:
    return ("WordGetTextNode", more)


def replace(find: Any, by: Any, **more: Any) -> Step:
    return ("WordReplaceTextNode", {"find_text": find, "replace_text": by, **more})


def closed(**more: Any) -> Step:
    return ("WordCloseNode", more)


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    made = docx.Document()
    first = made.add_paragraph()
    first.add_run("Dear {na")
    first.add_run("me").bold = True
    first.add_run("}, ")
    first.add_run("welcome").italic = True
    made.add_paragraph("Your NAME and your name.")
    table = made.add_table(rows=2, cols=2)
    for cell, value in zip(table._cells, ("Item", "Price", "{name}", "12"), strict=True):
        cell.text = value
    table.cell(1, 1).add_paragraph("EUR")
    made.add_paragraph("End\twith\na line")
    made.sections[0].header.paragraphs[0].text = "For {name}"
    made.sections[0].footer.paragraphs[0].text = "Page of {name}"
    made.save(str(tmp_path / "letter.docx"))
    return tmp_path / "letter.docx"


def by_hand(folder: Path, body: str) -> Path:
    """A document whose body is this XML."""
    made = docx.Document()
    made.save(str(folder / "letter.docx"))
    parts = parts_of((folder / "letter.docx").read_bytes())
    parts["word/document.xml"] = (
        f"<?xml version='1.0' encoding='UTF-8'?><w:document {_W} {_MC}><w:body>{body}"
        "<w:sectPr/></w:body></w:document>"
    ).encode()
    (folder / "letter.docx").write_bytes(packed(parts))
    return folder / "letter.docx"


def paragraph(*runs: str) -> str:
    return f"<w:p>{''.join(f'<w:r><w:t>{run}</w:t></w:r>' for run in runs)}</w:p>"


def test_the_text_is_a_line_for_each_paragraph_and_row(letter: Path) -> None:
    found = last(letter.parent, opened(), text())
    assert found["text"].split("\n") == [
        *("Dear {name}, welcome", "Your NAME and your name."),
        *("Item\tPrice", "{name}\t12 EUR", "End\twith", "a line"),
    ]
    assert found["word_count"] == 17


def test_a_text_is_replaced_across_runs_in_the_format_of_its_first_letter(letter: Path) -> None:
    steps = (opened(), replace("{name}", "Ada"), closed())
    result = run(letter.parent, *steps)
    assert result.success, result.error
    assert result.outputs["s1"] == {"replacements": 4, "success": True}
    made = docx.Document(str(letter))
    runs = [(r.text, bool(r.bold), bool(r.italic)) for r in made.paragraphs[0].runs if r.text]
    assert runs == [("Dear Ada", False, False), (", ", False, False), ("welcome", False, True)]
    assert made.tables[0].cell(1, 0).text == "Ada"
    assert made.sections[0].header.paragraphs[0].text == "For Ada"
    assert made.sections[0].footer.paragraphs[0].text == "Page of Ada"


@pytest.mark.parametrize(
    ("more", "count", "line"),
    [
        ({}, 6, "Your X and your X."),
        ({"match_case": True}, 5, "Your NAME and your X."),
        ({"replace_all": False}, 1, "Your NAME and your name."),
        ({"match_case": "true", "replace_all": "false"}, 1, "Your NAME and your name."),
    ],
)
def test_case_and_the_first_place_alone(
    letter: Path, more: dict[str, Any], count: int, line: str
) -> None:
    steps = (opened(), replace("name", "X", **more), text())
    result = run(letter.parent, *steps)
    assert result.outputs["s1"]["replacements"] == count
    lines = result.outputs["s2"]["text"].split("\n")
    assert (lines[0], lines[1]) == ("Dear {X}, welcome", line)


def test_keys_as_real_files_spell_them(letter: Path) -> None:
    step = ("WordReplaceTextNode", {"find": "welcome", "replace": ""})
    assert last(letter.parent, opened(), step)["replacements"] == 1
    assert last(letter.parent, opened(), step, text())["text"].startswith("Dear {name}, \n")


def test_what_is_put_in_is_not_looked_at_again_and_means_itself(letter: Path) -> None:
    steps = (opened(), replace("welcome", r"welcome \1 .* welcome"), text())
    assert last(letter.parent, *steps)["text"].startswith(r"Dear {name}, welcome \1 .* welcome")
    assert last(letter.parent, opened(), replace("w.lcome", "x"))["replacements"] == 0


def test_line_ends_and_tabs_become_those_of_word(letter: Path) -> None:
    assert run(letter.parent, opened(), replace("welcome", "a\r\nb\tc"), closed()).success
    made = docx.Document(str(letter))
    assert made.paragraphs[0].text == "Dear {name}, a\nb\tc"
    assert made.paragraphs[0].runs[-1].italic, "they stay in their run"
    assert made.paragraphs[0]._p.xpath(".//w:br") and made.paragraphs[0]._p.xpath(".//w:tab")


def test_nothing_is_found_across_tabs_and_paragraphs(letter: Path) -> None:
    assert last(letter.parent, opened(), replace("End\twith", "x"))["replacements"] == 0
    assert last(letter.parent, opened(), replace("Endwith", "x"))["replacements"] == 0


def test_what_changes_were_tracked_and_what_stands_in_boxes_and_controls(tmp_path: Path) -> None:
    run_of = "<w:r><w:t>{}</w:t></w:r>"
    box = f"<w:txbxContent>{paragraph('in a b', 'ox')}</w:txbxContent>"
    by_hand(
        tmp_path,
        f"<w:p><w:ins>{run_of.format('new')}</w:ins>"
        "<w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
        f"<w:hyperlink>{run_of.format(' link')}</w:hyperlink></w:p>"
        f"<w:sdt><w:sdtContent>{paragraph('control')}</w:sdtContent></w:sdt>"
        "<w:p><w:r><w:t>beside</w:t><mc:AlternateContent>"
        f"<mc:Choice Requires='wps'>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>",
    )
    found = last(tmp_path, opened(), text())
    assert found["text"].split("\n") == ["new link", "control", "beside", "in a box"]
    steps = (opened(), replace("box", "frame"), closed())
    assert run(tmp_path, *steps).outputs["s1"]["replacements"] == 1
    raw = parts_of((tmp_path / "letter.docx").read_bytes())["word/document.xml"]
    assert raw.count(b"frame") == 2, "the same once more for older programs"
    assert b"<w:delText>old</w:delText>" in raw
    assert last(tmp_path, opened(), replace("w link", "x"), text())["text"].startswith("nex\n")


def test_a_missing_text_is_refused_and_an_empty_one_too(letter: Path) -> None:
    assert "find_text is empty" in refusal(letter.parent, opened(), replace("", "x"))
    assert "'find_text' has no value" in refusal(letter.parent, opened(), replace(None, "x"))
    said = refusal(letter.parent, opened(), replace("a", "\x07"))
    assert "is none that files hold" in said


def test_the_document_opened_last_is_meant_and_others_by_name(letter: Path) -> None:
    folder = letter.parent
    other = docx.Document()
    other.add_paragraph("other")
    other.save(str(folder / "other.docx"))
    both = (opened("other.docx"), opened())
    assert last(folder, *both, text())["text"].startswith("Dear")
    assert last(folder, *both, text(document="other.docx"))["text"] == "other"
    assert last(folder, *both, closed(), text())["text"] == "other"
    assert "no Word document is open" in refusal(folder, text())


def test_a_document_is_not_taken_for_a_workbook(letter: Path) -> None:
    folder = letter.parent
    (folder / "book.xlsx").write_bytes(excel_workbook())
    said = refusal(folder, opened("book.xlsx"))
    assert "is an Excel workbook, not a Word document" in said
    said = refusal(folder, ("ExcelOpenNode", {"file_path": "letter.docx"}))
    assert "is a Word document, not an Excel workbook" in said
    excel = ("ExcelOpenNode", {"file_path": "book.xlsx"})
    assert last(folder, opened(), excel, text())["word_count"] == 17
    said = refusal(folder, excel, text(document="{{s0.workbook}}"))
    assert "is no Word document that is open" in said


def test_saving_is_only_when_it_is_wanted(letter: Path) -> None:
    before = letter.read_bytes()
    left = run(letter.parent, opened(), replace("welcome", "x"))
    assert warnings(left) == [f"{letter} was left open, so it is not saved; WordCloseNode saves it"]
    assert not warnings(run(letter.parent, opened(), replace("welcome", "x"), closed(save=False)))
    (said,) = warnings(run(letter.parent, opened(), replace("nothing", "x")))
    assert "nothing was replaced" in said, "and not that it was left open"
    assert letter.read_bytes() == before
    assert not warnings(run(letter.parent, opened(), replace("welcome", "x"), closed()))
    assert docx.Document(str(letter)).paragraphs[0].text == "Dear {name}, x"


def test_what_the_nodes_do_not_know_stays_in_the_file(letter: Path) -> None:
    parts = parts_of(letter.read_bytes())
    types = parts["[Content_Types].xml"].replace(
        b"<Default", b'<Default Extension="odd" ContentType="application/odd"/><Default', 1
    )
    links = parts["word/_rels/document.xml.rels"].replace(
        b"</Relationships>",
        b'<Relationship Id="rIdX" Type="http://odd" Target="thing.odd"/></Relationships>',
    )
    odd = {"[Content_Types].xml": types, "word/_rels/document.xml.rels": links}
    letter.write_bytes(packed(parts | odd | {"word/thing.odd": b"\x00odd"}))
    assert run(letter.parent, opened(), replace("welcome", "x"), closed()).success
    assert parts_of(letter.read_bytes())["word/thing.odd"] == b"\x00odd"


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        (".docm", "application/vnd.ms-word.document.macroEnabled.main+xml"),
        (
            ".dotx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
        ),
    ],
)
def test_macros_and_templates(letter: Path, suffix: str, kind: str) -> None:
    parts = parts_of(letter.read_bytes())
    plain = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    types = parts["[Content_Types].xml"].replace(plain, kind.encode())
    path = letter.with_suffix(suffix)
    path.write_bytes(packed(parts | {"[Content_Types].xml": types}))
    steps = (opened(path.name), replace("{name}", "Ada"), closed())
    assert run(letter.parent, *steps).outputs["s1"]["replacements"] == 4
    assert kind.encode() in parts_of(path.read_bytes())["[Content_Types].xml"]


def test_a_new_document_and_one_in_the_old_format(tmp_path: Path) -> None:
    assert "no such Word document" in refusal(tmp_path, opened())
    assert run(tmp_path, opened(create_if_missing=True), closed()).success
    assert last(tmp_path, opened(), text())["text"] == ""
    (tmp_path / "old.doc").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600))
    assert "is in the old format (.doc) of Word" in refusal(tmp_path, opened("old.doc"))


@pytest.mark.parametrize("lock", ["~$tter.docx", "~$letter.docx", "~$etter.docx"])
def test_a_document_that_somebody_has_open_is_opened_with_a_warning(
    letter: Path, lock: str
) -> None:
    (letter.parent / lock).write_bytes(b"\x03Ada" + b" " * 50)
    (told,) = warnings(run(letter.parent, opened(visible=False)))
    assert "is open in another program of Ada" in told
    told_of_window = warnings(run(letter.parent, opened(visible=True)))
    assert "visible has no effect: Word is not started" in told_of_window[0]


def test_a_mark_that_looks_like_a_placeholder_comes_from_a_variable(tmp_path: Path) -> None:
    by_hand(tmp_path, paragraph("Dear {{customer}}"))
    known = {"customer": "Ada", "mark": "{{customer}}"}
    result = run(tmp_path, opened(), replace("{{customer}}", "x"), variables=known)
    assert result.outputs["s1"]["replacements"] == 0
    (said, *_) = warnings(result)
    assert "find_text is nowhere in" in said and "is filled in before it is looked for" in said
    steps = (opened(), replace("{{mark}}", "{{customer}}"), text())
    assert last(tmp_path, *steps, variables=known)["text"] == "Dear Ada"


def test_who_gives_no_text_to_put_in_learns_how_to_delete(letter: Path) -> None:
    said = refusal(letter.parent, opened(), ("WordReplaceTextNode", {"find": "x", "replace": None}))
    assert "'replace_text' has no value - an empty text deletes what is found" in said
    assert last(letter.parent, opened(), replace("welcome", ""))["replacements"] == 1
