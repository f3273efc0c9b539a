"""Between the press and the trainer: a folder that nobody has, pictures of the camera, or the reason why not."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stylecam.gui.background import Background
from stylecam.gui.training import gathering
from stylecam.gui.training.request import TrainRequest
from stylecam.gui.training.start import TrainStart
from tests.gui.training.fakerun import noise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

PAINTING = Path("/pictures/sea.jpg")
BUNDLED = TrainRequest(PAINTING, "sea", "quick", "bundled", 512)
CAMERA = TrainRequest(PAINTING, "sea", "quick", "camera", 512)


class Started:
    def __init__(self, runs: Path) -> None:
        seeds = itertools.count()
        self.background = Background()
        self.start = TrainStart(lambda: noise(next(seeds)), runs, self.background)
        self.told: list[Any] = []
        self.progress: list[str] = []
        self.start.ready.connect(lambda request, folder: self.told.append((request, folder)))
        self.start.refused.connect(self.told.append)
        self.start.gathering.connect(self.progress.append)


@pytest.fixture
def started(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    times = {"lasts_ms": 2000, "every_ms": 20}
    monkeypatch.setattr(gathering.CameraGathering.__init__, "__kwdefaults__", times)
    started = Started(tmp_path / "runs")
    yield started
    started.start.cancel()
    assert started.background.shut(10)


def test_it_is_ready_at_once_in_a_folder_that_nobody_has(started: Started, tmp_path: Path) -> None:
    (tmp_path / "runs" / "sea").mkdir(parents=True)
    started.start.begin(BUNDLED)
    assert started.told == [(BUNDLED, tmp_path / "runs" / "sea-2")]
    assert started.progress == []


def test_the_camera_comes_first(qtbot: QtBot, started: Started, tmp_path: Path) -> None:
    started.start.begin(CAMERA)
    assert started.progress == ["Collecting pictures of the camera: 0 so far, 2 s left. Move about, and show the room."]
    qtbot.waitUntil(lambda: bool(started.told), timeout=30_000)
    assert started.told == [(CAMERA, tmp_path / "runs" / "sea")]
    assert len(list((tmp_path / "runs" / "sea" / "content").iterdir())) >= 16


def test_what_is_cancelled_says_nothing_and_leaves_nothing(qtbot: QtBot, started: Started, tmp_path: Path) -> None:
    started.start.begin(CAMERA)
    qtbot.waitUntil(lambda: len(started.progress) > 3, timeout=30_000)
    started.start.cancel()
    assert started.background.shut(10)
    qtbot.wait(50)
    assert started.told == []
    assert not (tmp_path / "runs" / "sea").exists()


def test_a_camera_that_sees_too_little_is_told(qtbot: QtBot, started: Started) -> None:
    started.start._still = lambda: None
    started.start.begin(CAMERA)
    qtbot.waitUntil(lambda: bool(started.told), timeout=30_000)
    assert started.told == ["The camera gave no picture in that time."]


def test_a_name_that_no_folder_can_have_is_refused(started: Started) -> None:
    started.start.begin(TrainRequest(PAINTING, "a/b", "quick", "bundled", 512))
    assert "cannot be the name of a run" in started.told[0]
