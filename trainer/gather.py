"""Photographs to learn on, from whatever a person has: a folder, the bundled ones, a video, half a minute of a camera.

Invariant: pictures that are taken for a run lie in its folder whole or not at all, so that a run that is resumed
learns on exactly those that it began with.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as PilImage

from stylecam.bundled import bundled_path
from stylecam.errors import SourceOpenError, TrainError
from stylecam.opening import open_source
from stylecam.sources import VideoFileSource
from trainer.content import FEWEST_PHOTOGRAPHS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from stylecam.frame import Image

__all__ = ["gather"]

_MOST: Final = 120
"""Pictures of a video or a camera: more of the same scenes teach nothing new."""
_EVERY_S: Final = 0.5
_PATIENCE_S: Final = 20.0
"""How much longer than asked for a camera may take, to start or to come back."""
_SHORT_SIDE: Final = 512
_ALIKE: Final = 4.0
"""Mean difference of two small grey pictures, of 255, below which the second is one that is there already."""
_LIVE: Final = re.compile(r"camera(:.*)?|\d+|(rtsps?|https?)://.+|fake:.+|test", re.IGNORECASE)


def gather(
    content: str, run: Path, *, seconds: float = 30.0, on_progress: Callable[[int], None] = lambda found: None
) -> Path:
    """A folder with the photographs that `content` names.

    Args:
        content: ``"bundled"``, a folder, a video file, or ``"camera"`` and what else `stylecam.open_source` knows as
            a camera.
        run: the run's folder, where pictures from a video or a camera are put, once.
        seconds: of a camera.
        on_progress: told how many pictures there are, each time that one is added.

    Raises:
        TrainError: too few pictures that differ; nothing there of that name.
        SourceError: the video or the camera cannot be opened.
        CameraError: there is no such camera.
    """
    if content == "bundled":
        folder = bundled_path("content")
        if not folder.is_dir():
            raise TrainError("the bundled photographs are missing: reinstall stylecam, or name a folder with --content")
        return folder
    if os.path.isdir(content):  # unlike Path, with an answer for a name too long to be one
        return Path(content)
    taken = run / "content"
    if taken.is_dir():
        return taken
    file = os.path.isfile(content)
    if not file and not _LIVE.fullmatch(content):
        raise TrainError(f"{content} is neither a folder nor a video: name one with photographs, or a video, or camera")
    with closing(_from_video(Path(content)) if file else _from_camera(content, seconds)) as images:
        return _keep(islice(_distinct(images), _MOST), taken, content, on_progress)


def _from_video(path: Path) -> Generator[Image, None, None]:
    """Pictures spread evenly over its length, as far as that is known."""
    try:
        with VideoFileSource(path) as source:
            length = source.duration
            every = max(_EVERY_S, length / _MOST) if length else _EVERY_S
            due = 0.0
            for frame in source:
                if frame.pts >= due:
                    due = frame.pts + every
                    yield frame.image
    except SourceOpenError as exc:
        raise TrainError(f"{path} is neither a folder of photographs nor a video that can be read ({exc})") from exc


def _from_camera(spec: str, seconds: float) -> Generator[Image, None, None]:
    source = open_source(spec, live=True)
    # A camera that gives nothing, or no longer, would be waited for without end.
    watchdog = threading.Timer(seconds + _PATIENCE_S, source.close)
    watchdog.name = "trainer-camera-watchdog"
    watchdog.start()
    try:
        first: float | None = None
        due = 0.0
        for frame in source:
            first = frame.pts if first is None else first
            if frame.pts - first > seconds:
                break
            if frame.pts - first >= due:
                due = frame.pts - first + _EVERY_S
                yield frame.image
    finally:
        watchdog.cancel()
        source.close()
        watchdog.join()


def _distinct(images: Iterable[Image]) -> Iterator[PilImage.Image]:
    """Each picture once, scaled down; those that look like one before are passed over."""
    seen: list[np.ndarray[tuple[int, ...], np.dtype[np.int16]]] = []
    for image in images:
        picture = PilImage.fromarray(image)
        grey = np.asarray(picture.resize((32, 32), PilImage.Resampling.BOX).convert("L"), np.int16)
        if any(np.abs(grey - other).mean() < _ALIKE for other in seen):
            continue
        seen.append(grey)
        scale = min(1.0, _SHORT_SIDE / min(picture.size))
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        yield picture.resize(size, PilImage.Resampling.LANCZOS) if scale < 1 else picture


def _keep(images: Iterator[PilImage.Image], folder: Path, content: str, on_progress: Callable[[int], None]) -> Path:
    part = folder.with_name(".content.part")
    shutil.rmtree(part, ignore_errors=True)
    found = 0
    try:
        part.mkdir(parents=True)
        for image in images:
            found += 1
            image.save(part / f"{found:03d}.jpg", quality=92)
            on_progress(found)
        if found < FEWEST_PHOTOGRAPHS:
            raise TrainError(
                f"{content} gives {found} pictures that differ, training needs at least {FEWEST_PHOTOGRAPHS}: take a "
                "longer one, move the camera about, or use the bundled photographs"
            )
        part.rename(folder)
    except OSError as exc:
        raise TrainError(
            f"the pictures of {content} cannot be written to {folder.parent} ({exc.strerror or exc})"
        ) from exc
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder
