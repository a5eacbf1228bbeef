"""How alike two pictures are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from casare_rpa.nodes._pictures import on_white, picture
from casare_rpa.nodes.base import Context, Output, Outputs, param, prop
from casare_rpa.nodes.file.disk import FileNode
from casare_rpa.nodes.values.reading import as_number, one_of

if TYPE_CHECKING:
    from PIL.Image import Image

#: Windows of 8 x 8 pixels, and the constants of Wang et al. 2004 for 255 shades.
_WINDOW = 8
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


class CompareImagesNode(FileNode):
    """Measure how alike two pictures are, from 0 (not at all) to 1 (the same).

    `histogram` compares how often each shade of red, green and blue occurs, wherever it is;
    `pixel` is 1 less the mean difference of the pixels; `ssim` compares brightness, contrast and
    structure in windows of 8 x 8 pixels (below 0 where one is the negative of the other). For
    `pixel` and `ssim` the second picture is scaled to the size of the first. What is transparent
    counts as white.

    A picture is given as bytes, as a `data:` address or as a path.
    """

    category = "desktop"
    example = {"image1_path": "photo.png", "image2_path": "photo.png", "method": "ssim"}
    needs = {"PIL": "images"}
    image1: Any = param(None, help="The first picture.")
    image2: Any = param(None, help="The second picture.")
    image1_path: str = param(None, kind="file_path", help="The file of the first picture.")
    image2_path: str = param(None, kind="file_path", help="The file of the second picture.")
    method: str = prop(
        "histogram",
        kind="choice",
        choices=("ssim", "histogram", "pixel"),
        help="How they are compared.",
    )
    threshold: float = prop(0.9, kind="float", help="From here on they count as the same.")
    outputs = (
        Output("similarity", "FLOAT"),
        Output("is_match", "BOOLEAN"),
        Output("method", "STRING"),
    )

    def work(self, ctx: Context) -> Outputs:
        method = one_of(self.method, "method", _METHODS)
        threshold = as_number(self.threshold, "threshold")
        one = self._picture(ctx, self.image1, self.image1_path, "image1")
        two = self._picture(ctx, self.image2, self.image2_path, "image2")
        similarity = round(_METHODS[method](one, two), 6)
        return {"similarity": similarity, "is_match": similarity >= threshold, "method": method}

    def _picture(self, ctx: Context, value: Any, path: str | None, name: str) -> Image:
        file = self.file(ctx, path, f"{name}_path") if path else None
        return on_white(picture(ctx, value, file, name))


def _histogram(one: Image, two: Image) -> float:
    """The share of pixels that both have in each shade: the intersection of the histograms."""
    counts = zip(one.histogram(), two.histogram(), strict=True)
    sizes = one.width * one.height, two.width * two.height
    return sum(min(a / sizes[0], b / sizes[1]) for a, b in counts) / 3


def _pixel(one: Image, two: Image) -> float:
    from PIL import ImageChops, ImageStat  # noqa: PLC0415 - heavy

    difference = ImageStat.Stat(ImageChops.difference(one, two.resize(one.size)))
    return 1 - sum(difference.mean) / len(difference.mean) / 255


def _ssim(one: Image, two: Image) -> float:
    from PIL import ImageMath  # noqa: PLC0415 - heavy

    x, y = one.convert("F"), two.resize(one.size).convert("F")
    mean_x, mean_y, square_x, square_y, product = (
        ImageMath.lambda_eval(formula, x=x, y=y).reduce(_WINDOW) for formula in _MOMENTS
    )
    index = ImageMath.lambda_eval(_index, x=mean_x, y=mean_y, xx=square_x, yy=square_y, xy=product)
    return float(index.reduce(index.size).getpixel((0, 0)))


_MOMENTS: tuple[Callable[[dict[str, Any]], Any], ...] = (
    lambda of: of["x"] * 1.0,
    lambda of: of["y"] * 1.0,
    lambda of: of["x"] * of["x"],
    lambda of: of["y"] * of["y"],
    lambda of: of["x"] * of["y"],
)


def _index(of: dict[str, Any]) -> Any:
    """The structural similarity of each window, from its means."""
    product, squares = of["x"] * of["y"], of["x"] * of["x"] + of["y"] * of["y"]
    alike = (product * 2 + _C1) * ((of["xy"] - product) * 2 + _C2)
    return alike / ((squares + _C1) * (of["xx"] + of["yy"] - squares + _C2))


_METHODS: dict[str, Callable[[Image, Image], float]] = {
    "ssim": _ssim,
    "histogram": _histogram,
    "pixel": _pixel,
}
