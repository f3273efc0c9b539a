"""What a CameraSource believes and for how long: slow openings, low rates, hiccups, errors that nobody foresaw."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stylecam.camera_source import CameraSource
from stylecam.camerawatch import FROZEN_S, Pace, PictureWatch
from stylecam.fakecamera import FakeCamera
from stylecam.livesource import Problem, SourceState
from tests.live import grey, wait_until
from tests.virtualtime import Played, VirtualTime

if TYPE_CHECKING:
    from stylecam.cameras import CameraHandle


def test_an_opening_that_takes_long_is_not_cut_short() -> None:
    """Windows' cameras: cut short after five seconds and begun anew, one that takes twelve would never open."""
    played = Played(20, open=12.0, start=3.0)
    assert played.problems == []
    assert played.camera.opened == 1
    assert 15 <= played.when(SourceState.running) <= 15.2
    played.check_times()


def test_an_opening_that_never_ends_is_said_at_last() -> None:
    played = Played(60, open=3600.0)
    assert 30 <= played.when(SourceState.waiting, Problem.unreadable) <= 36


@pytest.mark.parametrize("rate", [0.5, 1.0, 3.0])
def test_a_camera_with_few_pictures_a_second_is_no_camera_that_stalls(rate: float) -> None:
    played = Played(60, fps=rate)
    assert played.problems == []
    assert played.camera.opened == 1
    assert len(played.frames) == pytest.approx(60 * rate, abs=2)


def test_a_slow_camera_that_is_unplugged_is_missed_after_five_of_its_pictures() -> None:
    played = Played(30, {"at": 10, "do": "drop", "for": 15}, fps=2.0)
    assert 10 + 2.0 <= played.when(SourceState.waiting, Problem.disconnected) <= 10 + 3.2


def test_a_camera_says_how_long_a_hiccup_is_nothing_unusual() -> None:
    pause = {"at": 5, "do": "drop", "for": 1.5}
    assert Played(10, pause).problems == [Problem.disconnected]
    assert Played(10, pause, patience=2.0).problems == []


class _Broken:
    """A camera with a bug in it."""

    name = "Broken"
    patience = 0.5

    def __init__(self) -> None:
        self.opened = 0

    def open(self) -> CameraHandle:
        self.opened += 1
        raise RuntimeError("nobody foresaw this")


def test_an_unforeseen_error_is_logged_once_with_its_trace_and_waited_out(caplog: pytest.LogCaptureFixture) -> None:
    camera = _Broken()
    source = CameraSource(camera, wait=lambda _: source.close() if camera.opened > 20 else None)
    with caplog.at_level(logging.INFO, logger="stylecam"):
        assert list(source) == []
    assert camera.opened == 21
    traces = [record for record in caplog.records if record.exc_info]
    assert len(traces) == 1
    assert "nobody foresaw this" in caplog.text
    assert len(caplog.records) <= 3


def test_who_stops_asking_for_frames_leaves_the_camera_closed() -> None:
    virtual = VirtualTime()
    camera = FakeCamera.from_script({}, clock=virtual.clock, sleep=virtual.sleep)
    stream = iter(CameraSource(camera, start_reader=virtual.reader, clock=virtual.clock, wait=virtual.sleep))
    next(stream)
    assert camera.handles == 1
    stream.close()  # type: ignore[attr-defined]
    assert camera.handles == 0


def test_a_source_closed_before_it_began_opens_nothing() -> None:
    camera = FakeCamera.from_script({})
    source = CameraSource(camera)
    source.close()
    assert list(source) == []
    assert camera.opened == 0


def test_a_reader_that_is_slow_to_open_is_closed_when_it_has_opened() -> None:
    """The window may be closed meanwhile; what opens then belongs to nobody."""
    opening, may_open = threading.Event(), threading.Event()
    fake = FakeCamera.from_script({"width": 32, "height": 24})

    class _Slow:
        name = "Slow"
        patience = 0.5

        def open(self) -> CameraHandle:
            opening.set()
            assert may_open.wait(20)
            return fake.open()

    source = CameraSource(_Slow())
    frames: list[object] = []
    thread = threading.Thread(target=lambda: frames.extend(source))
    thread.start()
    assert opening.wait(20)
    source.close()
    thread.join(20)
    assert not thread.is_alive()
    may_open.set()
    wait_until(lambda: not any(other.name == "stylecam-camera" for other in threading.enumerate()))
    assert (fake.opened, fake.handles, frames) == (1, 0, [])


def test_pauses_are_judged_by_the_pace() -> None:
    pace = Pace(0.5)
    assert pace.limit == 5
    pace.tick(100.0)
    assert pace.limit == 5
    for turn in range(1, 40):
        pace.tick(100.0 + turn / 30)
    assert pace.limit == 0.5
    for turn in range(1, 40):
        pace.tick(102.0 + turn / 2)
    assert pace.limit == pytest.approx(2.5, rel=0.02)
    for turn in range(1, 40):
        pace.tick(200.0 + turn * 60)
    assert pace.limit == 5


def test_one_pixel_that_changes_is_a_picture_that_changes() -> None:
    watch = PictureWatch()
    picture = grey(90)
    for tenth in range(40):
        watch.look(picture, tenth / 10)
    assert watch.frozen
    other = picture.copy()
    other[3, 5, 1] += 1  # between those that are looked at first
    watch.look(other, 5.0)
    assert watch.changed
    assert not watch.frozen
    watch.look(other, 5.0 + FROZEN_S)
    assert watch.frozen


@pytest.mark.parametrize(
    ("value", "spread", "dark"), [(0, 0, True), (1, 1, True), (0, 3, False), (3, 0, False), (40, 0, False)]
)
def test_black_is_dark_and_even(value: int, spread: int, dark: bool) -> None:
    image = grey(value)
    image[::16] += np.uint8(spread)
    watch = PictureWatch()
    watch.look(image, 0.0)
    assert watch.dark is dark
    assert not watch.black
    watch.look(image, 3.0)
    assert watch.black is dark
