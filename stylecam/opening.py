"""open_source: what a person names as the source of pictures, as a source."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, overload

from stylecam.errors import SourceOpenError
from stylecam.sources import VideoFileSource

if TYPE_CHECKING:
    from stylecam.livesource import LiveSource

__all__ = ["open_source"]

_ADDRESS: Final = re.compile(r"(rtsp|rtsps|http|https)://", re.IGNORECASE)
_POSSIBLE: Final = "A source is a video file, camera, camera:NAME, a camera's number, test, rtsp://… or http://…"


@overload
def open_source(spec: str | os.PathLike[str], *, live: Literal[True]) -> LiveSource: ...
@overload
def open_source(spec: str | os.PathLike[str], *, live: bool = False) -> VideoFileSource | LiveSource: ...
def open_source(spec: str | os.PathLike[str], *, live: bool = False) -> VideoFileSource | LiveSource:
    """Open a source of frames.

    Args:
        spec: a video file's path; ``"camera"`` for the first camera, ``"camera:NAME"``, ``"camera:ID"`` or a number
            for a certain one; ``"rtsp://…"`` or ``"http://…"`` for a network camera; ``"test"`` for a moving pattern;
            ``"fake:FILE"`` for a camera that a script plays (see `fakecamera`). A `Path` is a file, whatever its name.
        live: whether a file is to be played at its own pace, looped, as a `LiveSource`. All the others are live anyhow.

    Raises:
        CameraError: no camera is connected, or none of that name.
        SourceOpenError: there is no such file or script, the file holds no picture, or nothing of the kind is known.
    """
    if isinstance(spec, str):
        source = _open_named(spec)
        if source is not None:
            return source
    if live:
        from stylecam.playback import PacedClip

        return PacedClip(lambda: VideoFileSource(spec), Path(spec))
    return VideoFileSource(spec)


def _open_named(text: str) -> LiveSource | None:
    """What is no file; None for what may be one."""
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
        raise SourceOpenError(f"{text.partition('://')[0]}:// cannot be opened. {_POSSIBLE}")
    if re.fullmatch(r"\w+", text) and not os.path.exists(text):
        raise SourceOpenError(f"there is no file {text!r}, and no source is called that. {_POSSIBLE}")
    return None
