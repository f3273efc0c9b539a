"""open_source: what a person names as the source of pictures, as a source."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from stylecam.errors import SourceOpenError
from stylecam.sources import VideoFileSource

if TYPE_CHECKING:
    import os

    from stylecam.livesource import LiveSource

__all__ = ["open_source"]

_ADDRESS = re.compile(r"(rtsp|rtsps|http|https)://", re.IGNORECASE)


@overload
def open_source(spec: str | os.PathLike[str], *, live: Literal[True]) -> LiveSource: ...
@overload
def open_source(spec: str | os.PathLike[str], *, live: bool = False) -> VideoFileSource | LiveSource: ...
def open_source(spec: str | os.PathLike[str], *, live: bool = False) -> VideoFileSource | LiveSource:
    """Open a source of frames.

    Args:
        spec: a video file's path; ``"camera"`` for the first camera, ``"camera:NAME"``, ``"camera:ID"`` or a number
            for a certain one; ``"rtsp://…"`` or ``"http://…"`` for a network camera; ``"test"`` for a moving pattern;
            ``"fake:FILE"`` for a camera that a script plays (see `fakecamera`).
        live: whether a file is to be played at its own pace, looped, as a `LiveSource`. All the others are live anyhow.

    Raises:
        SourceOpenError: there is no such file, camera or script, or the file holds no picture.
    """
    text = str(spec)
    if text == "test":
        from stylecam.testpattern import TestPattern

        return TestPattern()
    if text == "camera" or text.startswith("camera:") or text.isdecimal():
        from stylecam.camera_source import CameraSource
        from stylecam.cameras import find_camera

        return CameraSource(find_camera(text.removeprefix("camera").removeprefix(":")))
    if text.startswith("fake:"):
        from stylecam.camera_source import CameraSource
        from stylecam.fakecamera import FakeCamera

        return CameraSource(FakeCamera.from_file(Path(text.removeprefix("fake:"))))
    if _ADDRESS.match(text):
        from stylecam.camera_source import CameraSource
        from stylecam.cameras import NetworkCamera

        return CameraSource(NetworkCamera(text))
    if "://" in text:
        scheme = text.partition("://")[0]
        raise SourceOpenError(
            f"{scheme}:// cannot be opened. A source is a video file, camera, camera:NAME, test, rtsp://… or http://…"
        )
    if live:
        from stylecam.playback import PacedClip

        return PacedClip(lambda: VideoFileSource(spec), Path(spec))
    return VideoFileSource(spec)
