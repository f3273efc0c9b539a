"""TrainingControl: trainings as the window has them - begun, followed, tried live, found again, kept.

Invariant: a training is its own process, and the window only looks on. One at a time is followed from here; it goes on
when its dialog is closed, which a line in the banner then stands for, and when the window is closed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QPoint, QRect, Qt, QTimer

from stylecam.gui.background import Background
from stylecam.gui.training.banner import TrainingBanner
from stylecam.gui.training.dialog import TrainDialog
from stylecam.gui.training.found import find, note_offered
from stylecam.gui.training.list_dialog import TrainingsDialog
from stylecam.gui.training.place import beside
from stylecam.gui.training.process import TrainingRun
from stylecam.gui.words import counted, sentence
from stylecam.runs import is_running

if TYPE_CHECKING:
    from stylecam.frame import Image
    from stylecam.gui.main_window import MainWindow
    from stylecam.gui.style_control import StyleControl
    from stylecam.gui.training.found import Found
    from stylecam.runs import RunInfo

__all__ = ["TrainingControl"]

_OFFER_AGAIN_MS: Final = 1000
_TRIAL: Final = re.compile(r"[a-z]+-(\d+)")


class TrainingControl(QObject):
    """Wires the trainings. `begin` looks for those that go on without a window."""

    def __init__(self, window: MainWindow, styles: StyleControl) -> None:
        super().__init__(window)
        self._window, self._styles = window, styles
        self._dialog: TrainDialog | None = None
        self._list: TrainingsDialog | None = None
        self._line = TrainingBanner(window.banner, self.show_dialog, self.stop, self)
        self._background = Background(self)
        self._offer_later = QTimer(self, singleShot=True, interval=_OFFER_AGAIN_MS)
        actions = window.actions_
        window.gallery.train_requested.connect(self.train)
        actions.train.triggered.connect(self.train)
        actions.trainings.triggered.connect(self.show_list)
        actions.stop_training.triggered.connect(self.stop)
        actions.stop_training.setEnabled(False)
        styles.trial_ended.connect(self._on_trial_ended)

    @property
    def dialog(self) -> TrainDialog | None:
        """The present one, shown or not."""
        return self._dialog

    @property
    def trainings(self) -> TrainingsDialog | None:
        """The list, once it was asked for."""
        return self._list

    def begin(self) -> None:
        """Look for a training that goes on, and for one that was stopped and can."""
        self._background.ask("begin", find, self._on_found)

    def shutdown(self) -> None:
        """Look on no longer; what is being trained goes on."""
        self._offer_later.stop()
        if self._list is not None:
            self._list.shutdown()
        if self._dialog is not None:
            self._dialog.shutdown()
        self._background.shut()

    def train(self) -> None:
        """Show the training that goes on, or ask for a new one."""
        dialog = self._dialog
        if dialog is None or (dialog.state in ("done", "failed") and not dialog.isVisible()):
            self._renew()
        self.show_dialog()

    def take_picture(self, path: Path) -> bool:
        """Learn from this picture, if the dialog is open and waits for one; whether it was taken."""
        dialog = self._dialog
        if dialog is None or not dialog.isVisible() or dialog.busy:
            return False
        dialog.open_picture(path)
        self.show_dialog()
        return True

    def show_dialog(self) -> None:
        """Bring the training's dialog to the front."""
        if self._dialog is None:
            return
        self._line.hide()  # the dialog says it, and more
        if not self._dialog.testAttribute(Qt.WidgetAttribute.WA_Moved):
            self._dialog.move(self._place(self._dialog))
        self._dialog.show()
        self._dialog.activateWindow()

    def show_list(self) -> None:
        """Show every training there is."""
        if self._list is None:
            self._list = TrainingsDialog(self._window)
            self._list.show_requested.connect(self.show_run)
            self._list.resume_requested.connect(self.resume)
            self._list.folder_requested.connect(self._window.show_folder)
            self._list.kept.connect(self._styles.choose_when_loaded)
            self._list.deleted.connect(self._on_deleted)
        self._list.show()
        self._list.activateWindow()

    def show_run(self, folder: Path) -> None:
        """Follow the run in this folder, living or ended, and show it. One that was followed before lives on."""
        dialog, run = self._dialog, self._run
        # Pictures are being collected, or a style is being made: that would be broken off.
        at_work = dialog is not None and dialog.busy and (run is None or not run.running)
        if not at_work and not self._follows(folder):
            self._attach(folder)
        self.show_dialog()

    def resume(self, folder: Path) -> None:
        """Go on with a run that was stopped, and show it; not while another is being trained from here."""
        if self._dialog is not None and self._dialog.busy:
            if not self._follows(folder):
                self._window.banner.show_message(
                    self.tr("One training at a time: end that of “{name}” first, or wait for it.").format(
                        name=self._line.name
                    ),
                    level="info",
                    timeout_s=10,
                )
            self.show_dialog()
            return
        dialog = self._renew()
        run = TrainingRun(folder, dialog)
        run.start(["resume", str(folder)])
        dialog.follow(run)
        self._follow(run)
        self.show_dialog()

    def stop(self) -> None:
        """Let the training write a checkpoint and end; it can go on later."""
        dialog, run = self._dialog, self._run
        if dialog is None or run is None or not run.running:
            return
        self._window.actions_.stop_training.setEnabled(False)
        self._line.stop(may_speak=not dialog.isVisible())
        dialog.stop_training()

    # The dialog, and the run that it shows.

    @property
    def _run(self) -> TrainingRun | None:
        return self._dialog.run if self._dialog is not None else None

    def _renew(self) -> TrainDialog:
        """A new dialog in place of the present one, whose training lives on."""
        if self._dialog is not None:
            self._dialog.shutdown()
            self._dialog.deleteLater()
        self._dialog = dialog = TrainDialog(self._window, still=self._still)
        dialog.run_started.connect(self._on_run_started)
        dialog.try_requested.connect(self._on_try)
        dialog.kept.connect(self._on_kept)
        dialog.made.connect(self._on_made)
        dialog.closed_while_running.connect(self._line.show)
        self._window.actions_.stop_training.setEnabled(False)
        return dialog

    def _attach(self, folder: Path) -> None:
        dialog = self._renew()
        run = TrainingRun(folder, dialog)
        run.attach()
        dialog.follow(run, looks_back=not is_running(folder))
        self._follow(run)

    def _place(self, dialog: TrainDialog) -> QPoint:
        """Where the picture is seen that a style is tried on; a compositor that places windows itself moves nothing."""
        window, picture = self._window, self._window.preview
        frame = window.frameGeometry().size() - window.geometry().size()
        return beside(
            dialog.size() + frame,
            QRect(picture.mapToGlobal(QPoint(0, 0)), picture.size()),
            window.frameGeometry(),
            window.screen().availableGeometry(),
        )

    def _follows(self, folder: Path) -> bool:
        run = self._run
        return run is not None and run.running and run.folder == folder

    def _follow(self, run: TrainingRun) -> None:
        self._line.begin(run.folder.name)
        run.event_read.connect(self._on_event)
        run.ended.connect(self._on_ended)
        self._window.actions_.stop_training.setEnabled(True)

    def _on_run_started(self, run: TrainingRun) -> None:
        """Also while nobody looks: it was interrupted for the style of a preview, and goes on."""
        self._follow(run)
        dialog = self._dialog
        if dialog is not None and not dialog.isVisible():
            self._line.name = dialog.style_name
            self._line.show_when_free()

    def _still(self) -> Image | None:
        painting = self._window.painting
        return painting.source.image if painting is not None else None

    def _on_event(self, event: dict[str, Any]) -> None:
        dialog = self._dialog
        if dialog is not None and self.sender() is dialog.run:
            self._line.name = dialog.style_name  # which its folder may have with a number
            self._line.hear(event, may_speak=not dialog.isVisible())
            if event["event"] == "paused":  # also one that was to stop, and could only be paused
                self._window.actions_.stop_training.setEnabled(True)

    def _on_ended(self, done: bool, text: str) -> None:
        run = self._run
        if run is None or self.sender() is not run:
            return
        self._window.actions_.stop_training.setEnabled(False)
        self._line.hide()
        if done or self._dialog is None or self._dialog.busy or self._dialog.isVisible():
            return  # `kept` says it, or the dialog does
        if run.outcome == "cancelled":
            message = self.tr("The training of “{name}” was cancelled.")
        elif run.outcome == "stopped":
            message = self.tr("The training of “{name}” was stopped; it can go on later.")
        else:
            message = self.tr("The training of “{name}” has ended.")
        self._window.banner.show_message(
            message.format(name=self._line.name),
            level="info" if run.outcome in ("cancelled", "stopped") else "warning",
            actions=[(self.tr("Show"), self.show_dialog)],
            details="" if run.outcome in ("cancelled", "stopped") else sentence(text),
        )

    def _on_kept(self, name: str) -> None:
        self._styles.choose_when_loaded(name)
        told = self.tr("“{name}” is trained, and paints now.")
        if self._dialog is not None and self._dialog.busy:
            told = self.tr("“{name}” paints now as it was at that preview; its training goes on.")
        self._window.banner.show_message(told.format(name=name), level="info")

    def _on_made(self, name: str) -> None:
        """Nobody looked, so that nobody's picture is changed."""
        self._styles.choose_when_loaded("")  # only read
        told = self.tr("“{name}” is trained, and stands in the gallery.")
        if self._dialog is not None and self._dialog.busy:
            told = self.tr("“{name}” stands in the gallery as it was at that preview; its training goes on.")
        self._window.banner.show_message(
            told.format(name=name),
            level="info",
            actions=[(self.tr("Paint with it"), lambda: self._on_paint(name)), (self.tr("Show"), self.show_dialog)],
        )

    def _on_paint(self, name: str) -> None:
        self._window.banner.hide_message()
        self._styles.choose_when_loaded(name)

    def _on_try(self, path: Path) -> None:
        if path == Path(""):
            self._styles.end_trial()
            return
        step = _TRIAL.fullmatch(path.stem)
        self._styles.try_style(
            path,
            self.tr("{name}, step {step}").format(name=self._line.name, step=f"{int(step[1]):,}")
            if step
            else path.stem,
        )

    def _on_trial_ended(self) -> None:
        """By whoever: if not by the dialog, it would go on with its next preview."""
        if self._dialog is not None:
            self._dialog.stop_trying()

    # What was there before the window.

    def _on_found(self, found: Found) -> None:
        if self._dialog is not None:
            return  # somebody was quicker
        if found.living is not None:
            self._attach(found.living.folder)
            self._line.name = found.living.name
            self._line.show_when_free()
        elif found.stopped is not None:
            stopped = found.stopped
            self._offer_later.timeout.connect(lambda: self._offer(stopped))
            self._offer(stopped)

    def _offer(self, stopped: RunInfo) -> None:
        """Once, and not over other messages."""
        banner = self._window.banner
        if self._dialog is not None:
            return
        if banner.text:
            self._offer_later.start()
            return
        note_offered()
        text = self.tr("The training of “{name}” was stopped at step {step} of {steps}. It can go on from there.")
        banner.show_message(
            text.format(name=stopped.name, step=counted(stopped.step), steps=counted(stopped.steps)),
            level="info",
            actions=[
                (self.tr("Resume"), lambda: self._on_resume(stopped.folder)),
                (self.tr("Not now"), banner.hide_message),
            ],
        )

    def _on_resume(self, folder: Path) -> None:
        self._window.banner.hide_message()
        self.resume(folder)

    def _on_deleted(self, folder: Path) -> None:
        """A dialog that shows what is no more is closed."""
        dialog = self._dialog
        if dialog is not None and not dialog.busy and dialog.run is not None and dialog.run.folder == folder:
            dialog.shutdown()
            dialog.deleteLater()
            self._dialog = None
