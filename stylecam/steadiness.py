"""Steadiness: the painting of a still scene stands still, and that of a moving one moves with it.

Two halves about the network. `before` holds what only sensor noise changes; a network repeats such noise up to
threefold, so that alone takes most of the flicker away. `after` carries the last painting along the motion and blends
it in.

Invariant: nothing outlives its cause. A held pixel is replaced at once where the scene changes and slowly everywhere
else, an old painting counts only where the scene it was made from is still there, and both begin anew at a cut or
another size, the paintings also at another look.

OpenCV's thread pool is left as it is: with one thread or two, what is done here took the same time, and
`cv2.setNumThreads` would hold for the whole process.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stylecam.frame import Image

__all__ = ["DEFAULT_STEADINESS", "Steadiness"]

DEFAULT_STEADINESS: Final = 50

_Floats: TypeAlias = "NDArray[np.float32]"

_BLOCK: Final = 4
"""Side of the blocks, in pixels, in which change is told from noise: over their 48 values noise averages out."""
_TOO_MUCH_FOR_NOISE: Final = 8.0
"""Mean change, in levels, that no usable sensor's noise reaches (σ of about 7); then everything moves."""
_NOISE_EVERY: Final = 4
"""Frames between two looks at the noise, which changes slowly and costs half a millisecond to look at."""
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


class Steadiness:
    """Keeps what goes into a network, and what comes out, steady in time.

        calm = steadiness.before(image)
        shown = steadiness.after(calm, stylizer(calm), look=style)

    Frame after frame in one thread; `amount` and `reset` may be used from any other meanwhile. No array that comes in
    or goes out is written to here, nor may it be by others until the next frame is through.
    """

    def __init__(self, amount: int = DEFAULT_STEADINESS) -> None:
        self.amount = amount
        self._epoch = object()
        self._source: _HeldSource | None = None
        self._painting: _LastPainting | None = None

    @property
    def amount(self) -> int:
        """0 (both halves return the very array they are given) to 100 (as steady as can be, at the cost of detail)."""
        return self._tuning.amount

    @amount.setter
    def amount(self, amount: int) -> None:
        if not 0 <= amount <= 100:
            raise ValueError(f"expected 0 to 100, got {amount = }")
        self._tuning = _Tuning.of(int(amount))

    def reset(self) -> None:
        """Begin anew with the next frame, as after a cut."""
        self._epoch = object()  # compared by the frame's own thread, so that nothing is changed under its feet

    def before(self, image: Image) -> Image:
        """The picture for the network, H×W×3 uint8: `image` with its noise averaged over time where nothing moves."""
        tuning, epoch = self._tuning, self._epoch
        if tuning.amount == 0:
            self._source = None
            return image
        if self._source is None or not self._source.fits(image, epoch):
            self._source = _HeldSource(image, epoch)
            return image
        return self._source.follow(image, tuning)

    def after(self, image: Image, painting: Image, *, look: object = None) -> Image:
        """The painting to show, H×W×3 uint8: `painting` with the one before blended in where the scene goes on.

        Args:
            image: what `before` returned.
            painting: what the network made of it, of the same size.
            look: stands for style and settings: once it is another (neither identical nor equal), the paintings
                before do not count any more.
        """
        tuning, epoch = self._tuning, self._epoch
        if tuning.amount == 0:
            self._painting = None
            return painting
        if painting.shape != image.shape:
            raise ValueError(f"expected pictures of one size, got {image.shape = }, {painting.shape = }")
        if self._painting is None or not self._painting.fits(image, look, epoch):
            self._painting = _LastPainting(image, painting, look, epoch)
            return painting
        return self._painting.follow(image, painting, tuning)


@dataclass(frozen=True, slots=True)
class _Tuning:
    """What an amount of steadiness means."""

    amount: int
    refresh: float
    """The least share of the new picture in the held one: what is held too long is gone after a few times 1/this."""
    floor: float
    """Mean change of a block, in levels, that counts as none, be there noise or not."""
    over_noise: float
    """So many times the noise counts as none, too."""
    history: float
    """The greatest share of the last painting in the new one. Never near 1, where errors would pile up."""

    @classmethod
    def of(cls, amount: int) -> _Tuning:
        s = amount / 100
        return cls(
            amount,
            refresh=1 / (1 + 30 * s),
            floor=0.5 + 0.5 * s,
            over_noise=1.5 + 0.4 * s,
            history=0.85 * math.sqrt(s),
        )


class _HeldSource:
    """The source as it was before noise: each pixel the mean of the last frames in which its block did not change.

    The share of the new frame runs through 1, 1/2, 1/3 … down to `_Tuning.refresh` (the mean so far, then a fading
    one) and back to 1 with a change. It is a soft mask, so that no block's border is seen.
    """

    def __init__(self, image: Image, epoch: object) -> None:
        height, width, _ = image.shape
        self._epoch = epoch
        self._size = (width, height)
        self._grid = (max(1, width // _BLOCK), max(1, height // _BLOCK))
        self._held = image.astype(np.float32)  # in 8 bits, a small share of a small difference would round to nothing
        self._shown = image
        self._blocks = self._averaged(image)
        self._share = np.ones(self._grid[::-1], np.float32)
        self._noise = 0.0
        self._frames = 0

    def fits(self, image: Image, epoch: object) -> bool:
        return self._shown.shape == image.shape and self._epoch is epoch

    def follow(self, image: Image, tuning: _Tuning) -> Image:
        blocks = self._averaged(image)
        self._follow_exposure(blocks)
        change = _mean_of_channels(self._averaged(_picture(cv2.absdiff(image, self._shown))))
        if self._frames % _NOISE_EVERY == 0:
            self._noise = self._estimate_noise(change, image)
        self._frames += 1
        unmoved = tuning.floor + tuning.over_noise * self._noise
        moved = np.clip(cv2.dilate(change, np.ones((3, 3), np.uint8)) / unmoved - 1, 0, 1)
        # Where much moves about a block, a camera is panning or a large thing moving: what little contrast the block
        # has moves with it, and would smear.
        side = max(3, self._grid[1] // 3) | 1
        about = cv2.blur(moved, (side, side))
        moved = np.maximum(moved, np.clip((about - 0.07) * 3.5, 0, 1))
        self._share = np.maximum(np.maximum(self._share / (1 + self._share), tuning.refresh), moved)
        share = _floats(cv2.resize(self._share, self._size, interpolation=cv2.INTER_LINEAR))
        cv2.blendLinear(image.astype(np.float32), self._held, share, 1 - share, self._held)
        self._blocks += (blocks - self._blocks) * self._share[..., None]
        self._shown = _picture(cv2.convertScaleAbs(self._held))
        return self._shown

    def _follow_exposure(self, blocks: _Floats) -> None:
        """Brighten or darken what is held as the camera does; else a slow drift would show as steps.

        A camera's gain is a factor, in gamma-coded values, too. It is fitted per channel to the blocks that differ by
        little, and followed by half a frame after frame, which also takes the edge off a lamp's flicker.
        """
        last = self._blocks
        near = _mean_of_channels(_floats(cv2.absdiff(blocks, last))) < 0.03 * _mean_of_channels(last) + 2
        if np.count_nonzero(near) < near.size // 4:
            return
        mask = near.view(np.uint8)
        new, old = cv2.mean(blocks * last, mask)[:3], cv2.mean(last * last, mask)[:3]
        gain = [(1 + min(max(n / o, 0.9), 1.1)) / 2 if o > 1 else 1.0 for n, o in zip(new, old, strict=True)]
        if max(abs(g - 1) for g in gain) > 0.0005:  # at most a quarter of a level behind
            self._held = _floats(cv2.multiply(self._held, _any((*gain, 1.0))))
            self._blocks = last * np.array(gain, np.float32)
            self._shown = _picture(cv2.convertScaleAbs(self._held))

    def _estimate_noise(self, change: _Floats, image: Image) -> float:
        """Mean change of a block, in levels, that noise makes.

        Noise is everywhere and fine-grained: it is the change in the quieter quarter of the picture, and no more than
        the fine grain in the smoothest tenth allows, so that slow motion is not taken for noise. It may fall at once
        and rises slowly. Black bars and clipped whites have none of it and do not count.
        """
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        grain = self._averaged(_picture(cv2.absdiff(gray, cv2.blur(gray, (3, 3)))))
        noise = min(_quantile(change, 0.25), 2 * _quantile(grain, 0.1))
        if noise > _TOO_MUCH_FOR_NOISE:
            return self._noise
        return noise if self._frames == 0 else min(noise, self._noise * 1.15 + 0.1)

    def _averaged(self, image: Image) -> _Floats:
        """The mean of each block, H/4×W/4(×3) float32."""
        width, height = self._size
        half = (max(1, width // 2), max(1, height // 2))  # in two steps, of which OpenCV has the first in vector code
        halved = cv2.resize(image, half, interpolation=cv2.INTER_AREA).astype(np.float32)
        return _floats(cv2.resize(halved, self._grid, interpolation=cv2.INTER_AREA))


class _LastPainting:
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
        same_look = look is self._look or look == self._look
        return same_look and self._painting.shape == image.shape and self._epoch is epoch

    def _begin(self, image: Image, painting: Image) -> None:
        self._small = self._shrunk(image)
        self._painting = painting.astype(np.float32)  # rounded to 8 bits, it would stop short of the new painting

    def follow(self, image: Image, painting: Image, tuning: _Tuning) -> Image:
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
        share = tuning.history * trust * np.exp(-((difference / _SAME_SCENE) ** 2))
        share = _floats(cv2.resize(cv2.erode(share, np.ones((3, 3), np.uint8)), self._size))
        apart = cv2.absdiff(painting, cv2.convertScaleAbs(self._painting))
        share *= _floats(cv2.LUT(cv2.cvtColor(apart, cv2.COLOR_RGB2GRAY), _PAINTING_TRUST))
        self._painting = _floats(cv2.blendLinear(painting.astype(np.float32), self._painting, 1 - share, share))
        self._small = small
        return _picture(cv2.convertScaleAbs(self._painting))

    def _motion(self, small: Image, unmoved: _Floats) -> tuple[_Floats, _Floats, _Floats]:
        """Where in the last small picture each pixel was: flow (h×w×2, small pixels), difference and trust (h×w).

        `unmoved` is the difference without motion. Where it is as good, nothing moved: there the painting must neither
        be dragged along by a neighbour nor lose sharpness in being carried.
        """
        gray, last_gray = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (small, self._small))
        flow = _floats(self._flow.calc(gray, last_gray, _NONE))
        back = _floats(self._flow.calc(last_gray, gray, _NONE))
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
        left, top, width, height = cv2.boundingRect(~_picture(cv2.inRange(flow, (0, 0), (0, 0))))
        if not width:
            return
        (kx, ky), (full_width, full_height) = self._scale, self._size
        x = slice(max(0, int((left - 1) * kx)), min(full_width, math.ceil((left + width + 1) * kx)))
        y = slice(max(0, int((top - 1) * ky)), min(full_height, math.ceil((top + height + 1) * ky)))
        flow = _floats(cv2.resize(flow * self._scale, self._size, interpolation=cv2.INTER_LINEAR))
        # Bicubic for its sharpness: the same detail is carried many times.
        carried = cv2.remap(
            self._painting, self._grid[y, x] + flow[y, x], _NONE, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        np.clip(carried, 0, 255, out=self._painting[y, x])

    def _shrunk(self, image: Image) -> Image:
        return _picture(cv2.resize(image, self._small_size, interpolation=cv2.INTER_AREA))


_PAINTING_TRUST: Final[_Floats] = np.exp(-((np.arange(256) / _SAME_PAINTING) ** 2)).astype(np.float32)


def _difference(a: Image, b: Image) -> _Floats:
    """Mean absolute difference about each pixel, in levels."""
    return _floats(cv2.blur(_mean_of_channels(cv2.absdiff(a, b).astype(np.float32)), (3, 3)))


def _mean_of_channels(image: _Floats) -> _Floats:
    return _floats(cv2.transform(image, np.full((1, 3), 1 / 3, np.float32)))


def _squared_length(vectors: _Floats) -> _Floats:
    return _floats(cv2.transform(vectors * vectors, np.ones((1, 2), np.float32)))


def _quantile(values: _Floats, share: float) -> float:
    """Of the values that are not 0. Every fourth block is enough, and saves half a millisecond."""
    some = values[::2, ::2]
    some = some[some > 0.02]
    if not some.size:
        return 0.0
    index = int(share * (some.size - 1))
    return float(np.partition(some, index)[index])


def _coordinates(size: tuple[int, int]) -> _Floats:
    """H×W×2: each pixel's own x and y."""
    width, height = size
    return np.dstack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)))


def _sampled(picture: NDArray[Any], at: _Floats) -> Any:
    """`picture` at the coordinates `at`, bilinear."""
    return cv2.remap(picture, at, _NONE, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


# OpenCV's stubs know neither what type comes out nor that arrays may be left out.
_NONE: Final[Any] = None


def _any(value: object) -> Any:
    return value


def _floats(array: Any) -> _Floats:
    result: _Floats = array
    return result


def _picture(array: Any) -> Image:
    result: Image = array
    return result
