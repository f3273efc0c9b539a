"""CameraGathering: half a minute of the camera, as photographs to learn on. Pictures like those before are left out.

Invariant: the window's thread only looks; files are written beside it. An end before the time leaves no file behind.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from stylecam.gui.training.content import ENOUGH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from stylecam.frame import Image
    from stylecam.gui.background import Background

__all__ = ["CameraGathering", "differs", "fingerprint"]

_LASTS_MS: Final = 30_000
_EVERY_MS: Final = 500
_LONGEST: Final = 1024
"""Pixels of a side; crops are never larger."""
_ROWS, _COLUMNS = 18, 24
_ALIKE: Final = 2.5
"""Mean difference of the fingerprints, 0–255, below which two pictures show the same: a camera's noise makes 0.5."""


class CameraGathering(QObject):
    """Collects once.

    Signals:
        progressed(float, int): seconds that are left, and how many pictures there are.
        ended(bool, str): whether there are enough; if not, why. The pictures are on the disk then, or gone.
    """

    progressed = Signal(float, int)
    ended = Signal(bool, str)

    def __init__(
        self,
        still: Callable[[], Image | None],
        folder: Path,
        background: Background,
        parent: QObject | None = None,
        *,
        lasts_ms: int = _LASTS_MS,
        every_ms: int = _EVERY_MS,
    ) -> None:
        """Begin at once.

        Args:
            still: the present picture, H×W×3 uint8 RGB.
            folder: becomes 000.jpg, 001.jpg, …; made when the first is written.
            background: writes them.
            parent: the owner.
            lasts_ms: how long.
            every_ms: how often to look.
        """
        super().__init__(parent)
        self._still, self._folder, self._background = still, folder, background
        self._lasts_ms = lasts_ms
        self._seen: list[NDArray[np.float32]] = []
        self._writing: set[str] = set()
        self._over = False
        self._clock = QElapsedTimer()
        self._clock.start()
        self._timer = QTimer(self, interval=every_ms)
        self._timer.timeout.connect(self._on_timer)
        self._timer.start()

    @property
    def lasts_s(self) -> float:
        """How long it takes, in seconds."""
        return self._lasts_ms / 1000

    @property
    def count(self) -> int:
        """How many different pictures there are."""
        return len(self._seen)

    def cancel(self) -> None:
        """End it, without a word, and delete what was collected."""
        self._over = True
        self._timer.stop()
        for name in self._writing:
            self._background.forget(name)
        _delete([self._folder / f"{number:03}.jpg" for number in range(self.count)], self._folder)

    def _on_timer(self) -> None:
        left = (self._lasts_ms - self._clock.elapsed()) / 1000
        if left <= 0:
            self._timer.stop()
            self._end_when_written()
            return
        image = self._still()
        if image is not None:
            print_ = fingerprint(image)
            if all(differs(print_, other) for other in self._seen):
                self._write(self.count, image)
                self._seen.append(print_)
        self.progressed.emit(left, self.count)

    def _write(self, number: int, image: Image) -> None:
        path = self._folder / f"{number:03}.jpg"

        def work() -> None:
            from stylecam.pictures import Picture, resized, write_picture

            write_picture(path, Picture(resized(image, longest=_LONGEST)), force=True)
            if self._over:  # cancelled meanwhile
                _delete([path], self._folder)

        name = f"gather-{number}"
        self._writing.add(name)
        self._background.ask(name, work, lambda _: self._on_written(name), otherwise=self._fail)

    def _on_written(self, name: str) -> None:
        self._writing.discard(name)
        if not self._timer.isActive():
            self._end_when_written()

    def _end_when_written(self) -> None:
        if self._over or self._writing:
            return
        if self.count >= ENOUGH:
            self._over = True
            self.ended.emit(True, "")
            return
        told = self.tr(
            "Only {n} different pictures were seen in that time, and {enough} are needed. Move about, or move the "
            "camera, and try again."
        )
        if not self.count:
            told = self.tr("The camera gave no picture in that time.")
        self._fail(told.format(n=self.count, enough=ENOUGH))

    def _fail(self, text: str) -> None:
        if self._over:
            return
        self.cancel()
        self.ended.emit(False, text)


def fingerprint(image: Image) -> NDArray[np.float32]:
    """What a picture shows, in 24×18 grey values about their mean: neither noise nor a little more light changes it."""
    height, width = image.shape[0] // _ROWS * _ROWS, image.shape[1] // _COLUMNS * _COLUMNS
    if not height or not width:
        return np.zeros((_ROWS, _COLUMNS), np.float32)
    # Every second pixel is enough, and a millisecond less; green is most of what is seen as light.
    step = 2 if height >= 4 * _ROWS and width >= 4 * _COLUMNS else 1
    green = image[:height, :width, 1].reshape(_ROWS, height // _ROWS, _COLUMNS, width // _COLUMNS)
    cells: NDArray[np.float32] = green[:, ::step, :, ::step].mean((1, 3), dtype=np.float32)
    centred: NDArray[np.float32] = cells - cells.mean()
    return centred


def differs(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Whether two fingerprints are of different pictures."""
    return float(np.abs(one - other).mean()) >= _ALIKE


def _delete(paths: list[Path], folder: Path) -> None:
    """The files, and the folder of the training and the one in it, if nothing else is there."""
    with contextlib.suppress(OSError):
        for path in paths:
            path.unlink(missing_ok=True)
        folder.rmdir()
        folder.parent.rmdir()
