"""Converting pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._pictures import SUFFIXES, picture_file, save_picture
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.file.disk import Drafts, FileNode, existing_file
from casare_rpa.nodes.values.reading import int_within, one_of

if TYPE_CHECKING:
    from PIL.Image import Image

_SUFFIX_OF = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "BMP": ".bmp", "GIF": ".gif"}
_SCALES = ("5%", "10%", "25%", "50%", "75%", "100%")


class ImageConvertNode(FileNode):
    """Convert, scale or recompress a picture, or all pictures of a folder.

    Reads PNG, JPEG, WEBP, BMP, GIF, TIFF, PPM and ICO, by content; in a folder, files with such a
    suffix. A picture is turned upright as its EXIF data says; its colour profile is kept, other
    metadata is not. Of an animation the first picture is taken. Transparency becomes white in
    JPEG and BMP. `quality` counts for JPEG and WEBP.

    Without `output_path` the result lies beside its source, under the suffix of the format. For a
    folder `output_path` is a folder; sub-folders (`recursive`) are kept. An existing file fails
    unless `overwrite`. If one picture fails, none is written. A picture of more than 100,000,000
    pixels or 256 MiB is refused.
    """

    example = {"source_path": "photo.png", "output_format": "JPEG", "scale_percent": "50%"}
    side_effect = True
    needs = {"PIL": "images"}
    source_path: str = param(kind="string", required=True, help="A picture or a folder.")
    output_path: str = prop(kind="string", help="Where the result goes; empty: beside the source.")
    output_format: str = prop(
        "JPEG", kind="choice", choices=tuple(_SUFFIX_OF), help="What it becomes."
    )
    quality: int = prop(85, kind="integer", minimum=1, maximum=100, help="Higher is larger.")
    scale_percent: str = prop("100%", kind="choice", choices=_SCALES, help="The new size.")
    overwrite: bool = prop(False, kind="boolean", help="Replace existing files.")
    recursive: bool = prop(False, kind="boolean", help="Take sub-folders of a folder, too.")
    allow_dangerous_paths: bool = prop(False, kind="boolean", help="Allow `..` in paths.")
    outputs = (
        Output("output_path", "STRING"),
        Output("files", "LIST"),
        Output("file_count", "INTEGER"),
        Output("format", "STRING"),
        Output("success", "BOOLEAN"),
    )

    def work(self, ctx: Context) -> Outputs:
        format = one_of(self.output_format, "output_format", _SUFFIX_OF)
        percent = str(self.scale_percent).strip().removesuffix("%")
        scale = int_within(percent, "scale_percent", 1, 100)
        quality = int_within(self.quality, "quality", 1, 100)
        source = self.file(ctx, self.source_path, "source_path")
        output = self.file(ctx, self.output_path, "output_path") if self.output_path else None
        pairs = self._pairs(ctx, source, output, _SUFFIX_OF[format])
        room = output if output and source.is_dir() else next(iter(pairs)).parent
        with Drafts(room, overwrite=self.overwrite) as drafts:
            for target, path in pairs.items():
                self.check_wanted(ctx)
                image = _scaled(picture_file(path), scale)
                with drafts.open(target) as stream:
                    save_picture(image, stream, format, quality)
        files = [str(target) for target in pairs]
        return {
            "output_path": str(output or source) if source.is_dir() else files[0],
            "files": files,
            "file_count": len(files),
            "format": format,
            "success": True,
        }

    def _pairs(
        self, ctx: Context, source: Path, output: Path | None, suffix: str
    ) -> dict[Path, Path]:
        """The pictures by the files that they become."""
        if not source.is_dir():
            existing_file(source)
            if output is None or output.is_dir():
                output = (output or source.parent) / f"{source.stem}{suffix}"
            return {output: source}
        found: dict[Path, Path] = {}
        for path in self._pictures(ctx, source):
            target = ((output or source) / path.relative_to(source)).with_suffix(suffix)
            if other := found.get(target):
                raise NodeError(
                    f"{other} and {path} would both become {target.name}",
                    ErrorCode.DUPLICATE_VALUE,
                )
            found[target] = path
        if not found:
            raise NodeError(f"there is no picture in {source}", ErrorCode.FILE_NOT_FOUND)
        return found

    def _pictures(self, ctx: Context, folder: Path) -> Iterator[Path]:
        for path in sorted(folder.rglob("*") if self.recursive else folder.iterdir()):
            if path.suffix.lower() in SUFFIXES and path.is_file():
                if path.is_symlink():  # It may lead to where this run must not read.
                    self.file(ctx, os.path.realpath(path), "source_path")
                yield path


def _scaled(image: Image, percent: int) -> Image:
    if percent == 100:
        return image
    if image.mode in ("P", "1"):  # A palette has no colours between its own.
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image.resize([max(1, side * percent // 100) for side in image.size])
