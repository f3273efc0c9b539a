"""What was asked for, as the trainer's arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from stylecam.errors import TrainError
from stylecam.gui.training.request import TrainRequest, painting_of

PAINTING = Path("/pictures/mine.jpg")


def test_a_plain_request() -> None:
    request = TrainRequest(PAINTING, "mine", "quick", "bundled", 512)
    assert request.arguments(Path("/runs/mine")) == [
        *("new", "/pictures/mine.jpg", "--name", "mine", "--run", "/runs/mine", "--preset", "quick"),
        *("--content", "bundled", "--painting-size", "512"),
    ]


def test_region_and_texts_are_given_where_there_are_some() -> None:
    request = TrainRequest(
        PAINTING,
        "mine",
        "best",
        "/photos",
        384,
        region=(1, 2, 300, 400),
        title="-- A title",
        author="Me",
        licence="CC0",
    )
    arguments = request.arguments(Path("/runs/mine"))
    assert arguments[arguments.index("--region") + 1] == "1,2,300,400"
    assert arguments[-3:] == ["--title=-- A title", "--author=Me", "--licence=CC0"]


def test_the_camera_s_pictures_lie_in_the_run() -> None:
    arguments = TrainRequest(PAINTING, "mine", "quick", "camera", 512).arguments(Path("/runs/mine"))
    assert arguments[arguments.index("--content") + 1] == "/runs/mine/content"


def test_a_run_without_its_picture_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="lost its picture"):
        painting_of(tmp_path)
    (tmp_path / "painting.webp").touch()
    assert painting_of(tmp_path) == tmp_path / "painting.webp"
