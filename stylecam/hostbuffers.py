"""Memory that finished pictures lie in, lent to whoever reads them: a picture from a GPU is handed over without a copy.

Invariant: a buffer is written to again only once nothing refers to the picture in it, nor to any part of it.
"""

from __future__ import annotations

import weakref
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from stylecam.frame import Image

__all__ = ["HostBuffers"]

_MOST: Final = 16
"""Buffers of one size, which are locked in memory: enough for what an export or a live picture holds at a time. Whoever
keeps more pictures gets copies, which are not locked."""


class HostBuffers:
    """Flat uint8 buffers, all of one size, made when one is missing and kept."""

    def __init__(self, make: Callable[[], Tensor], *, at_once: int) -> None:
        """`at_once` buffers are made here, so that the first pictures do not wait for that."""
        self._make = make
        self._free = deque(make() for _ in range(at_once))
        self._made = at_once

    def take(self) -> Tensor:
        """One that nobody reads. Give it to `lend` once it is filled."""
        if self._free:
            return self._free.popleft()
        self._made += 1
        return self._make()

    def lend(self, buffer: Tensor, start: int, shape: tuple[int, int, int]) -> Image:
        """The picture that lies in a filled buffer from byte `start` on, without a copy as long as few are lent.

        The buffer comes back by itself when the last array, view or memoryview of the picture is dropped, in whichever
        thread that is: every view of an array holds on to the array that it was taken from.
        """
        picture: Image = buffer[start:].view(shape).numpy()
        if self._made >= _MOST and not self._free:
            self._free.append(buffer)
            return picture.copy()
        back = weakref.finalize(picture, self._free.append, buffer)  # atomic, so that no lock is needed
        back.atexit = False
        return picture
