"""Photographs from a folder, a video and a camera: spread out, different from each other, and whole or not there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image as PilImage

import trainer.gather
from stylecam.errors import TrainError
from stylecam.frame import Frame
from tests.clips import flat, make_clip
from trainer.content import ContentImages
from trainer.gather import gather

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stylecam.frame import Image


def scene(number: int, width: int, height: int) -> Image:
    """Another picture for every number."""
    rng = np.random.default_rng(number)
    small = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.array(PilImage.fromarray(small).resize((width, height), PilImage.Resampling.NEAREST))


def changing(index: int, width: int, height: int) -> Image:
    """Another scene every half second of a clip of 10 frames a second."""
    return scene(index // 5, width, height)


class Playing:
    """A live source of so many scenes, one a second, each told four times, in a time that costs none."""

    name, size, rate, is_live, duration, on_status = "Playing", (96, 64), None, True, None, None

    def __init__(self, seconds: float, *, hangs: bool = False) -> None:
        self.closed = threading.Event()
        self._seconds, self._hangs = seconds, hangs

    def __iter__(self) -> Iterator[Frame]:
        if self._hangs:
            self.closed.wait()
            return
        for index in range(int(self._seconds * 4)):
            yield Frame(scene(index // 4, 96, 64), index / 4, index, index / 4)

    def close(self) -> None:
        self.closed.set()


def test_a_folder_is_taken_as_it_is(photographs: Path, tmp_path: Path) -> None:
    assert gather(str(photographs), tmp_path) == photographs
    assert not list(tmp_path.iterdir())


def test_the_bundled_ones_are_enough_to_train_on(tmp_path: Path) -> None:
    folder = gather("bundled", tmp_path)
    assert not list(tmp_path.iterdir())
    images = ContentImages(folder, 224, 1, 0)
    assert len(images.training) >= 12
    assert not images.skipped
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_700_000


def test_a_video_gives_its_different_pictures(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=100, rate=10, size=(640, 360), picture=changing)
    told: list[int] = []
    folder = gather(str(clip), tmp_path / "run", on_progress=told.append)
    pictures = sorted(folder.iterdir())
    assert folder == tmp_path / "run" / "content"
    assert len(pictures) == 20 == told[-1]
    with PilImage.open(pictures[7]) as seventh:
        assert seventh.size == (640, 360)
        assert np.abs(np.asarray(seventh, float) - scene(7, 640, 360)).mean() < 12
    # A run that is resumed learns on the same, even if the video has gone.
    clip.unlink()
    assert gather(str(clip), tmp_path / "run") == folder


def test_of_a_long_video_pictures_are_taken_from_all_of_its_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer.gather, "_MOST", 10)
    clip = make_clip(tmp_path / "clip.mp4", frames=100, rate=10, size=(640, 360), picture=changing)
    pictures = sorted(gather(str(clip), tmp_path / "run").iterdir())
    assert len(pictures) == 10
    with PilImage.open(pictures[-1]) as last:
        assert np.abs(np.asarray(last, float) - scene(18, 640, 360)).mean() < 12


def test_pictures_are_scaled_to_what_training_can_use(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=50, rate=10, size=(1280, 720), picture=changing)
    for path in gather(str(clip), tmp_path / "run").iterdir():
        with PilImage.open(path) as picture:
            assert picture.size == (910, 512)


def test_a_video_that_shows_one_thing_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "still.mp4", frames=60, rate=10, picture=flat(90))
    with pytest.raises(TrainError, match="gives 1 pictures that differ, training needs at least 8"):
        gather(str(clip), tmp_path / "run")
    assert not list((tmp_path / "run").iterdir())


def test_a_camera_is_asked_for_so_long_and_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Playing(60)
    monkeypatch.setattr(trainer.gather, "open_source", lambda spec, live: source)
    folder = gather("camera:Desk", tmp_path, seconds=11.9)
    assert len(list(folder.iterdir())) == 12
    assert source.closed.is_set()


def test_a_camera_gives_no_more_pictures_than_teach_and_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Playing(60)
    monkeypatch.setattr(trainer.gather, "open_source", lambda spec, live: source)
    monkeypatch.setattr(trainer.gather, "_MOST", 9)
    assert len(list(gather("camera", tmp_path, seconds=50).iterdir())) == 9
    assert source.closed.is_set()


@pytest.mark.parametrize("spec", ["camera", "camera:Desk", "0", "rtsp://there/stream", "http://there/video", "test"])
def test_whatever_is_known_as_a_camera_is_one(spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def opened(spec: str, *, live: bool) -> Playing:
        asked.append(spec)
        return Playing(10)

    monkeypatch.setattr(trainer.gather, "open_source", opened)
    gather(spec, tmp_path)
    assert asked == [spec]


@pytest.mark.slow
def test_a_running_source_gives_pictures_while_it_runs(tmp_path: Path) -> None:
    assert len(list(gather("test", tmp_path, seconds=6).iterdir())) >= 8


def test_a_camera_that_was_asked_too_briefly_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "camera.json").write_text('{"width": 160, "height": 120}')
    with pytest.raises(TrainError, match="move the camera about"):
        gather(f"fake:{tmp_path / 'camera.json'}", tmp_path / "run", seconds=1)
    assert not list((tmp_path / "run").iterdir())


def test_a_camera_that_gives_no_picture_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer.gather, "open_source", lambda spec, live: Playing(0, hangs=True))
    monkeypatch.setattr(trainer.gather, "_PATIENCE_S", 0.05)
    with pytest.raises(TrainError, match="gives 0 pictures"):
        gather("camera", tmp_path, seconds=0.05)


def test_what_is_neither_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="neither a folder nor a video"):
        gather(str(tmp_path / "nothing"), tmp_path)
    (tmp_path / "text.txt").write_text("no video")
    with pytest.raises(TrainError, match="neither a folder of photographs nor a video"):
        gather(str(tmp_path / "text.txt"), tmp_path / "run")
