"""Pictures to measure with: the test pattern, without its clock, and a clip of it; how alike two pictures are."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from stylecam.sinks import VideoFileSink
from stylecam.testpattern import TestPattern

if TYPE_CHECKING:
    from pathlib import Path

    from stylecam.benching.plan import Size
    from stylecam.frame import Frame, Image

__all__ = ["IDENTICAL_DB", "decibels", "frames", "make_clip"]

IDENTICAL_DB: Final = 100.0
_RATE: Final = 30


def frames(size: Size, count: int) -> list[Frame]:
    """The pattern's first frames, at once."""
    now = 0.0

    def wait(seconds: float) -> None:
        nonlocal now
        now += seconds

    pattern = TestPattern(size, clock=lambda: now, sleep=wait)
    return list(itertools.islice(pattern, count))


def make_clip(path: Path, size: Size, count: int) -> Path:
    """The same frames as a video file, as stylecam itself writes them."""
    with VideoFileSink(path, size=size, rate=Fraction(_RATE)) as sink:
        for frame in frames(size, count):
            sink.write(frame)
    return path


def decibels(one: Image, other: Image) -> float:
    """Peak signal to noise of two pictures of one size; `IDENTICAL_DB` where they are the same."""
    error = float(np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2))
    return IDENTICAL_DB if error == 0 else min(IDENTICAL_DB, 10 * math.log10(255**2 / error))
