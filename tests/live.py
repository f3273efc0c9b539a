"""A live source and a painter that tests command, for the pipeline and the window."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from stylecam.frame import Frame, Image, Latest
from stylecam.stylizer import Painted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stylecam.livesource import SourceStatus


def grey(value: int, width: int = 64, height: int = 48) -> Image:
    return np.full((height, width, 3), value, np.uint8)


class HandFedSource:
    """Gives what `feed` was called with, when it was."""

    name = "Hand-fed"

    def __init__(self) -> None:
        self.on_status: Callable[[SourceStatus], None] | None = None
        self._frames: Latest[Frame] = Latest()
        self._taken = threading.Semaphore(0)
        self._index = 0
        self._first_at: float | None = None
        self.error: Exception | None = None

    def feed(self, image: Image, *, at: float | None = None) -> Frame:
        """Give one frame, and wait until the pipeline has it."""
        captured_at = time.monotonic() if at is None else at
        self._first_at = captured_at if self._first_at is None else self._first_at
        frame = Frame(image, captured_at - self._first_at, self._index, captured_at)
        self._index += 1
        self._frames.put(frame)
        assert self._taken.acquire(timeout=20)
        return frame

    def fail(self, error: Exception) -> None:
        self.error = error
        self._frames.close()

    def __iter__(self) -> Iterator[Frame]:
        while not self._frames.closed:
            frame = self._frames.take(timeout=0.05)
            if frame is not None:
                self._taken.release()
                yield frame
        if self.error:
            raise self.error

    def close(self) -> None:
        self._frames.close()


class FlatPainter:
    """Paints every picture in one colour, and says which; can be told to fail or to wait."""

    def __init__(self, value: int, *, name: str = "") -> None:
        self.value = value
        self.name = name or f"flat {value}"
        self.error: Exception | None = None
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.sources: list[Image] = []

    def paint(self, image: Image) -> Painted:
        assert self.may_go_on.wait(20)
        if self.error:
            raise self.error
        self.sources.append(image)
        return Painted(np.full_like(image, self.value), self.name, self)


def wait_until(condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Wait for what happens in other threads; generous, because a busy machine is no fault."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)
