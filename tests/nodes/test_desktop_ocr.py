"""Recognising text in pictures."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from casare_rpa.nodes.desktop.ocr import LANGUAGES
from tests.nodes.test_file_read_write import failure, outputs

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("rapidocr") is None or importlib.util.find_spec("onnxruntime") is None,
    reason="it needs the extra: pip install 'casare-rpa[ocr]'",
)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    image = Image.new("RGB", (520, 200), "white")
    font = ImageFont.load_default(40)
    for y, line in ((20, "Invoice 4711"), (120, "Total 99.50 EUR")):
        ImageDraw.Draw(image).text((20, y), line, fill="black", font=font)
    image.save(tmp_path / "page.png")
    return tmp_path


def test_text_is_read_offline_and_quietly(page: Path, capfd: pytest.CaptureFixture[str]) -> None:
    calls: list[str] = []
    audit = [True]  # An audit hook stays for good; this turns it off.
    sys.addaudithook(
        lambda event, _: calls.append(event) if audit and "socket.c" in event else None
    )
    found = outputs("OCRNode", page, image_path="page.png")
    assert found["text"].split() == ["Invoice", "4711", "Total", "99.50", "EUR"]
    assert (found["engine_used"], found["success"]) == ("rapidocr", True)
    part = outputs("OCRNode", page, image="page.png", region=[0, 100, 520, 100])
    assert "Invoice" not in part["text"]
    assert "99.50" in part["text"]
    audit.clear()
    assert "socket.connect" not in calls
    assert capfd.readouterr() == ("", "")


def test_a_white_page_has_no_text(tmp_path: Path) -> None:
    Image.new("L", (300, 200), 255).save(tmp_path / "page.png")
    found = outputs("OCRExtractTextNode", tmp_path, image_path="page.png", language="deu+en")
    assert (found["text"], found["success"]) == ("", True)


def test_the_model_has_the_languages_that_are_promised() -> None:
    from rapidocr.utils.model_resolver import route_to_model_key
    from rapidocr.utils.typings import ModelType, OCRVersion, TaskType

    for code in LANGUAGES:
        key = route_to_model_key(TaskType.REC, OCRVersion.PPOCRV6, code, ModelType.SMALL)
        assert key == "multi_PP-OCRv6_rec_small", code


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"language": "rus"}, "'rus' cannot be read here; there are af, az"),
        ({"language": "eng+xx"}, "'xx' cannot be read"),
        ({"engine": "tesseract"}, "this version has rapidocr, not 'tesseract'"),
        ({"region": "0,0,999,10"}, "is not inside the picture, which is 520 x 200 pixels"),
        ({"region": [1, 2]}, "x, y, width and height"),
        ({"image_path": ""}, "image or image_path is missing"),
    ],
)
def test_what_cannot_be_read_says_why(page: Path, config: dict[str, Any], words: str) -> None:
    assert words in failure("OCRNode", page, **{"image_path": "page.png", **config})[1]
