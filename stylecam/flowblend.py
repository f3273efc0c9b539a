"""The second half of steadiness: the painting shown last, carried along the motion of the scene and blended in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from stylecam.opencv import cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stylecam.frame import Image

__all__ = ["LastPainting", "as_floats", "as_picture", "mean_of_channels"]

_Floats: TypeAlias = "NDArray[np.float32]"

_FLOW_PIXELS: Final = 45_000
"""Motion is sought in a picture of about so many pixels; twice as many took a tenth off the error, for 2 ms more."""
_MOTION: Final = 1.5
"""Levels of difference below which, everywhere, nothing moves and no motion is sought."""
_LEAST_FLOW_SIDE: Final = 32
"""DIS's patch of 8 at its finest level, a quarter of the size. Below, it takes its levels from the width alone, and
ends the process on wide, low pictures (300×31 with OpenCV 5.0.0); there no motion is sought."""
_SAME_SCENE: Final = 10.0
"""Levels by which a picture may differ from the last one carried here until trust in that falls to 1/e."""
_SAME_PAINTING: Final = 50.0
"""The same for the painting: the last resort against ghosts, far above what flickers."""
_CUT: Final = (15.0, 0.55)
"""A cut: more than this share of the picture differs by more than these levels, even carried along the motion.

It did between 299 of 300 pairs of photographs; in clips, and in pans up to 30 pixels a frame, the share was 0.35 or
less."""


class LastPainting:
    """The painting shown last, carried along the motion of the scene.

    The share of the old painting falls as exp(−d²) with the difference d between the picture and the last one carried
    here (W.-S. Lai et al., Learning Blind Video Temporal Consistency, ECCV 2018), to none where motion forth and back
    do not agree (N. Sundaram et al., Dense Point Trajectories, ECCV 2010).
    """

    def __init__(self, image: Image, painting: Image, look: object, epoch: object) -> None:
        height, width, _ = image.shape
        self._look, self._epoch = look, epoch
        self._size = (width, height)
        divisor = max(1, round(math.sqrt(width * height / _FLOW_PIXELS)))  # a whole number, for a fast mean
        self._small_size = (max(1, width // divisor), max(1, height // divisor))
        self._scale = np.array([width / self._small_size[0], height / self._small_size[1]], np.float32)
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._grid, self._small_grid = _coordinates(self._size), _coordinates(self._small_size)
        self._begin(image, painting)

    def fits(self, image: Image, look: object, epoch: object) -> bool:
        """Whether the next painting may follow this one at all."""
        same_look = look is self._look or look == self._look
        return same_look and self._painting.shape == image.shape and self._epoch is epoch

    def _begin(self, image: Image, painting: Image) -> None:
        self._small = self._shrunk(image)
        self._painting = painting.astype(np.float32)  # rounded to 8 bits, it would stop short of the new painting

    def follow(self, image: Image, painting: Image, history: float) -> Image:
        """The next painting, with this one blended in by no more than the share `history`."""
        small = self._shrunk(image)
        difference = _difference(small, self._small)
        flow, trust = None, np.ones_like(difference)
        if difference.max() > _MOTION and min(self._small_size) >= _LEAST_FLOW_SIDE:
            flow, difference, trust = self._motion(small, difference)
        if (difference > _CUT[0]).mean() > _CUT[1]:
            self._begin(image, painting)
            return painting
        if flow is not None:
            self._carry(flow)
        share = history * trust * np.exp(-((difference / _SAME_SCENE) ** 2))
        share = as_floats(cv2.resize(cv2.erode(share, np.ones((3, 3), np.uint8)), self._size))
        apart = cv2.absdiff(painting, cv2.convertScaleAbs(self._painting))
        share *= as_floats(cv2.LUT(cv2.cvtColor(apart, cv2.COLOR_RGB2GRAY), _PAINTING_TRUST))
        self._painting = as_floats(cv2.blendLinear(painting.astype(np.float32), self._painting, 1 - share, share))
        self._small = small
        return as_picture(cv2.convertScaleAbs(self._painting))

    def _motion(self, small: Image, unmoved: _Floats) -> tuple[_Floats, _Floats, _Floats]:
        """Where in the last small picture each pixel was: flow (h×w×2, small pixels), difference and trust (h×w).

        `unmoved` is the difference without motion. Where it is as good, nothing moved: there the painting must neither
        be dragged along by a neighbour nor lose sharpness in being carried.
        """
        gray, last_gray = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (small, self._small))
        flow = as_floats(self._flow.calc(gray, last_gray, _NONE))
        back = as_floats(self._flow.calc(last_gray, gray, _NONE))
        at = self._small_grid + flow
        difference = _difference(small, _sampled(self._small, at))
        still = cv2.medianBlur((unmoved <= difference + 0.25).astype(np.uint8), 5).astype(bool)
        error = _squared_length(flow + _sampled(back, at))
        trust = np.clip(2 - error / (0.01 * (_squared_length(flow) + _squared_length(back)) + 0.5), 0, 1)
        width, height = self._small_size
        trust[cv2.inRange(at, (-0.5, -0.5), (width - 0.5, height - 0.5)) == 0] = 0
        flow[still], trust[still] = 0, 1
        return flow, np.where(still, unmoved, difference), trust

    def _carry(self, flow: _Floats) -> None:
        """Move the painting along the flow, where there is any."""
        left, top, width, height = cv2.boundingRect(~as_picture(cv2.inRange(flow, (0, 0), (0, 0))))
        if not width:
            return
        (kx, ky), (full_width, full_height) = self._scale, self._size
        x = slice(max(0, int((left - 1) * kx)), min(full_width, math.ceil((left + width + 1) * kx)))
        y = slice(max(0, int((top - 1) * ky)), min(full_height, math.ceil((top + height + 1) * ky)))
        flow = as_floats(cv2.resize(flow * self._scale, self._size, interpolation=cv2.INTER_LINEAR))
        # Bicubic for its sharpness: the same detail is carried many times.
        carried = cv2.remap(
            self._painting, self._grid[y, x] + flow[y, x], _NONE, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        np.clip(carried, 0, 255, out=self._painting[y, x])

    def _shrunk(self, image: Image) -> Image:
        return as_picture(cv2.resize(image, self._small_size, interpolation=cv2.INTER_AREA))


_PAINTING_TRUST: Final[_Floats] = np.exp(-((np.arange(256) / _SAME_PAINTING) ** 2)).astype(np.float32)


def _difference(a: Image, b: Image) -> _Floats:
    """Mean absolute difference about each pixel, in levels."""
    return as_floats(cv2.blur(mean_of_channels(cv2.absdiff(a, b).astype(np.float32)), (3, 3)))


def mean_of_channels(image: _Floats) -> _Floats:
    """H×W×3 to H×W."""
    return as_floats(cv2.transform(image, np.full((1, 3), 1 / 3, np.float32)))


def _squared_length(vectors: _Floats) -> _Floats:
    return as_floats(cv2.transform(vectors * vectors, np.ones((1, 2), np.float32)))


def _coordinates(size: tuple[int, int]) -> _Floats:
    """H×W×2: each pixel's own x and y."""
    width, height = size
    return np.dstack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)))


def _sampled(picture: NDArray[Any], at: _Floats) -> Any:
    """`picture` at the coordinates `at`, bilinear."""
    return cv2.remap(picture, at, _NONE, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


# OpenCV's stubs know neither what type comes out nor that arrays may be left out.
_NONE: Final[Any] = None


def as_floats(array: Any) -> _Floats:
    """What OpenCV gave, by the type that it has."""
    result: _Floats = array
    return result


def as_picture(array: Any) -> Image:
    """What OpenCV gave, by the type that it has."""
    result: Image = array
    return result
