"""Frame: one picture and its time, the only thing that travels between sources, stylizer and sinks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frame", "Image"]

Image: TypeAlias = NDArray[np.uint8]
"""H×W×3 uint8, RGB, 0–255, C-contiguous."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a source and the moment it belongs to.

    The image is made read-only: a frame may be on its way to several readers at once.
    """

    image: Image
    """H×W×3 uint8 RGB, C-contiguous, read-only."""
    pts: float
    """Seconds from the source's first frame."""
    index: int
    """0 for the source's first frame."""

    def __post_init__(self) -> None:
        image = self.image
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(f"expected H×W×3 uint8, got {image.shape = }, {image.dtype = }")
        if not image.flags.c_contiguous:
            raise ValueError(f"expected a C-contiguous image, got {image.strides = }")
        image.flags.writeable = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.shape[1], self.image.shape[0]

    def with_image(self, image: Image) -> Frame:
        """The same moment with another picture."""
        return replace(self, image=image)

    def __repr__(self) -> str:
        width, height = self.size
        return f"Frame({width}x{height}, pts={self.pts:.3f}, index={self.index})"
