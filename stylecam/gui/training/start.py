"""TrainStart: between the press on "Train" and the trainer - the run's folder, and the camera's pictures if need be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from stylecam.errors import StylecamError
from stylecam.gui.training.gathering import CameraGathering
from stylecam.gui.words import sentence
from stylecam.runs import new_run_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stylecam.frame import Image
    from stylecam.gui.background import Background
    from stylecam.gui.training.request import TrainRequest

__all__ = ["TrainStart"]


class TrainStart(QObject):
    """Prepares one training at a time.

    Signals:
        gathering(str): pictures are collected, and how far that is.
        ready(TrainRequest, Path): the trainer can begin, its run in this folder.
        refused(str): it cannot, and why.
    """

    gathering = Signal(str)
    ready = Signal(object, object)
    refused = Signal(str)

    def __init__(
        self,
        still: Callable[[], Image | None],
        runs: Path | None,
        background: Background,
        parent: QObject | None = None,
    ) -> None:
        """Prepare nothing yet.

        Args:
            still: the camera's picture of now; H×W×3 uint8 RGB.
            runs: where the folders go; by default `stylecam.runs.runs_folder`.
            background: writes the camera's pictures.
            parent: the owner.
        """
        super().__init__(parent)
        self._still, self._runs, self._background = still, runs, background
        self._gathering: CameraGathering | None = None

    def begin(self, request: TrainRequest) -> None:
        """`ready` or `refused` follows: at once, or when the camera's pictures are collected."""
        self.cancel()
        try:
            folder = new_run_folder(request.name, self._runs)
        except StylecamError as error:
            self.refused.emit(sentence(str(error)))
            return
        if request.content != "camera":
            self.ready.emit(request, folder)
            return
        self._gathering = gathering = CameraGathering(self._still, folder / "content", self._background, self)
        gathering.progressed.connect(self._on_gathered)
        gathering.ended.connect(lambda enough, text: self._on_ended(request, folder, enough, text))
        self._on_gathered(gathering.lasts_s, 0)

    def cancel(self) -> None:
        """Collect no more, and delete what was collected; says nothing."""
        if self._gathering is not None:
            self._gathering.cancel()
            self._forget()

    def _on_gathered(self, left_s: float, count: int) -> None:
        told = self.tr("Collecting pictures of the camera: {n} so far, {left} s left. Move about, and show the room.")
        self.gathering.emit(told.format(n=count, left=round(left_s)))

    def _on_ended(self, request: TrainRequest, folder: Path, enough: bool, text: str) -> None:
        self._forget()
        if enough:
            self.ready.emit(request, folder)
        else:
            self.refused.emit(text)

    def _forget(self) -> None:
        gathering, self._gathering = self._gathering, None
        if gathering is not None:
            gathering.deleteLater()
