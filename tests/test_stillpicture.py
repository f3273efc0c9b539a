"""A picture as a live source: one frame over and over, small enough to be painted live, and closed at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from stylecam.errors import SourceOpenError
from stylecam.livesource import SourceState
from stylecam.pictures import Picture, write_picture
from stylecam.stillpicture import STILL_RATE, StillPicture

if TYPE_CHECKING:
    from pathlib import Path


def picture(path: Path, width: int, height: int, alpha: int | None = None) -> Path:
    image = np.full((height, width, 3), 40, np.uint8)
    write_picture(path, Picture(image, None if alpha is None else np.full((height, width), alpha, np.uint8)))
    return path


def test_the_same_picture_comes_a_few_times_a_second_until_it_is_closed(tmp_path: Path) -> None:
    now = [5.0]
    waits: list[float] = []
    states: list[SourceState] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds
        if len(waits) == 3:
            source.close()

    source = StillPicture(picture(tmp_path / "boat.png", 60, 40), clock=lambda: now[0], wait=wait)
    source.on_status = lambda status: states.append(status.state)
    frames = list(source)
    assert [frame.size for frame in frames] == [(60, 40)] * 3
    assert [frame.pts for frame in frames] == [0, 1 / STILL_RATE, 2 / STILL_RATE]
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert frames[0].image is frames[2].image
    assert source.name == "boat.png"
    assert states == [SourceState.running, SourceState.ended]


def test_times_go_on_where_the_clock_stands(tmp_path: Path) -> None:
    frames = iter(StillPicture(picture(tmp_path / "a.png", 20, 20), clock=lambda: 1.0, wait=lambda _: None))
    times = [next(frames).pts for _ in range(3)]
    assert times == sorted(set(times))


def test_a_large_picture_is_made_smaller_and_transparency_is_white(tmp_path: Path) -> None:
    large = StillPicture(picture(tmp_path / "large.jpg", 3000, 1000))
    assert next(iter(large)).size == (1920, 640)
    clear = StillPicture(picture(tmp_path / "clear.png", 20, 20, alpha=0))
    assert next(iter(clear)).image.min() == 255


@pytest.mark.parametrize(("name", "size"), [("gone.png", None), ("small.png", (20, 8))])
def test_what_cannot_be_painted_is_refused(tmp_path: Path, name: str, size: tuple[int, int] | None) -> None:
    if size:
        picture(tmp_path / name, *size)
    with pytest.raises(SourceOpenError, match=name):
        StillPicture(tmp_path / name)
