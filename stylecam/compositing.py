"""What is done with the picture before and after the network: fit it to the working size, keep colours, blend.

Everything takes and returns H×W×3 uint8 pictures. Imports torch, whose resampling and blending use every core.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from stylecam.frame import Image

__all__ = ["blend", "fit_within", "keep_source_colors", "letterbox", "resize"]

# ITU-R BT.709 (https://www.itu.int/rec/R-REC-BT.709), item 3.2.
_LUMA: Final = (0.2126, 0.7152, 0.0722)


def fit_within(size: tuple[int, int], limit: tuple[int, int], *, least: int) -> tuple[int, int]:
    """The largest (width, height) of the same aspect inside `limit`; never larger than `size`.

    No side comes out below `least`, even where the aspect then suffers, as long as `size` has it.
    """
    width, height = size
    scale = min(1.0, limit[0] / width, limit[1] / height)
    return max(round(width * scale), min(least, width)), max(round(height * scale), min(least, height))


def resize(image: Image, size: tuple[int, int]) -> Image:
    """The picture at (width, height): averaged over the area when it shrinks, bicubic when it grows."""
    width, height = size
    if image.shape[:2] == (height, width):
        return image
    mode = "bilinear" if width <= image.shape[1] and height <= image.shape[0] else "bicubic"
    x = _tensor(image).permute(2, 0, 1)[None]
    y = F.interpolate(x, size=(height, width), mode=mode, antialias=True)
    resized: Image = y[0].permute(1, 2, 0).contiguous().numpy()
    return resized


def letterbox(image: Image, size: tuple[int, int]) -> Image:
    """The whole picture in the middle of (width, height), grown or shrunk to fit, black around it."""
    width, height = size
    scale = min(width / image.shape[1], height / image.shape[0])
    inner = resize(image, (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))))
    result = np.zeros((height, width, 3), np.uint8)
    top, left = (height - inner.shape[0]) // 2, (width - inner.shape[1]) // 2
    result[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return result


def keep_source_colors(source: Image, painting: Image) -> Image:
    """Luminance from the painting, chroma from the source.

    Chroma is the differences B − Y and R − Y, as in YCbCr. To leave them and replace Y is to add the same to R, G and
    B: the painting's luma less the source's.
    """
    before, after = _tensor(source).float(), _tensor(painting).float()
    luma = torch.tensor(_LUMA)
    return _image(before.add_((after - before) @ luma[:, None]))


def blend(source: Image, painting: Image, strength: float) -> Image:
    """From the source at 0 to the painting at 1, both exactly."""
    return _image(torch.lerp(_tensor(source).float(), _tensor(painting).float(), strength))


def _tensor(image: Image) -> Tensor:
    """A view of the picture. Frames are read-only, which torch warns of, so those are copied."""
    return torch.from_numpy(image if image.flags.writeable and image.flags.c_contiguous else image.copy())


def _image(picture: Tensor) -> Image:
    result: Image = picture.clamp_(0, 255).round_().to(torch.uint8).numpy()
    return result
