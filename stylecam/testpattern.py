"""TestPattern: a moving picture that needs no camera: hills, a sun, birds. The same for the same index everywhere."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

import numpy as np

from stylecam.frame import Frame, Image
from stylecam.livesource import SourceState, SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

__all__ = ["TestPattern"]

_RATE: Final = 30
_HILLS: Final = (
    # colour at the ridge, colour at the foot, height of the ridge, pixels a frame, roughness
    ((126, 132, 168), (150, 150, 178), 0.55, 0.4, 0.8),
    ((88, 118, 128), (110, 140, 130), 0.66, 0.9, 1.0),
    ((60, 104, 72), (96, 140, 70), 0.78, 2.0, 1.1),
    ((46, 66, 40), (120, 96, 44), 0.90, 4.0, 0.8),
)


class TestPattern:
    """A live source at 30 frames a second, 640×480 unless told otherwise."""

    __test__ = False  # for pytest, which takes the name for a test
    name = "Test pattern"
    duration = None

    def __init__(
        self,
        size: tuple[int, int] = (640, 480),
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.on_status: Callable[[SourceStatus], None] | None = None
        self._size = size
        self._clock = clock
        self._closed = threading.Event()
        self._sleep = sleep or self._closed.wait
        self._scene = _Scene(size)

    def __iter__(self) -> Iterator[Frame]:
        first: float | None = None
        due = self._clock()
        index = 0
        self._tell(SourceState.running)
        while not self._closed.is_set():
            wait = due - self._clock()
            if wait > 0:
                self._sleep(wait)
                continue
            # What is overdue is left out; the beat stays.
            late = max(0, int(-wait * _RATE))
            index += late
            due += (late + 1) / _RATE
            now = self._clock()
            first = now if first is None else first
            yield Frame(self._scene.at(index), now - first, index, now)
            index += 1
        self._tell(SourceState.ended)

    def close(self) -> None:
        self._closed.set()

    def _tell(self, state: SourceState) -> None:
        if self.on_status:
            self.on_status(SourceStatus(state, self.name))


class _Scene:
    """Layers drawn once, twice as wide as the picture, and shifted by different amounts: 1 to 2 ms a frame."""

    def __init__(self, size: tuple[int, int]) -> None:
        width, height = size
        self._size = size
        rng = np.random.default_rng(7)
        self._sky = _sky(width, height)
        self._layers: list[tuple[Image, NDArray[np.bool_], int, float]] = []
        """Colours, what of their upper rows is hill, first row, pixels a frame."""
        for ridge, foot, level, speed, rough in _HILLS:
            outline = _outline(2 * width, rng) * rough * height * 0.09 + level * height
            top = max(0, int(outline.min()))
            rows = np.arange(top, height)[:, None]
            mask = (rows >= outline[None, :])[: int(outline.max()) + 1 - top]
            share = np.clip((rows - outline[None, :]) / (height * 0.35), 0, 1)[..., None]
            grain = rng.normal(0, 5, (height - top, 2 * width, 1))
            colour = np.asarray(ridge) * (1 - share) + np.asarray(foot) * share + grain
            solid = np.repeat(mask[..., None], 3, axis=2)
            self._layers.append((np.clip(colour, 0, 255).astype(np.uint8), solid, top, speed))

    def at(self, index: int) -> Image:
        width, height = self._size
        image = np.empty_like(self._sky)
        _, ragged_hills, highest, _ = self._layers[0]
        horizon = highest + len(ragged_hills)
        image[:horizon] = self._sky[:horizon]  # below it nothing of the sky is left
        self._draw_sun(image, index)
        self._draw_birds(image, index)
        for colour, mask, top, speed in self._layers:
            left = int(index * speed) % width
            part = slice(left, left + width)
            ragged = len(mask)
            np.copyto(image[top : top + ragged], colour[:ragged, part], where=mask[:, part])
            image[top + ragged :] = colour[ragged:, part]
        # A bar that runs through once in four seconds: whether a picture is stale is seen at once.
        at = int(width * (index % (4 * _RATE)) / (4 * _RATE))
        image[height - max(4, height // 80) :, :at] = (233, 162, 59)
        return image

    def _draw_sun(self, image: Image, index: int) -> None:
        width, height = self._size
        angle = index / 220
        x, y = width * (0.5 + 0.36 * np.sin(angle)), height * (0.30 - 0.10 * np.cos(2 * angle))
        for radius, colour in ((0.115, (250, 205, 120)), (0.085, (255, 236, 170))):
            _disc(image, x, y, radius * height, colour)

    def _draw_birds(self, image: Image, index: int) -> None:
        width, height = self._size
        bird = np.arange(5)[:, None]
        step = np.linspace(-1, 1, 15)
        x = (width * 0.2 * bird + index * (2.2 + 0.3 * bird)) % (width * 1.2) - width * 0.1 + step * height * 0.03
        beat = np.sin(index / 4 + 2 * bird) * height * 0.012
        y = height * (0.16 + 0.05 * bird + 0.03 * np.sin(index / 25 + bird))
        wings = step * step * 4 - abs(step) * beat
        _dots(image, x.ravel(), (y + wings).ravel(), height * 0.005, (40, 40, 56))


def _sky(width: int, height: int) -> Image:
    share = np.linspace(0, 1, height)[:, None, None]
    top, bottom = np.asarray((64, 116, 196)), np.asarray((246, 206, 170))
    return np.broadcast_to(top * (1 - share) + bottom * share, (height, width, 3)).astype(np.uint8, order="C")


def _outline(width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A ridge between about −2 and 2 that repeats after half the width, so that a layer can be shifted for ever."""
    x = np.arange(width) * 4 * np.pi / width
    waves = [rng.uniform(0.4, 1) / n**0.8 * np.sin(n * x + rng.uniform(0, 6.3)) for n in (1, 2, 3, 5, 8, 13, 21)]
    ridge: NDArray[np.float64] = np.sum(waves, axis=0)
    return ridge


def _disc(image: Image, x: float, y: float, radius: float, colour: tuple[int, int, int]) -> None:
    height, width = image.shape[:2]
    top, bottom = max(0, int(y - radius)), min(height, int(y + radius) + 2)
    left, right = max(0, int(x - radius)), min(width, int(x + radius) + 2)
    if top >= bottom or left >= right:
        return
    rows, columns = np.ogrid[top:bottom, left:right]
    image[top:bottom, left:right][(rows - y) ** 2 + (columns - x) ** 2 <= radius**2] = colour


def _dots(
    image: Image, x: NDArray[np.float64], y: NDArray[np.float64], radius: float, colour: tuple[int, int, int]
) -> None:
    """Many small discs at once."""
    height, width = image.shape[:2]
    near = np.arange(-int(radius) - 1, int(radius) + 3)
    rows = (np.floor(y).astype(int)[:, None] + near)[:, :, None]
    columns = (np.floor(x).astype(int)[:, None] + near)[:, None, :]
    inside = (rows - y[:, None, None]) ** 2 + (columns - x[:, None, None]) ** 2 <= radius**2
    inside &= (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    dot, row, column = np.nonzero(inside)
    image[rows[dot, row, 0], columns[dot, 0, column]] = colour
