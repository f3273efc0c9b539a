"""TrainDialog: from a picture to a style - what is asked for, how it goes, what came out.

Invariant: the dialog never waits and never keeps the window from anything. The training is a process of its own that
lives on when the dialog is closed; the dialog follows it, and tells it what is wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from PySide6.QtCore import QObject, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QImage
from PySide6.QtWidgets import QApplication, QDialog, QStackedWidget, QVBoxLayout, QWidget

from stylecam.errors import TrainError
from stylecam.gui.background import Background
from stylecam.gui.estimate import Estimate
from stylecam.gui.export_dialog import show_in_folder
from stylecam.gui.run_guide import RunGuide
from stylecam.gui.train_buttons import CancelQuestion, TrainButtons
from stylecam.gui.train_end import TrainEndPage, result_picture
from stylecam.gui.train_pages import Page, sentence
from stylecam.gui.train_progress import RunPage
from stylecam.gui.train_request import painting_of
from stylecam.gui.train_setup import SetupPage
from stylecam.gui.train_start import TrainStart
from stylecam.runs import read_run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from PySide6.QtGui import QHideEvent, QShowEvent

    from stylecam.frame import Image
    from stylecam.gui.train_request import TrainRequest
    from stylecam.gui.training import TrainingRun

__all__ = ["TrainDialog", "TrainState"]

TrainState: TypeAlias = Literal["setup", "gathering", "running", "done", "failed"]
"""`gathering`: pictures of the camera are collected; `running`: also while it pauses, stops, or is made a style of."""

_LOOK_EVERY_MS: Final = 1000
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
            Emitted when the training ends with a style, also while the dialog is closed, and again by "Paint with it",
            which closes the dialog.
        closed_while_running(): the dialog was closed, and the training goes on; `show` opens it where it was.
    """

    run_started = Signal(object)
    try_requested = Signal(object)
    kept = Signal(str)
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
        self._still, self._new_run = still, new_run or _training_run
        self._state: TrainState = "setup"
        self._name = ""
        self._style: Path | None = None
        self._said = ""
        """What is to be said on the setup page beside its own."""
        self._question: CancelQuestion | None = None
        self._background = Background(self)
        self._estimate = Estimate(self)
        self._start = TrainStart(still, runs, self._background, self)
        self._guide = RunGuide(still, self._background, self)
        self._look = QTimer(self, interval=_LOOK_EVERY_MS)
        self._look.timeout.connect(self._on_look)
        self._setup = SetupPage(self._background, runs, self)
        self._progress = RunPage(self)
        self._end = TrainEndPage(self)
        self._buttons = TrainButtons(self)
        self._pages = QStackedWidget(self)
        for page in (self._setup, self._progress, self._end):
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
        return self._guide.run

    @property
    def style_name(self) -> str:
        """Of the style that is trained, or was; empty before."""
        return self._name

    def open_picture(self, path: Path) -> None:
        """Take this picture as the painting to learn from; not while `busy`."""
        if not self.busy:
            self._back_to_setup("")
            self._setup.open_picture(path)

    def follow(self, run: TrainingRun) -> None:
        """Show a training that lives, or was just resumed: from its first event on.

        Whoever made the run calls its `start` or `attach`, before this or after it, but in the same turn of the event
        loop, so that no event is missed. What was followed before is detached.
        """
        self._leave_setup()
        self._style = None
        try:
            self._name = read_run(run.folder).name
        except TrainError:  # it has not begun to write
            self._name = self._name or run.folder.name
        control = run.control
        self._progress.begin(run.folder, self._name, (control.style, control.content, control.steady))
        self._guide.follow(run, self._name)
        self._enter("running")

    def shutdown(self) -> None:
        """Close without a question, and stop following: the program ends. The training lives on."""
        self._leave_setup()
        self._guide.forget()
        self._look.stop()
        self._progress.end()
        self._background.shut()
        super().reject()

    def reject(self) -> None:
        """Close; a training goes on, and only what was being prepared is given up."""
        if self._state == "gathering":
            self._on_stop_gathering()
        self._leave_setup()
        if self._state == "running":
            self._progress.stop_trying()
            self.closed_while_running.emit()
        super().reject()

    def stop_trying(self) -> None:
        """Release the button: another style was chosen."""
        self._progress.stop_trying()

    # Overridden.

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._setup.look_up_names()
        self._look.start()
        self._on_look()
        self._measure()

    def hideEvent(self, event: QHideEvent) -> None:
        self._look.stop()
        self._drop_question()
        super().hideEvent(event)

    # Before the training.

    def _on_look(self) -> None:
        """What the camera shows now, as far as the page wants it."""
        if self._state == "setup":
            still = self._still()
            self._setup.content.set_camera_there(still is not None)
            self._setup.show_still(still)

    def _measure(self) -> None:
        """See how long it would take, once there is a picture and somebody who looks."""
        if self._state == "setup" and self._setup.painting is not None and self.isVisible():
            self._estimate.measure(self._setup.painting)

    def _on_setup_changed(self) -> None:
        if self._state == "setup":
            problem = self._setup.problem
            self._buttons.enable("train", not problem, problem)
            self._buttons.say(" ".join(text for text in (self._said, problem) if text))

    def _on_train(self) -> None:
        request = self._setup.request
        if self._state == "setup" and request is not None:
            self._said = ""
            self._estimate.stop()
            self._start.begin(request)

    def _on_gathering(self, text: str) -> None:
        if self._state != "gathering":
            self._enter("gathering")
        self._buttons.say(text)

    def _on_stop_gathering(self) -> None:
        self._start.cancel()
        self._back_to_setup("")

    def _on_ready(self, request: TrainRequest, folder: Path) -> None:
        self._name = request.name
        self._begin(folder, request.arguments(folder))

    def _leave_setup(self) -> None:
        self._estimate.stop()
        self._start.cancel()

    def _begin(self, folder: Path, arguments: Sequence[str]) -> None:
        run = self._new_run(folder, self)
        run.start(arguments)
        self.follow(run)
        self.run_started.emit(run)

    # During the training.

    def _on_shown(self) -> None:
        """The title and the buttons say what the page says."""
        if self._state != "running":
            return
        story, aim = self._progress.story, self._guide.aim
        paused = story.paused or self._guide.wants_pause
        self._buttons.rename("pause", self.tr("&Go on") if paused else self.tr("&Pause"))
        self._buttons.enable("pause", not aim)
        self._buttons.enable("keep", not aim and story.begun)
        self._buttons.enable("cancel", aim != "cancel")
        told = self.tr("Training “{name}”")
        if story.begun and story.steps:
            told = self.tr("{percent} % – Training “{name}”")
        percent = 100 * min(story.step, story.steps) // max(1, story.steps)
        self.setWindowTitle(told.format(name=self._name, percent=percent))

    def _on_use(self) -> None:
        """The newest preview is what the trainer has now, or a little less."""
        step = self._progress.chosen_step
        if self._progress.shows_newest:
            self._guide.keep()
        elif step is not None:
            self._guide.use(self._progress.story.variant, step)

    def _on_cancel(self) -> None:
        if self._question is None and self._state == "running":
            self._question = box = CancelQuestion(self._name, self)
            box.cancel_chosen.connect(self._on_cancel_chosen)
            box.finished.connect(self._drop_question)
            box.open()

    def _on_cancel_chosen(self) -> None:
        if self._state == "running":
            self._progress.stop_trying()
            self._guide.cancel()

    # After the training.

    def _on_finished(self, path: Path) -> None:
        self._style, self._name = path, path.stem
        self._progress.end()
        self._end.tell_style(self._name, self._progress.story)
        self._show_result(path, self._progress.chosen_picture)
        self._come_to("done")
        self.kept.emit(self._name)

    def _show_result(self, style: Path, preview: Path | None) -> None:
        """The photographs as they are painted now; without them the style's own thumbnail."""

        def read() -> object:
            from stylecam.stylefile import read_style

            image = result_picture(preview) if preview is not None else QImage()
            return read_style(style).thumbnail if image.isNull() else image

        self._end.show_picture(None)
        self._background.ask("result", read, self._end.show_picture)

    def _on_failed(self, text: str) -> None:
        self._progress.end()
        self._end.tell_failure(self._name, self._progress.story, text)
        self._come_to("failed")

    def _on_cancelled(self, text: str) -> None:
        self._progress.end()
        self._back_to_setup(text)

    def _come_to(self, state: TrainState) -> None:
        self._drop_question()
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

    def _on_go_on(self) -> None:
        if self.run is not None:
            folder = self.run.folder
            self._begin(folder, ["resume", str(folder)])

    def _on_more(self) -> None:
        """Go on to the step that was asked for, or, where that was reached, once more as far."""
        if self.run is not None:
            story, folder = self._progress.story, self.run.folder
            longer = [] if story.step < story.steps else ["--steps", str(2 * max(1, story.steps))]
            self._begin(folder, ["resume", str(folder), *longer])

    def _on_paint(self) -> None:
        """Out of the way: the picture is what is wanted now."""
        self.kept.emit(self._name)
        self.reject()

    def _on_folder(self) -> None:
        if self._state == "done" and self._style is not None:
            show_in_folder(self._style)
        elif self.run is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.run.folder)))

    # What is shown.

    def _back_to_setup(self, said: str) -> None:
        self._said = said
        self._enter("setup")
        self._setup.look_up_names()
        self._measure()

    def _enter(self, state: TrainState) -> None:
        self._state = state
        self._pages.setCurrentIndex({"running": 1, "done": 2, "failed": 2}.get(state, 0))
        self._setup.setEnabled(state != "gathering")
        self._buttons.show_state(state, can_go_on=self._progress.story.checkpoint > 0)
        titles = {"done": self.tr("“{name}” is trained"), "failed": self.tr("“{name}” was not trained")}
        self.setWindowTitle(titles.get(state, self.tr("Train a new style")).format(name=self._name))
        if state == "setup":
            self._setup.focus()
            self._on_setup_changed()
        elif state == "running":
            self._buttons.say(self.tr("Closing this dialog leaves the training running."))
            self._buttons.focus("pause")
            self._on_shown()
        else:
            self._buttons.focus("stop_gathering", "paint", "go_on", "again")

    def _drop_question(self) -> None:
        box, self._question = self._question, None
        if box is not None:
            box.hide()
            box.deleteLater()

    def _connect(self) -> None:
        self._setup.changed.connect(self._on_setup_changed)
        self._setup.opened.connect(lambda _: self._measure())
        self._estimate.changed.connect(lambda: self._setup.show_estimate(self._estimate))
        self._start.gathering.connect(self._on_gathering)
        self._start.ready.connect(self._on_ready)
        self._start.refused.connect(self._back_to_setup)
        self._guide.event_read.connect(self._progress.hear)
        self._guide.waiting.connect(self._progress.wait_for)
        self._guide.finished.connect(self._on_finished)
        self._guide.failed.connect(self._on_failed)
        self._guide.cancelled.connect(self._on_cancelled)
        self._progress.try_changed.connect(self.try_requested)
        self._progress.use_requested.connect(self._on_use)
        self._progress.emphasis_changed.connect(self._guide.set_emphasis)
        self._progress.shown.connect(self._on_shown)
        does = {
            "train": self._on_train,
            "stop_gathering": self._on_stop_gathering,
            "pause": self._guide.pause_or_go_on,
            "keep": self._guide.keep,
            "cancel": self._on_cancel,
            "paint": self._on_paint,
            "more": self._on_more,
            "folder": self._on_folder,
            "go_on": self._on_go_on,
            "again": self._on_again,
            "close": self.reject,
        }
        self._buttons.pressed.connect(lambda name: does[name]())


def _training_run(folder: Path, owner: QObject) -> TrainingRun:
    from stylecam.gui.training import TrainingRun

    return TrainingRun(folder, owner)
