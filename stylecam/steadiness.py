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
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from stylecam.flowblend import LastPainting, as_floats, as_picture, mean_of_channels
from stylecam.opencv import cv2

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
        self._painting: LastPainting | None = None

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
            self._painting = LastPainting(image, painting, look, epoch)
            return painting
        return self._painting.follow(image, painting, tuning.history)


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
        change = mean_of_channels(self._averaged(as_picture(cv2.absdiff(image, self._shown))))
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
        share = as_floats(cv2.resize(self._share, self._size, interpolation=cv2.INTER_LINEAR))
        cv2.blendLinear(image.astype(np.float32), self._held, share, 1 - share, self._held)
        self._blocks += (blocks - self._blocks) * self._share[..., None]
        self._shown = as_picture(cv2.convertScaleAbs(self._held))
        return self._shown

    def _follow_exposure(self, blocks: _Floats) -> None:
        """Brighten or darken what is held as the camera does; else a slow drift would show as steps.

        A camera's gain is a factor, in gamma-coded values, too. It is fitted per channel to the blocks that differ by
        little, and followed by half a frame after frame, which also takes the edge off a lamp's flicker.
        """
        last = self._blocks
        near = mean_of_channels(as_floats(cv2.absdiff(blocks, last))) < 0.03 * mean_of_channels(last) + 2
        if np.count_nonzero(near) < near.size // 4:
            return
        mask = near.view(np.uint8)
        new, old = cv2.mean(blocks * last, mask)[:3], cv2.mean(last * last, mask)[:3]
        gain = [(1 + min(max(n / o, 0.9), 1.1)) / 2 if o > 1 else 1.0 for n, o in zip(new, old, strict=True)]
        if max(abs(g - 1) for g in gain) > 0.0005:  # at most a quarter of a level behind
            self._held = as_floats(cv2.multiply(self._held, np.array((*gain, 1.0))))
            self._blocks = last * np.array(gain, np.float32)
            self._shown = as_picture(cv2.convertScaleAbs(self._held))

    def _estimate_noise(self, change: _Floats, image: Image) -> float:
        """Mean change of a block, in levels, that noise makes.

        Noise is everywhere and fine-grained: it is the change in the quieter quarter of the picture, and no more than
        the fine grain in the smoothest tenth allows, so that slow motion is not taken for noise. It may fall at once
        and rises slowly. Black bars and clipped whites have none of it and do not count.
        """
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        grain = self._averaged(as_picture(cv2.absdiff(gray, cv2.blur(gray, (3, 3)))))
        noise = min(_quantile(change, 0.25), 2 * _quantile(grain, 0.1))
        if noise > _TOO_MUCH_FOR_NOISE:
            return self._noise
        return noise if self._frames == 0 else min(noise, self._noise * 1.15 + 0.1)

    def _averaged(self, image: Image) -> _Floats:
        """The mean of each block, H/4×W/4(×3) float32."""
        width, height = self._size
        half = (max(1, width // 2), max(1, height // 2))  # in two steps, of which OpenCV has the first in vector code
        halved = cv2.resize(image, half, interpolation=cv2.INTER_AREA).astype(np.float32)
        return as_floats(cv2.resize(halved, self._grid, interpolation=cv2.INTER_AREA))


def _quantile(values: _Floats, share: float) -> float:
    """Of the values that are not 0. Every fourth block is enough, and saves half a millisecond."""
    some = values[::2, ::2]
    some = some[some > 0.02]
    if not some.size:
        return 0.0
    index = int(share * (some.size - 1))
    return float(np.partition(some, index)[index])
