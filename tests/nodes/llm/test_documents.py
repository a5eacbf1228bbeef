"""Documents that a model reads: as text, as PDFs, as pictures."""

from __future__ import annotations

import base64
import io
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import docx
import pytest

from tests.nodes.llm.conftest import Asks, Runs
from tests.nodes.llm.model_server import ModelServer
from tests.nodes.llm.test_asking import CLAUDE, outputs, why
from tests.support.pdfs import pdf
from tests.support.runs import document, node

BILL = "ACME Ltd, invoice no 7 of 3 May 2026: net 100.00, VAT 19.00, total 119.00 EUR"


def fields(**values: Any) -> dict[str, Any]:
    return {name: {"value": value, "confidence": 0.9} for name, value in values.items()}


INVOICE = fields(
    vendor_name="ACME Ltd",
    invoice_number="7",
    invoice_date="2026-05-03",
    due_date=None,
    total_amount=119.0,
    currency="EUR",
    subtotal=100,
    tax_amount=19.0,
)
LINE = {"description": "work", "quantity": 2, "unit_price": 50, "amount": 100.0}


def png() -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(stream, "PNG")
    return stream.getvalue()


def test_a_document_is_of_one_kind(asks: Asks, models: ModelServer) -> None:
    models.say({"type": "Invoice", "confidence": 0.9, "scores": {"invoice": 0.9, "poem": 1}})
    found = outputs(asks("ClassifyDocumentNode", document=BILL))
    assert (found["document_type"], found["confidence"]) == ("invoice", 0.9)
    assert found["all_scores"] == {"invoice": 0.9}
    assert models.bodies()[0]["model"] == "gpt-4o"
    models.say(*[{"type": "invoice", "confidence": 1}] * 2)
    config = {"document": BILL, "categories": ["bill", "poem"]}
    message = why(asks("ClassifyDocumentNode", **config))[1]
    assert "'invoice' is none of 'bill', 'poem'" in message


def test_the_text_of_a_pdf_is_read(asks: Asks, models: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "bill.pdf").write_bytes(pdf([BILL]))
    models.say({"type": "invoice", "confidence": 1})
    outputs(asks("ClassifyDocumentNode", document="bill.pdf"))
    message = models.bodies()[0]["messages"][-1]["content"]
    assert isinstance(message, str)
    assert "total" in message


@pytest.mark.parametrize("model", ["gpt-4o", CLAUDE])
def test_a_pdf_without_text_is_looked_at(
    asks: Asks, models: ModelServer, tmp_path: Path, model: str
) -> None:
    (tmp_path / "scan.pdf").write_bytes(pdf(["x", "y"]))
    models.say({"type": "invoice", "confidence": 1})
    outputs(asks("ClassifyDocumentNode", document="scan.pdf", model=model))
    parts = models.bodies()[0]["messages"][-1]["content"]
    pictures = [part for part in parts if part["type"] in ("image_url", "image")]
    assert len(pictures) == 2
    if model == CLAUDE:
        source = pictures[0]["source"]
        assert (source["type"], source["media_type"]) == ("base64", "image/jpeg")
        encoded = source["data"]
    else:
        head, _, encoded = pictures[0]["image_url"]["url"].partition(",")
        assert head == "data:image/jpeg;base64"
    assert base64.b64decode(encoded).startswith(b"\xff\xd8\xff")


def test_a_picture_is_sent_as_it_is(runs: Runs, models: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "scan.PNG").write_bytes(png())
    for given in ("scan.PNG", "{{picture}}"):
        models.say({"type": "invoice", "confidence": 1})
        raw = document({"n": node("ClassifyDocumentNode", document=given)})
        outputs(runs(raw, variables={"picture": png()}))
        part = models.bodies()[-1]["messages"][-1]["content"][1]
        encoded = base64.b64encode(png()).decode()
        assert part["image_url"]["url"] == f"data:image/png;base64,{encoded}"


def test_another_kind_of_picture_is_made_one_that_models_take(
    asks: Asks, models: ModelServer, tmp_path: Path
) -> None:
    from PIL import Image

    Image.new("RGB", (5000, 10)).save(tmp_path / "scan.bmp")
    models.say({"type": "invoice", "confidence": 1})
    outputs(asks("ClassifyDocumentNode", document="scan.bmp"))
    url = models.bodies()[-1]["messages"][-1]["content"][1]["image_url"]["url"]
    raw = base64.b64decode(url.removeprefix("data:image/jpeg;base64,"))
    assert Image.open(io.BytesIO(raw)).size == (2000, 4)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (" ", "document is empty"),
        ("none.pdf", "none.pdf"),
        ("none.txt", "none.txt"),
        ("none.docx", "none.docx"),
        ("none.xlsx", "none.xlsx"),
        ("bad.png", "is no picture of the formats"),
        ("bad.pdf", "bad.pdf is no PDF, or damaged"),
        ("bad.txt", "the file is not utf-8 text"),
        ("../up.txt", ".."),
    ],
)
def test_a_document_that_cannot_be_read_is_named(
    asks: Asks, models: ModelServer, tmp_path: Path, given: str, words: str
) -> None:
    for name in ("bad.png", "bad.pdf", "bad.txt"):
        (tmp_path / name).write_bytes(b"\xe9 is none")
    assert words in why(asks("ClassifyDocumentNode", document=given))[1]
    assert not models.asked


def test_a_word_document_is_read(asks: Asks, models: ModelServer, tmp_path: Path) -> None:
    letter = docx.Document()
    letter.add_paragraph("Dear Ada, your refund:")
    letter.add_table(1, 2).rows[0].cells[1].text = "119.00"
    letter.save(str(tmp_path / "Letter of May.docx"))
    models.say({"type": "letter", "confidence": 1})
    outputs(asks("ClassifyDocumentNode", document="Letter of May.docx"))
    assert "Dear Ada, your refund:\n\t119.00" in models.bodies()[0]["messages"][-1]["content"]
    assert ".docx" not in models.last_text()


def test_a_message_is_read(asks: Asks, models: ModelServer, tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "ada@example.com", "Grüße"
    message.set_content("Where is my parcel, für heute?")
    message.add_attachment(b"%PDF" * 99, "application", "pdf", filename="bill.pdf")
    (tmp_path / "mail.eml").write_bytes(message.as_bytes())
    models.say({"type": "letter", "confidence": 1})
    outputs(asks("ClassifyDocumentNode", document="mail.eml"))
    for words in ("From: ada@example.com", "Subject: Grüße", "für heute?", "s: bill.pdf"):
        assert words in models.last_text()
    assert "base64" not in models.last_text()


@pytest.mark.parametrize("name", ["notes.log", "notes"])
def test_a_line_that_is_a_file_is_its_path(
    asks: Asks, models: ModelServer, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("what stands in it")
    models.say(*[{"type": "report", "confidence": 1}] * 2)
    outputs(asks("ClassifyDocumentNode", document=name))
    assert "what stands in it" in models.last_text()
    outputs(asks("ClassifyDocumentNode", document="No file, e.g. of no. 5" + " and so on" * 40))
    assert "No file, e.g. of no. 5" in models.last_text()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("book.xlsx", "ExcelGetRangeNode"),
        ("book.XLS", "save it as .xlsx"),
        ("letter.doc", "save it as .docx"),
        ("mail.msg", "ReadEmailsNode"),
        ("all.zip", "UnzipFilesNode"),
        ("bad.docx", "is no Word document"),
        ("data.bin", "data.bin is no text"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_the_way_to_go(
    asks: Asks, models: ModelServer, tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / name).write_bytes(b"\0\1\2")
    message = why(asks("ExtractInvoiceNode", document=name))[1]
    assert words in message
    assert name in message
    assert not models.asked


def test_an_empty_document_is_not_asked_about(
    asks: Asks, models: ModelServer, tmp_path: Path
) -> None:
    docx.Document().save(str(tmp_path / "empty.docx"))
    assert "empty.docx holds no text" in why(asks("ClassifyDocumentNode", document="empty.docx"))[1]
    assert not models.asked


def test_the_fields_of_a_form_are_found(asks: Asks, models: ModelServer) -> None:
    config = {"document": "Name: Ada", "field_schema": {"name": "string", "age": "integer"}}
    models.say({"fields": fields(name="Ada", age=None)})
    found = outputs(asks("ExtractFormNode", **config))
    assert found["extracted_fields"] == {"name": "Ada", "age": None}
    assert (found["unmatched_fields"], found["needs_review"]) == (["age"], True)
    assert found["confidence"] == pytest.approx(0.9)
    assert "a label that means the same" in models.last_text()
    models.say({"fields": fields(name="Ada", age="36")}, {"fields": fields(name="Ada", age=36)})
    found = outputs(asks("ExtractFormNode", fuzzy_match=False, **config))
    assert (found["extracted_fields"]["age"], found["needs_review"]) == (36, False)
    assert "exactly as it is called" in models.last_text()
    assert "age: it must be integer or null" in models.last_text()


def test_an_invoice_is_read(asks: Asks, models: ModelServer) -> None:
    models.say({"fields": INVOICE | fields(order="A-1"), "line_items": [LINE]})
    found = dict(outputs(asks("ExtractInvoiceNode", document=BILL, custom_fields=["order"])))
    raw = found.pop("raw_extraction")
    assert (raw["order"], raw["total_amount"], raw["due_date"]) == ("A-1", 119.0, None)
    assert found == {
        "vendor_name": "ACME Ltd",
        "invoice_number": "7",
        "invoice_date": "2026-05-03",
        "due_date": "",
        "total_amount": 119.0,
        "currency": "EUR",
        "subtotal": 100,
        "tax_amount": 19.0,
        "line_items": [LINE],
        "confidence": pytest.approx(0.9),
        "needs_review": False,
        "success": True,
        "error": "",
    }


@pytest.mark.parametrize(
    "doubt",
    [
        fields(total_amount=None),
        fields(total_amount=120.0),
        fields(invoice_number=""),
        {name: {"value": "x", "confidence": 0} for name in ("currency", "vendor_name")},
    ],
    ids=["no total", "a sum that is wrong", "no number", "little confidence"],
)
def test_a_doubtful_invoice_is_for_a_person(
    asks: Asks, models: ModelServer, doubt: dict[str, Any]
) -> None:
    models.say({"fields": INVOICE | doubt})
    found = outputs(asks("ExtractInvoiceNode", document=BILL))
    assert found["needs_review"] is True
    assert found["line_items"] == []


def test_amounts_are_numbers_or_nothing(asks: Asks, models: ModelServer) -> None:
    bad = {"fields": INVOICE | fields(total_amount="119 EUR")}
    models.say(bad, {"fields": INVOICE, "line_items": [LINE | {"amount": "x"}]})
    code, message = why(asks("ExtractInvoiceNode", document=BILL))
    assert code == "PARSE_ERROR"
    assert "line_items[0]: amount must be number or null" in message
    assert "total_amount: it must be number or null" in models.last_text()


def test_tables_are_taken_out(asks: Asks, models: ModelServer) -> None:
    one = {"name": "sales", "headers": ["month", "sum"], "rows": [["May", 1], ["June", "2"]]}
    two = {"headers": ["a"], "rows": []}
    models.say({"tables": [one, two], "confidence": 0.7})
    found = outputs(asks("ExtractTableNode", document="a report", table_hint="sales by month"))
    assert found["tables"][0]["rows"] == [["May", "1"], ["June", "2"]]
    assert found["tables"][1] == {"name": "", "headers": ["a"], "rows": []}
    assert (found["row_count"], found["column_count"], found["confidence"]) == (2, 2, 0.7)
    assert "sales by month" in models.last_text()


def test_a_row_has_a_cell_for_each_header(asks: Asks, models: ModelServer) -> None:
    table = {"headers": ["month", "sum"], "rows": [["May"]]}
    models.say(*[{"tables": [table], "confidence": 1}] * 2)
    message = why(asks("ExtractTableNode", document="a report"))[1]
    assert "tables[0].rows[0] must be a list of 2 texts" in message
