"""Aftermath: what came of a training, and what can be done with that - go on, go further, look into its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from stylecam.gui.filemanager import open_folder, show_in_folder
from stylecam.gui.training.end import TrainEndPage, result_picture

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from stylecam.gui.background import Background
    from stylecam.gui.training.story import RunStory

__all__ = ["Aftermath"]


class Aftermath(QObject):
    """Fills its page when a run has ended, and does what its buttons say.

    Signals:
        begin_requested(Path, list[str]): train on, the run in this folder, with these arguments for the trainer.
    """

    begin_requested = Signal(object, object)

    def __init__(self, background: Background, parent: QWidget) -> None:
        """`background` reads the picture; `parent` owns the page, too."""
        super().__init__(parent)
        self._background = background
        self._page = TrainEndPage(parent)
        self._folder: Path | None = None
        self._style: Path | None = None
        self._place = (0, 0)

    @property
    def page(self) -> TrainEndPage:
        return self._page

    def tell_style(self, folder: Path | None, story: RunStory, style: Path, preview: Path | None) -> None:
        """A style was made.

        Args:
            folder: the run's.
            story: what its events came to.
            style: the file.
            preview: the picture that was chosen last; None: the style's own thumbnail is shown.
        """
        self._folder, self._style, self._place = folder, style, (story.step, story.steps)
        self._page.tell_style(style.stem, story)
        self._show_picture(style, preview)

    def tell_failure(self, folder: Path | None, name: str, story: RunStory, reason: str) -> None:
        """None was made of this name, for this reason."""
        self._folder, self._style, self._place = folder, None, (story.step, story.steps)
        self._page.tell_failure(name, story, reason)

    def go_on(self) -> None:
        """Take the run up where it was."""
        self._request()

    def more(self) -> None:
        """Go on to the step that was asked for, or, where that was reached, once more as far."""
        step, steps = self._place
        self._request(*([] if step < steps else ["--steps", str(2 * max(1, steps))]))

    def show_folder(self) -> None:
        """Where the style lies, or where the run has come to."""
        if self._style is not None:
            show_in_folder(self._style)
        elif self._folder is not None:
            open_folder(self._folder)

    def _request(self, *more: str) -> None:
        if self._folder is not None:
            self.begin_requested.emit(self._folder, ["resume", str(self._folder), *more])

    def _show_picture(self, style: Path, preview: Path | None) -> None:
        """The photographs as they are painted now; without them the style's own thumbnail."""

        def read() -> object:
            from stylecam.stylefile import read_style

            image = result_picture(preview) if preview is not None else None
            return read_style(style).thumbnail if image is None or image.isNull() else image

        self._page.show_picture(None)
        self._background.ask("result", read, self._page.show_picture)
