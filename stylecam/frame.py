"""Frame: one picture and its time, the only thing that travels between sources, stylizer and sinks.

Latest: the box that live frames travel in, where the newest wins.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Frame", "Image", "Latest"]

_T = TypeVar("_T")

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
    captured_at: float | None = None
    """When a live source got it, in seconds of `time.monotonic`; None where the frame waited in a file."""

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


class Latest(Generic[_T]):
    """A box for one item between two threads. A new item replaces one that nobody took, and that is counted.

    So a slow reader always gets the newest, never a queue of old ones.
    """

    def __init__(self, *, on_fill: Callable[[], None] | None = None) -> None:
        """Make an empty box.

        Args:
            on_fill: called in the writer's thread when an item enters an empty box: one wake-up, however many items
                follow before the reader comes.
        """
        self._on_fill = on_fill
        self._changed = threading.Condition()
        self._item: _T | None = None
        self._closed = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many items were replaced before anyone took them."""
        return self._dropped

    @property
    def closed(self) -> bool:
        return self._closed

    def put(self, item: _T) -> None:
        """Leave an item; after `close` nothing is taken any more, so it is let go."""
        with self._changed:
            if self._closed:
                return
            was_empty = self._item is None
            self._dropped += not was_empty
            self._item = item
            self._changed.notify()
        if was_empty and self._on_fill:
            self._on_fill()

    def take(self, timeout: float | None = 0.0) -> _T | None:
        """The item, out of the box; None if none comes within `timeout` seconds (None: for ever) or it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed, timeout)
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """Let every waiting reader go; what lies in the box is dropped."""
        with self._changed:
            self._closed = True
            self._item = None
            self._changed.notify_all()
