"""Encoders that stand for hardware in the tests: real ones of FFmpeg's, through the same code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stylecam import encoders
from stylecam.encoders import Encoder

if TYPE_CHECKING:
    import pytest

__all__ = ["ABSENT", "REFUSING", "WORKING", "install"]

WORKING = Encoder(
    "libx264",
    "Works",
    "nv12",
    (("preset", "ultrafast"), ("tune", "zerolatency"), ("crf", "12"), ("forced-idr", "1")),
)
REFUSING = replace(WORKING, name="libx264rgb", title="Refuses", pixel_format="nv12")
"""It takes other pixels than it is given here."""
ABSENT = replace(WORKING, name="h264_nonsense", title="Is not there")


def install(monkeypatch: pytest.MonkeyPatch, *hardware: Encoder) -> None:
    """Have these and no others, none of them tried yet."""
    monkeypatch.setattr(encoders, "HARDWARE", hardware)
    monkeypatch.setattr(encoders, "_problems", {})
