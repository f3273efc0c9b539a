"""Sources that cannot be had at the start: what is missing is named, together with what takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stylecam import cameras
from stylecam.cameras import CameraInfo
from stylecam.gui.settings import Settings
from stylecam.gui.source_control import SourceControl
from tests.gui.conftest import painted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from pytestqt.qtbot import QtBot

    from stylecam.gui.app import Studio


def test_a_video_that_is_not_there_is_named_and_the_sample_clip_plays(
    qtbot: QtBot, open_studio: Callable[..., Studio], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cameras, "list_cameras", lambda: [])
    studio = open_studio(Settings(style="alpha", size="160x120"), source=str(tmp_path / "nosuch.mp4"))
    window = studio.window
    painted(qtbot, window, "alpha")
    assert studio.sources.video is not None
    assert studio.sources.video.name == "demo.mp4"
    assert window.banner.text == (
        f"{tmp_path / 'nosuch.mp4'} does not exist; check the name. "
        "No camera was found either, so this is the sample clip."
    )
    assert window.banner.level == "warning"
    assert window.windowTitle() == "demo.mp4 — stylecam"


def test_a_video_that_is_not_there_is_named_and_the_camera_takes_its_place(
    qtbot: QtBot, open_studio: Callable[..., Studio], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cameras, "list_cameras", lambda: [CameraInfo("x", "Webcam", 0, 0)])
    opened: list[str] = []
    really = SourceControl.open

    def note_cameras(sources: SourceControl, spec: str) -> None:
        if spec.startswith("camera:"):
            opened.append(spec)
        else:
            really(sources, spec)

    monkeypatch.setattr(SourceControl, "open", note_cameras)
    studio = open_studio(Settings(style="alpha", size="160x120"), source=str(tmp_path / "nosuch.mp4"))
    qtbot.waitUntil(lambda: opened == ["camera:x"], timeout=60_000)
    assert studio.window.banner.text == (
        f"{tmp_path / 'nosuch.mp4'} does not exist; check the name. So this is Webcam."
    )
    qtbot.waitUntil(lambda: studio.session.look is not None, timeout=60_000)  # torch cannot be broken off


def test_a_source_that_cannot_be_had_is_told_as_a_sentence(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    studio = open_studio()
    painted(qtbot, studio.window, "alpha")
    studio.sources.open("nowhere")
    qtbot.waitUntil(lambda: "nowhere" in studio.window.banner.text, timeout=20_000)
    assert studio.window.banner.text.startswith("There is no file 'nowhere'")
