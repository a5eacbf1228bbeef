"""Converting and comparing pictures, and QR codes."""

from __future__ import annotations

import base64
import io
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tests.nodes.test_file_read_write import failure, outputs
from tests.support.runs import run_node


def drawn(size: tuple[int, int] = (64, 48), mode: str = "RGB") -> Image.Image:
    """A red ellipse in the upper left half, on white."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).ellipse((4, 4, size[0] // 2, size[1] // 2), fill="red")
    return image.convert(mode)


def bomb(width: int, height: int) -> bytes:
    """The head of a PNG that claims to be so large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP", "GIF"])
def test_a_picture_becomes_every_format(tmp_path: Path, format: str) -> None:
    for suffix, mode in ((".png", "RGBA"), (".tiff", "CMYK"), (".png", "I;16"), (".gif", "P")):
        drawn(mode="L" if mode == "I;16" else mode).convert(mode).save(tmp_path / f"in{suffix}")
        config = {"source_path": f"in{suffix}", "output_path": "out", "output_format": format}
        found = outputs("ImageConvertNode", tmp_path, **config, overwrite=True)
        assert (found["format"], found["file_count"], found["success"]) == (format, 1, True)
        with Image.open(found["output_path"]) as image:
            assert (image.format, image.size) == (format, (64, 48))
            shade = image.convert("RGB").getpixel((60, 40))
        assert min(shade) > 240, (mode, shade)  # type: ignore[arg-type]


def test_the_result_lies_beside_its_source_and_is_scaled(tmp_path: Path) -> None:
    drawn((101, 40)).save(tmp_path / "in.png")
    found = outputs("ImageConvertNode", tmp_path, source_path="in.png", scale_percent="25%")
    assert found["files"] == [found["output_path"]] == [str(tmp_path / "in.jpg")]
    with Image.open(tmp_path / "in.jpg") as image:
        assert image.size == (25, 10)


def test_quality_tells_in_the_size_of_the_file(tmp_path: Path) -> None:
    Image.effect_noise((200, 200), 90).save(tmp_path / "in.png")
    for quality in (20, 95):
        config = {"source_path": "in.png", "output_path": f"{quality}.jpg", "quality": quality}
        outputs("ImageConvertNode", tmp_path, **config)
    assert (tmp_path / "20.jpg").stat().st_size * 2 < (tmp_path / "95.jpg").stat().st_size


def test_transparency_becomes_white_in_jpeg_and_is_kept_in_webp(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "in.png")
    for format in ("JPEG", "WEBP"):
        outputs("ImageConvertNode", tmp_path, source_path="in.png", output_format=format)
    assert Image.open(tmp_path / "in.jpg").getpixel((4, 4)) == (255, 255, 255)
    assert Image.open(tmp_path / "in.webp").convert("RGBA").getpixel((4, 4)) == (0, 0, 0, 0)


def test_a_photo_is_turned_upright_and_loses_what_it_says_of_its_place(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # The camera was turned to the right.
    exif[0x010E] = "at home"
    drawn().save(tmp_path / "in.jpg", exif=exif, quality=95)
    config = {"source_path": "in.jpg", "output_path": "out.png", "output_format": "PNG"}
    outputs("ImageConvertNode", tmp_path, **config)
    with Image.open(tmp_path / "out.png") as image:
        assert image.size == (48, 64)
        assert not image.getexif()
        red, green, _ = image.convert("RGB").getpixel((35, 15))  # type: ignore[misc]
        assert red > 200 > 60 > green


def test_the_pictures_of_a_folder_keep_their_sub_folders(tmp_path: Path) -> None:
    for name in ("a.png", "sub/b.bmp"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        drawn().save(tmp_path / "in" / name)
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    config = {"source_path": "in", "output_path": "out", "output_format": "WEBP"}
    found = outputs("ImageConvertNode", tmp_path, **config)
    assert (found["file_count"], found["output_path"]) == (1, str(tmp_path / "out"))
    found = outputs("ImageConvertNode", tmp_path, **config, recursive=True, overwrite=True)
    assert names(tmp_path / "out") == ["a.webp", "sub/b.webp"]


def test_a_damaged_picture_keeps_the_whole_folder_away(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    drawn().save(tmp_path / "in" / "a.png")
    whole = (tmp_path / "in" / "a.png").read_bytes()
    (tmp_path / "in" / "b.png").write_bytes(whole[: len(whole) // 2])
    code, message = failure("ImageConvertNode", tmp_path, source_path="in", output_path="out")
    assert code == "INVALID_FORMAT"
    assert f"{tmp_path / 'in' / 'b.png'} is damaged" in message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_two_pictures_of_one_name_are_told(tmp_path: Path) -> None:
    for name in ("a.png", "a.bmp"):
        drawn().save(tmp_path / name)
    assert "would both become a.jpg" in failure("ImageConvertNode", tmp_path, source_path=".")[1]
    assert names(tmp_path) == ["a.bmp", "a.png"]


def test_an_existing_file_is_kept_unless_overwritten(tmp_path: Path) -> None:
    drawn().save(tmp_path / "in.jpg")
    before = (tmp_path / "in.jpg").read_bytes()
    config = {"source_path": "in.jpg", "quality": 10}
    assert "already exists" in failure("ImageConvertNode", tmp_path, **config)[1]
    assert (tmp_path / "in.jpg").read_bytes() == before
    outputs("ImageConvertNode", tmp_path, **config, overwrite=True)
    assert len((tmp_path / "in.jpg").read_bytes()) < len(before)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"source_path": "none.png"}, "no such file"),
        ({"source_path": "notes.txt"}, "is no picture of the formats PNG, JPEG"),
        ({"source_path": "drawing.eps"}, "is no picture"),
        ({"source_path": "empty"}, "there is no picture in"),
        ({"source_path": "in.png", "output_format": "EXE"}, "there is no 'EXE'"),
        ({"source_path": "in.png", "scale_percent": "0%"}, "from 1 to 100, not 0"),
        ({"source_path": "../in.png"}, "'..'"),
        ({"source_path": "bomb.png"}, "more than the 100,000,000 allowed"),
        ({"source_path": "hole.png"}, "is larger than a picture may be"),
    ],
)
def test_what_cannot_be_converted_says_why(
    tmp_path: Path, config: dict[str, Any], words: str
) -> None:
    drawn().save(tmp_path / "in.png")
    (tmp_path / "notes.txt").write_text("some words")
    (tmp_path / "drawing.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    (tmp_path / "bomb.png").write_bytes(bomb(20_000, 20_000))
    (tmp_path / "empty").mkdir()
    with (tmp_path / "hole.png").open("wb") as stream:
        stream.truncate((256 << 20) + 1)
    before = names(tmp_path)
    assert words in failure("ImageConvertNode", tmp_path, **config)[1]
    assert names(tmp_path) == before


def test_a_picture_with_any_bytes_wrong_is_converted_or_refused(tmp_path: Path) -> None:
    dice = random.Random(4711)
    for format in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"):
        out = io.BytesIO()
        drawn().save(out, format)
        for _ in range(25):
            raw = bytearray(out.getvalue())
            for _ in range(4):
                raw[dice.randrange(len(raw))] = dice.randrange(256)
            (tmp_path / "in").write_bytes(raw)
            config = {"source_path": "in", "output_path": "out.png", "overwrite": True}
            result = run_node("ImageConvertNode", config, folder=tmp_path)
            if not result.success:
                assert result.error is not None
                assert result.error.code in ("INVALID_FORMAT", "RESOURCE_EXHAUSTED"), result.error


def similarity(folder: Path, method: str, two: str, **config: Any) -> float:
    given = {"image1_path": "one.png", "image2_path": two, "method": method, **config}
    found = outputs("CompareImagesNode", folder, **given)
    assert found["method"] == method
    assert found["is_match"] == (found["similarity"] >= config.get("threshold", 0.9))
    return float(found["similarity"])


def test_pictures_are_compared_by_each_method(tmp_path: Path) -> None:
    one = drawn()
    one.save(tmp_path / "one.png")
    one.resize((128, 96)).save(tmp_path / "large.png")
    one.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "flipped.png")
    Image.eval(one, lambda shade: 255 - shade).save(tmp_path / "negative.png")
    for method in ("histogram", "pixel", "ssim"):
        assert similarity(tmp_path, method, "one.png") == 1
        assert similarity(tmp_path, method, "large.png") > 0.9
        assert similarity(tmp_path, method, "negative.png", threshold=0.3) < 0.3
    assert similarity(tmp_path, "histogram", "flipped.png") == 1
    assert similarity(tmp_path, "pixel", "flipped.png", threshold=0.99) < 0.9
    assert similarity(tmp_path, "ssim", "flipped.png") < 0.8


def test_the_mean_difference_is_that_of_the_pixels(tmp_path: Path) -> None:
    Image.new("L", (4, 1), 255).save(tmp_path / "one.png")
    Image.frombytes("L", (4, 1), bytes([255, 255, 255, 0])).save(tmp_path / "two.png")
    assert similarity(tmp_path, "pixel", "two.png") == 0.75
    assert similarity(tmp_path, "histogram", "two.png") == 0.75


def test_a_picture_comes_as_bytes_or_as_a_data_address(tmp_path: Path) -> None:
    out = io.BytesIO()
    drawn().save(out, "PNG")
    drawn().save(tmp_path / "one.png")
    address = f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
    config = {"image1": "{{raw}}", "image2": address, "method": "pixel"}
    for raw in (out.getvalue(), "one.png"):
        result = run_node("CompareImagesNode", config, {"raw": raw}, folder=tmp_path)
        assert result.success, result.error
        assert result.outputs["n"]["similarity"] == 1


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "image1 or image1_path is missing"),
        ({"image1": "data:image/png;base64,???"}, "no data: address"),
        ({"image1": "data:image/png,text"}, "it is not base64"),
        ({"image1": {"a": 1}}, "image1 is no picture but"),
        (
            {"image1_path": "one.png", "image2_path": "one.png", "method": "eye"},
            "there is no 'eye'",
        ),
    ],
)
def test_what_is_no_picture_says_so(tmp_path: Path, config: dict[str, Any], words: str) -> None:
    drawn().save(tmp_path / "one.png")
    assert words in failure("CompareImagesNode", tmp_path, **config)[1]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".gif", ".tiff"])
def test_a_code_that_was_written_is_read_back(tmp_path: Path, suffix: str) -> None:
    text = "Zürich, 7 €\nhttps://example.org/?a=b"
    made = outputs("QRCodeNode", tmp_path, data=text, output_path=f"out/code{suffix}", size=250)
    assert made == {"result": str(tmp_path / "out" / f"code{suffix}"), "success": True}
    with Image.open(made["result"]) as image:
        assert image.size == (250, 250)
    read = outputs("QRCodeNode", tmp_path, action="read", image_path=f"out/code{suffix}")
    assert read == {"result": text, "success": True}


def test_a_picture_without_a_code_is_no_failure(tmp_path: Path) -> None:
    drawn().save(tmp_path / "in.png")
    found = outputs("QRCodeNode", tmp_path, action="read", image_path="in.png")
    assert found == {"result": "", "success": False}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"data": "x"}, "output_path is empty"),
        ({"data": "", "output_path": "a.png"}, "data is missing"),
        ({"data": "x" * 3000, "output_path": "a.png"}, "too long for a QR code: 3000 bytes"),
        ({"data": "x" * 900, "output_path": "a.png", "size": 60}, "at least"),
        ({"data": "x", "output_path": "a.svg"}, "ends in none of .png, .jpg"),
        ({"data": "x", "output_path": "a.png", "size": 5000}, "from 50 to 1000"),
        ({"action": "erase"}, "there is no 'erase'"),
        ({"action": "read"}, "image_path is empty"),
        ({"action": "read", "image_path": "none.png"}, "no such file"),
    ],
)
def test_a_code_that_cannot_be_made_or_read_says_why(
    tmp_path: Path, config: dict[str, Any], words: str
) -> None:
    assert words in failure("QRCodeNode", tmp_path, **config)[1]
    assert names(tmp_path) == []
