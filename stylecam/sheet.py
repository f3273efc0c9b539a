"""A contact sheet: one picture in every style, side by side, each with its title under it.

The picture is made small before it is painted, so that a sheet of many styles takes seconds even on a CPU.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from stylecam.pictures import resized

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stylecam.frame import Image
    from stylecam.stylefile import Style

__all__ = ["contact_sheet"]

_GAP: Final = 12
_TEXT_SIZE: Final = 18
_TEXT_HEIGHT: Final = 30
_PAPER: Final = (250, 250, 248)
_INK: Final = (30, 30, 30)


def contact_sheet(
    image: Image,
    styles: Sequence[Style],
    *,
    make_stylizer: Callable[[Style], Callable[[Image], Image]],
    cell: int = 384,
    columns: int | None = None,
) -> Image:
    """Paint `image` in each of `styles`, the picture itself first.

    Args:
        image: H×W×3 uint8 RGB.
        styles: in the order in which they are to stand.
        make_stylizer: gives what paints in one style; it is used once and let go before the next is made.
        cell: the longest side of each painting, in pixels.
        columns: paintings in a row; by default as many as make the sheet about 4:3.

    Returns:
        H×W×3 uint8 RGB.
    """
    small = resized(image, longest=cell)
    # Strokes have their width in pixels: painted at the size of a cell, they would look far coarser than in use.
    large = resized(image, longest=2 * cell)
    height, width = small.shape[:2]
    count = len(styles) + 1
    columns = columns or max(1, min(count, math.ceil(math.sqrt(count * 4 / 3 * (height + _TEXT_HEIGHT) / width))))
    rows = math.ceil(count / columns)
    sheet = PIL.Image.new(
        "RGB",
        (columns * (width + _GAP) + _GAP, rows * (height + _TEXT_HEIGHT + _GAP) + _GAP),
        _PAPER,
    )
    draw = PIL.ImageDraw.Draw(sheet)
    font = PIL.ImageFont.load_default(_TEXT_SIZE)

    def place(index: int, painting: Image, title: str) -> None:
        row, column = divmod(index, columns)
        left, top = _GAP + column * (width + _GAP), _GAP + row * (height + _TEXT_HEIGHT + _GAP)
        sheet.paste(PIL.Image.fromarray(painting), (left, top))
        while len(title) > 1 and draw.textlength(title, font) > width:
            title = title.rstrip("…")[:-1] + "…"
        draw.text((left, top + height + 4), title, fill=_INK, font=font)

    place(0, small, "the picture")
    for index, style in enumerate(styles, start=1):
        # Pillow's own font knows little more than ASCII, and would draw boxes; a style's name is always ASCII.
        painting = resized(make_stylizer(style)(large), longest=cell)
        place(index, painting, style.title if style.title.isascii() else style.name)
    return np.array(sheet)
