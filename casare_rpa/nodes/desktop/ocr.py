"""Recognising text in pictures."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._pictures import on_white, picture, region_of
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.file.disk import FileNode
from casare_rpa.nodes.values.reading import as_text

if TYPE_CHECKING:
    from PIL.Image import Image

_ENGINES = ("auto", "rapidocr", "tesseract", "winocr")
_CODES = (
    "af:afr az:aze bs:bos ca:cat cs:ces cy:cym da:dan de:deu en:eng es:spa et:est eu:eus fi:fin"
    " fr:fra ga:gle gl:glg hr:hrv hu:hun id:ind is:isl it:ita ja:jpn ku:kur la:lat lb:ltz lt:lit"
    " lv:lav mi:mri ms:msa mt:mlt nl:nld no:nor oc:oci pl:pol pt:por qu:que rm:roh ro:ron sk:slk"
    " sl:slv sq:sqi sv:swe sw:swa tl:tgl tr:tur uz:uzb vi:vie zh:chi_sim zh_tw:chi_tra"
)
#: What the one model in rapidocr's wheel reads: codes of two letters, and of three as tesseract's.
LANGUAGES: Final = dict(pair.split(":") for pair in _CODES.split())
_reading = threading.Lock()


class OCRExtractTextNode(FileNode):
    """Recognise the text in a picture, line by line from the top.

    It is read by rapidocr, on this machine, with the models that rapidocr brings: nothing is
    downloaded. One model reads Chinese, Japanese, English and the other languages in Latin script,
    all at once: `language` is only checked (ISO 639 codes such as `eng` or `de`, several with
    `+`). No text is no failure: `text` is then empty. Lines that are read with less than half
    confidence are left out.

    A picture is given as bytes, as a `data:` address or as a path. The engines `tesseract` and
    `winocr` are not part of this version, and `config`, which holds their options, is ignored.
    """

    category = "desktop"
    aliases = ("OCRNode",)
    example = {"image_path": "page.png", "language": "eng"}
    needs = {"rapidocr": "ocr", "onnxruntime": "ocr", "PIL": "ocr"}
    image: Any = param(None, help="The picture.")
    image_path: str = param(None, kind="file_path", help="The file of the picture.")
    region: Any = param(None, help="x, y, width and height of the part to read; empty: all.")
    engine: str = prop("auto", kind="choice", choices=_ENGINES, help="Who reads: rapidocr.")
    language: str = prop("eng", kind="string", help="The languages of the text.")
    config: str = prop("", kind="string", help="Options of other engines.")
    outputs = (
        Output("text", "STRING"),
        Output("engine_used", "STRING"),
        Output("success", "BOOLEAN"),
    )

    def work(self, ctx: Context) -> Outputs:
        _check_engine(self.engine)
        _check_language(as_text(self.language))
        if self.config:
            ctx.log("config is ignored: rapidocr has no such options", "warning")
        file = self.file(ctx, self.image_path, "image_path") if self.image_path else None
        image = region_of(ctx, self.region, on_white(picture(ctx, self.image, file, "image")))
        return {"text": "\n".join(_lines(image)), "engine_used": "rapidocr", "success": True}


def _check_engine(value: Any) -> None:
    engine = str(value or "auto").strip().lower()
    if engine not in ("auto", "rapidocr"):
        raise NodeError(
            f"engine: this version has rapidocr, not {value!r}", ErrorCode.NOT_IMPLEMENTED
        )


def _check_language(text: str) -> None:
    known = {*LANGUAGES, *LANGUAGES.values()}
    for language in text.lower().replace("-", "_").split("+"):
        if language.strip() not in known:
            raise NodeError(
                f"language: {language.strip()!r} cannot be read here; there are"
                f" {', '.join(LANGUAGES)}",
                ErrorCode.INVALID_INPUT,
            )


def _lines(image: Image) -> list[str]:
    import numpy  # noqa: PLC0415 - an extra

    pixels = numpy.asarray(image)[:, :, ::-1]  # blue, green, red
    with _reading:  # Its reader keeps state while it works.
        found = _reader()(numpy.ascontiguousarray(pixels))
    return list(getattr(found, "txts", None) or ())


@cache
def _reader() -> Any:
    import rapidocr  # noqa: PLC0415 - an extra

    folder = Path(rapidocr.__file__).with_name("models")
    # A path that is given is used as it is; without one rapidocr would look for it on the network.
    models = {
        f"{part}.model_path": str(_model(folder, part.lower())) for part in ("Det", "Cls", "Rec")
    }
    return rapidocr.RapidOCR(params={"Global.log_level": "critical", **models})


def _model(folder: Path, part: str) -> Path:
    found = sorted(folder.glob(f"*_{part}_*.onnx"))
    if not found:
        raise NodeError(
            f"rapidocr came without its model for {part} in {folder}",
            ErrorCode.RESOURCE_NOT_FOUND,
            hint="pip install --force-reinstall 'casare-rpa[ocr]'",
        )
    return found[0]
