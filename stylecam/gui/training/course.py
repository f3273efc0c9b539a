"""Course: a training from its first event to its last - the page that shows it, and what is wished of it there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from stylecam.errors import TrainError
from stylecam.gui.training.guide import RunGuide
from stylecam.gui.training.progress import RunPage
from stylecam.gui.training.wishes import wishes_for
from stylecam.runs import read_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from stylecam.frame import Image
    from stylecam.gui.background import Background
    from stylecam.gui.training.guide import Aim
    from stylecam.gui.training.process import TrainingRun
    from stylecam.gui.training.story import RunStory
    from stylecam.gui.training.wishes import Wishes

__all__ = ["Course"]


class Course(QObject):
    """Follows one run after the other.

    Signals:
        shown(): the page shows `story` as it is now; `wishes` and `paused` may be others.
        try_requested(Path): as `RunPage.try_changed`.
        use_requested(int): a person chose the preview of this step; `use` makes the style of it.
        finished(Path), failed(str), cancelled(str), interrupted(Path | None, str): as `RunGuide` says them; nothing is
            being tried then.
    """

    shown = Signal()
    try_requested = Signal(object)
    use_requested = Signal(int)
    interrupted = Signal(object, str)
    finished = Signal(object)
    failed = Signal(str)
    cancelled = Signal(str)

    def __init__(self, still: Callable[[], Image | None], background: Background, parent: QWidget) -> None:
        """Follow nothing yet.

        Args:
            still: the camera's picture of now, for the previews; H×W×3 uint8 RGB.
            background: writes and deletes.
            parent: the owner, also of the page, and of the runs that are let go of with it.
        """
        super().__init__(parent)
        self._name = ""
        self._chosen = ("", 0)
        """Network and step of the preview that was asked about last: others may come while the question stands."""
        self._page = page = RunPage(parent)
        self._guide = guide = RunGuide(still, background, parent)
        guide.event_read.connect(page.hear)
        guide.waiting.connect(page.wait_for)
        guide.making.connect(page.wait_for_style)
        guide.finished.connect(self._on_finished)
        guide.interrupted.connect(self._on_interrupted)
        for ended, told in ((guide.failed, self.failed), (guide.cancelled, self.cancelled)):
            ended.connect(page.end)  # before anybody hears of it
            ended.connect(told)
        page.try_changed.connect(self.try_requested)
        page.use_requested.connect(self._on_use)
        page.emphasis_changed.connect(guide.set_emphasis)
        page.shown.connect(self.shown)

    @property
    def page(self) -> RunPage:
        return self._page

    @property
    def run(self) -> TrainingRun | None:
        """What is followed, or was last."""
        return self._guide.run

    @property
    def folder(self) -> Path | None:
        """The run's."""
        return self.run.folder if self.run is not None else None

    @property
    def name(self) -> str:
        """Of the style that is trained, or was."""
        return self._name

    @property
    def story(self) -> RunStory:
        return self._page.story

    @property
    def wishes(self) -> Wishes:
        """What can be wished of it now."""
        return wishes_for(self.story, self._guide.aim)

    @property
    def aim(self) -> Aim:
        """How the run is being ended; empty while it is not."""
        return self._guide.aim

    @property
    def paused(self) -> bool:
        """Whether it has paused, or will."""
        return self.story.paused or self._guide.wants_pause

    def follow(self, run: TrainingRun, name: str = "", *, expected_s: float | None = None) -> None:
        """Show this run from its first event on.

        Args:
            run: to be followed.
            name: the style's, for as long as the run has not written it.
            expected_s: the most seconds that it was foretold to take; None where nothing was.
        """
        try:
            self._name = read_run(run.folder).name
        except TrainError:
            self._name = name or run.folder.name
        control = run.control
        factors = (control.style, control.content, control.steady)
        self._page.begin(run.folder, self._name, factors, expected_s=expected_s)
        self._guide.follow(run, self._name)

    def forget(self) -> None:
        """Follow nothing any more; the training lives on."""
        self._guide.forget()
        self._page.end()

    def pause_or_go_on(self) -> None:
        self._guide.pause_or_go_on()

    def keep(self) -> None:
        """End now, with the style as it is."""
        self._guide.keep()

    def use(self, *, go_on: bool) -> None:
        """Make the style of the preview that was asked about last, and end the training or go on with it."""
        self._guide.use(*self._chosen, go_on=go_on)

    def stop(self) -> None:
        """End without a style; it can go on later."""
        self._guide.stop()

    def cancel(self) -> None:
        """End now, and delete what it made."""
        self._page.stop_trying()
        self._guide.cancel()

    def _on_use(self) -> None:
        step = self._page.chosen_step
        if step is not None:
            self._chosen = (self.story.variant, step)
            self.use_requested.emit(step)

    def _on_interrupted(self, path: Path | None, text: str) -> None:
        self._page.end()
        self.interrupted.emit(path, text)

    def _on_finished(self, path: Path) -> None:
        self._name = path.stem
        self._page.end()
        self.finished.emit(path)
