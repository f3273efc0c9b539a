"""TrainDialog: from a picture to a style - what is asked for, how it goes, what came out.

Invariant: the dialog never waits and never keeps the window from anything. The training is a process of its own that
lives on when the dialog is closed; the dialog follows it, and tells it what is wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QDialog, QStackedWidget, QVBoxLayout, QWidget

from stylecam.errors import TrainError
from stylecam.gui.background import Background
from stylecam.gui.training.aftermath import Aftermath
from stylecam.gui.training.buttons import TrainButtons
from stylecam.gui.training.course import Course
from stylecam.gui.training.parts import Page
from stylecam.gui.training.preparation import Preparation
from stylecam.gui.training.request import painting_of
from stylecam.gui.words import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from PySide6.QtGui import QHideEvent, QShowEvent

    from stylecam.frame import Image
    from stylecam.gui.training.process import TrainingRun
    from stylecam.gui.training.request import TrainRequest

__all__ = ["TrainDialog", "TrainState"]

TrainState: TypeAlias = Literal["setup", "gathering", "running", "done", "failed"]
"""`gathering`: pictures of the camera are collected; `running`: also while it pauses, stops, or is made a style of."""

_SIZE: Final = (1000, 720)
_SMALLEST: Final = (700, 480)


class TrainDialog(QDialog):
    """Show it with `show`; it blocks nothing. One training at a time: while `busy`, another dialog is needed for more.

    Signals:
        run_started(TrainingRun): the dialog began a training, took one up again, or trains a style more. The run is a
            child of the dialog; `run` is the same one. Not emitted by `follow`.
        try_requested(Path): paint with this style file, which is in no library; ``Path("")``: with the style before.
            Emitted only while "Try it live" is pressed, and once, with ``Path("")``, when it is released in whatever
            way: by a click, the end of the training, or the dialog's being closed. After an end with a style, that
            word comes before `kept`.
        kept(str): the finished style of this name is in the user's folder: read the library, select it, paint with it.
            Emitted when the training ends with a style while the dialog is shown, when the style of a preview was made
            for which it was interrupted (`busy` then), and by "Paint with it", which closes the dialog.
        made(str): the same, but while the dialog is closed: read the library, and leave what paints.
        closed_while_running(): the dialog was closed, and the training goes on; `show` opens it where it was.
    """

    run_started = Signal(object)
    try_requested = Signal(object)
    kept = Signal(str)
    made = Signal(str)
    closed_while_running = Signal()

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        still: Callable[[], Image | None] = lambda: None,
        runs: Path | None = None,
        new_run: Callable[[Path, QObject], TrainingRun] | None = None,
    ) -> None:
        """Prepare; nothing is read or measured before there is a picture, or the dialog is shown.

        Args:
            parent: the window it belongs to.
            still: the picture of the source at this moment, not painted (H×W×3 uint8 RGB); None if there is none.
                Called in the window's thread, at most twice a second; must be quick.
            runs: where the folders of trainings go; by default `stylecam.runs.runs_folder`.
            new_run: makes what follows a folder, given its owner; by default `TrainingRun`.
        """
        super().__init__(parent)
        self._new_run = new_run or _training_run
        self._state: TrainState = "setup"
        self._looks_back = False
        """Whether the run had ended when it was taken up: its style is shown then, and not painted with unasked."""
        self._paints = False
        """Whether the window was told to paint with the style that is shown as done."""
        self._said = ""
        """What is to be said on the setup page beside its own."""
        self._background = Background(self)
        self._preparation = Preparation(still, runs, self._background, self)
        self._setup = self._preparation.page
        self._course = Course(still, self._background, self)
        self._aftermath = Aftermath(self._background, self)
        self._buttons = TrainButtons(self)
        self._pages = QStackedWidget(self)
        for page in (self._setup, self._course.page, self._aftermath.page):
            self._pages.addWidget(Page(page, self._pages))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 12, 14)
        column.setSpacing(12)
        column.addWidget(self._pages, 1)
        column.addWidget(self._buttons)
        self.setMinimumSize(*_SMALLEST)
        self.resize(*_SIZE)
        self._connect()
        self._enter("setup")

    @property
    def state(self) -> TrainState:
        return self._state

    @property
    def busy(self) -> bool:
        """Whether a training runs that the dialog follows, or is being prepared."""
        return self._state in ("gathering", "running")

    @property
    def run(self) -> TrainingRun | None:
        """What the dialog follows or followed last."""
        return self._course.run

    @property
    def style_name(self) -> str:
        """Of the style that is trained, or was; empty before."""
        return self._course.name

    def open_picture(self, path: Path) -> None:
        """Take this picture as the painting to learn from; not while `busy`."""
        if not self.busy:
            self._back_to_setup("")
            self._setup.open_picture(path)

    def follow(
        self, run: TrainingRun, name: str = "", *, looks_back: bool = False, expected_s: float | None = None
    ) -> None:
        """Show a training that lives, or was just resumed: from its first event on.

        Whoever made the run calls its `start` or `attach`, before this or after it, but in the same turn of the event
        loop, so that no event is missed. What was followed before is detached.

        Args:
            run: to be followed.
            name: the style's, for as long as the run has not written it down.
            looks_back: whether it has ended already, so that its style is shown, and told to nobody.
            expected_s: the most seconds that it was foretold to take; None where nothing was.
        """
        self._preparation.cancel()
        self._looks_back = looks_back
        self._course.follow(run, name, expected_s=expected_s)
        self._enter("running")

    def shutdown(self) -> None:
        """Close without a question, and stop following: the program ends. The training lives on."""
        self._preparation.cancel()
        self._preparation.sleep()
        self._course.forget()
        self._background.shut()
        super().reject()

    def reject(self) -> None:
        """Close; a training goes on, and only what was being prepared is given up."""
        if self._state == "gathering":
            self._on_stop_gathering()
        self._preparation.cancel()
        if self._state == "running":
            self.stop_trying()
            self.closed_while_running.emit()
        super().reject()

    def stop_training(self) -> None:
        """Let the training end where it is; it can go on later."""
        if self._state == "running":
            self._buttons.drop_question()
            self._course.stop()

    def stop_trying(self) -> None:
        """Release the button: another style was chosen."""
        self._course.page.stop_trying()

    # Overridden.

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._preparation.wake()

    def hideEvent(self, event: QHideEvent) -> None:
        self._preparation.sleep()
        self._buttons.drop_question()
        super().hideEvent(event)

    # Before the training.

    def _on_setup_changed(self) -> None:
        if self._state == "setup":
            problem = self._setup.problem
            self._buttons.enable("train", not problem, problem)
            unsaid = problem if problem != self._setup.said else ""
            self._buttons.say(" ".join(text for text in (self._said, unsaid) if text))

    def _on_train(self) -> None:
        if self._state == "setup":
            self._said = ""
            self._preparation.begin()

    def _on_gathering(self, text: str) -> None:
        if self._state != "gathering":
            self._enter("gathering")
        self._buttons.say(text)

    def _on_stop_gathering(self) -> None:
        self._preparation.cancel()
        self._back_to_setup("")

    def _on_ready(self, request: TrainRequest, folder: Path) -> None:
        expected_s = self._preparation.foretold_s(request.preset)
        self._begin(folder, request.arguments(folder), request.name, expected_s)

    def _begin(self, folder: Path, arguments: Sequence[str], name: str = "", expected_s: float | None = None) -> None:
        run = self._new_run(folder, self)
        run.start(arguments)
        self.follow(run, name, expected_s=expected_s)
        self.run_started.emit(run)

    # During the training.

    def _on_shown(self) -> None:
        """The title and the buttons say what the page says."""
        if self._state != "running":
            return
        story, wishes = self._course.story, self._course.wishes
        self._buttons.rename("pause", self.tr("&Go on") if self._course.paused else self.tr("&Pause"))
        for name, wish in wishes._asdict().items():
            self._buttons.enable(name, wish.possible, wish.why_not)
        self._buttons.say(wishes.keep.why_not or self._closing_words())
        told = self.tr("Training “{name}”")
        if story.begun and story.steps:
            told = self.tr("{percent} % – Training “{name}”")
        percent = 100 * min(story.step, story.steps) // max(1, story.steps)
        self.setWindowTitle(told.format(name=self._course.name, percent=percent))

    def _closing_words(self) -> str:
        """What becomes of the training when the dialog is closed now."""
        if self._course.aim:
            return self.tr("That goes on when this dialog is closed.")
        if self._course.paused:
            return self.tr("Closing this dialog leaves the training paused.")
        return self.tr("Closing this dialog leaves the training running.")

    def _on_use(self, step: int) -> None:
        if self._state == "running":
            self._buttons.ask_to_use(self._course.name, step)

    def _on_use_chosen(self, go_on: bool) -> None:
        if self._state == "running":
            self._course.use(go_on=go_on)

    def _on_interrupted(self, path: Path | None, text: str) -> None:
        """The style of a preview was made, or was not; the training goes on."""
        folder = self._course.folder
        if folder is None:
            return
        self._buttons.drop_question()
        self._begin(folder, ["resume", str(folder)], self._course.name)
        if path is None:
            self._course.page.tell(self.tr("The style of the preview was not made: {why}").format(why=text))
        else:
            self._course.page.tell(self.tr("“{name}” was made of a preview").format(name=path.stem))
            (self.kept if self.isVisible() else self.made).emit(path.stem)

    def _on_cancel(self) -> None:
        if self._state == "running":
            self._buttons.ask_to_cancel(self._course.name)

    def _on_cancel_chosen(self) -> None:
        if self._state == "running":
            self._course.cancel()

    # After the training.

    def _on_finished(self, path: Path) -> None:
        course = self._course
        self._aftermath.tell_style(course.folder, course.story, path, course.page.chosen_picture)
        self._paints = self.isVisible() and not self._looks_back
        self._come_to("done")
        if not self._looks_back:
            (self.kept if self._paints else self.made).emit(course.name)

    def _on_failed(self, text: str) -> None:
        self._aftermath.tell_failure(self._course.folder, self._course.name, self._course.story, text)
        self._come_to("failed")

    def _come_to(self, state: TrainState) -> None:
        self._buttons.drop_question()
        self._enter(state)
        if self.isVisible():
            QApplication.alert(self)

    def _on_again(self) -> None:
        said = ""
        if self._setup.painting is None and self.run is not None:
            try:
                self._setup.open_picture(painting_of(self.run.folder))
            except TrainError as error:
                said = sentence(str(error))
        self._back_to_setup(said)

    def _on_paint(self) -> None:
        """Out of the way: the picture is what is wanted now."""
        self.kept.emit(self._course.name)
        self.reject()

    # What is shown.

    def _back_to_setup(self, said: str) -> None:
        self._said = said
        self._enter("setup")
        self._preparation.refresh()

    def _enter(self, state: TrainState) -> None:
        self._state = state
        self._pages.setCurrentIndex({"running": 1, "done": 2, "failed": 2}.get(state, 0))
        self._setup.setEnabled(state != "gathering")
        self._buttons.show_state(state, can_go_on=self._course.story.checkpoint > 0, paints=self._paints)
        titles = {"done": self.tr("“{name}” is trained"), "failed": self.tr("“{name}” was not trained")}
        self.setWindowTitle(titles.get(state, self.tr("Train a new style")).format(name=self._course.name))
        if state == "setup":
            self._setup.focus()
            self._on_setup_changed()
        elif state == "running":
            self._buttons.focus("pause")
            self._on_shown()
        else:
            first = "close" if state == "done" and self._paints else "paint"
            self._buttons.focus("stop_gathering", *([first] if state == "done" else []), "go_on", "again")

    def _connect(self) -> None:
        self._preparation.changed.connect(self._on_setup_changed)
        self._preparation.gathering.connect(self._on_gathering)
        self._preparation.ready.connect(self._on_ready)
        self._preparation.refused.connect(self._back_to_setup)
        self._course.shown.connect(self._on_shown)
        self._course.try_requested.connect(self.try_requested)
        self._course.use_requested.connect(self._on_use)
        self._course.interrupted.connect(self._on_interrupted)
        self._course.finished.connect(self._on_finished)
        self._course.failed.connect(self._on_failed)
        self._course.cancelled.connect(self._back_to_setup)
        does = {
            "train": self._on_train,
            "stop_gathering": self._on_stop_gathering,
            "pause": self._course.pause_or_go_on,
            "keep": self._course.keep,
            "cancel": self._on_cancel,
            "paint": self._on_paint,
            "more": self._aftermath.more,
            "folder": self._aftermath.show_folder,
            "go_on": self._aftermath.go_on,
            "again": self._on_again,
            "close": self.reject,
        }
        self._buttons.pressed.connect(lambda name: does[name]())
        self._buttons.cancel_chosen.connect(self._on_cancel_chosen)
        self._buttons.use_chosen.connect(self._on_use_chosen)
        self._aftermath.begin_requested.connect(self._begin)


def _training_run(folder: Path, owner: QObject) -> TrainingRun:
    from stylecam.gui.training.process import TrainingRun

    return TrainingRun(folder, owner)
