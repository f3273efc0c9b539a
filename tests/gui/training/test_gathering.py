"""Half a minute of the camera: different pictures only, all on the disk before it ends, and none after a cancel."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stylecam.gui.background import Background
from stylecam.gui.training.gathering import CameraGathering, differs, fingerprint
from stylecam.pictures import read_picture
from tests.gui.training.fakerun import noise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from stylecam.frame import Image


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    background = Background()
    yield background
    assert background.shut(10)


def gather(
    background: Background, folder: Path, still: Callable[[], Image | None], *, lasts_ms: int = 900
) -> tuple[CameraGathering, list[tuple[bool, str]]]:
    ends: list[tuple[bool, str]] = []
    gathering = CameraGathering(still, folder, background, lasts_ms=lasts_ms, every_ms=20)
    gathering.ended.connect(lambda enough, text: ends.append((enough, text)))
    return gathering, ends


def test_different_pictures_are_collected(qtbot: QtBot, background: Background, tmp_path: Path) -> None:
    seeds = itertools.count()
    folder = tmp_path / "run" / "content"
    gathering, ends = gather(background, folder, lambda: noise(next(seeds) // 2, (1280, 720)), lasts_ms=4000)
    told: list[tuple[float, int]] = []
    gathering.progressed.connect(lambda left, count: told.append((left, count)))
    qtbot.waitUntil(lambda: bool(ends), timeout=30_000)
    assert ends == [(True, "")]
    written = sorted(path.name for path in folder.iterdir())
    assert written == [f"{number:03}.jpg" for number in range(gathering.count)]
    assert gathering.count == told[-1][1] >= 16
    assert told[0][0] > told[-1][0]
    assert read_picture(folder / "000.jpg").size == (1024, 576)


def test_a_camera_that_sees_one_thing_is_not_enough(qtbot: QtBot, background: Background, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    scene = noise(1, (160, 120)).astype(np.int16)

    def still() -> Image:
        return np.clip(scene + rng.normal(0, 4, scene.shape), 0, 255).astype(np.uint8)

    folder = tmp_path / "run" / "content"
    _, ends = gather(background, folder, still)
    qtbot.waitUntil(lambda: bool(ends), timeout=30_000)
    assert not ends[0][0]
    assert "Only 1 different pictures" in ends[0][1]
    assert not (tmp_path / "run").exists()


def test_a_camera_that_gives_nothing_is_told(qtbot: QtBot, background: Background, tmp_path: Path) -> None:
    _, ends = gather(background, tmp_path / "run" / "content", lambda: None, lasts_ms=100)
    qtbot.waitUntil(lambda: bool(ends), timeout=30_000)
    assert ends == [(False, "The camera gave no picture in that time.")]


def test_a_cancel_leaves_nothing_behind(qtbot: QtBot, background: Background, tmp_path: Path) -> None:
    seeds = itertools.count()
    gathering, ends = gather(background, tmp_path / "run" / "content", lambda: noise(next(seeds)), lasts_ms=60_000)
    qtbot.waitUntil(lambda: gathering.count > 3, timeout=30_000)
    gathering.cancel()
    assert background.shut(10)
    qtbot.wait(50)
    assert ends == []
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_written_to_ends_it(qtbot: QtBot, background: Background, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    seeds = itertools.count()
    _, ends = gather(background, tmp_path / "run" / "content", lambda: noise(next(seeds)), lasts_ms=60_000)
    qtbot.waitUntil(lambda: bool(ends), timeout=30_000)
    assert not ends[0][0]
    assert "cannot write" in ends[0][1]
    assert len(ends) == 1


def test_neither_light_nor_noise_makes_another_picture() -> None:
    scene = noise(3, (160, 120))
    darker = (scene * 0.97).astype(np.uint8)
    assert not differs(fingerprint(scene), fingerprint(darker))
    assert differs(fingerprint(scene), fingerprint(noise(4, (160, 120))))
    assert differs(fingerprint(scene), fingerprint(np.roll(scene, 20, 1)))
    assert fingerprint(scene[:5, :5]).shape == fingerprint(scene).shape
