"""ExportDialog: where to, how far, and how it ended, for one video that is painted into a file.

Invariant: the dialog never waits and never keeps the window from anything: the export runs in a thread, and a timer
looks at it ten times a second. Nothing is replaced unless it was said so, and an early end keeps what is there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from stylecam.errors import OutputExistsError, StylecamError
from stylecam.gui.export_pages import EndPage, NamePage, ProgressPage
from stylecam.gui.exportjob import ExportJob
from stylecam.gui.filemanager import show_in_folder
from stylecam.gui.question import Question

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent

    from stylecam.gui.exportjob import Run
    from stylecam.pipeline import VideoReport

__all__ = ["ExportDialog", "ExportState"]

ExportState: TypeAlias = Literal["asking", "running", "stopping", "done", "stopped", "failed"]

_LOOK_EVERY_MS: Final = 100
_QUIT_S: Final = 2.0


class ExportDialog(QDialog):
    """Asks for a name, runs an export and tells how it ended. Show it with `show`; it blocks nothing.

    Signals:
        exported(str): the file that is finished now, whole or ended early.
    """

    exported = Signal(str)

    def __init__(self, source: Path, output: Path, run: Run, parent: QWidget | None = None) -> None:
        """Prepare; the dialog starts nothing by itself.

        Args:
            source: the video, for its name, and so that it is never the output.
            output: the name to suggest.
            run: what exports, called in a thread of its own (see `stylecam.gui.exportjob.Run`).
            parent: the window it belongs to.
        """
        super().__init__(parent)
        self._source, self._run = source, run
        self._state: ExportState = "asking"
        self._job: ExportJob | None = None
        self._finished_path: Path | None = None
        self._question: Question | None = None
        self._timer = QTimer(self, interval=_LOOK_EVERY_MS)
        self._timer.timeout.connect(self._on_timer)
        self._names = NamePage(source, output, self)
        self._names.browse_requested.connect(self._on_browse)
        self._progress = ProgressPage(source, self)
        self._end = EndPage(self)
        self._start_button = self._button(self.tr("&Export"), self.start)
        self._stop_button = self._button(self.tr("&Stop…"), self.reject)
        self._show_button = self._button(self.tr("Show in &folder"), self._on_show)
        self._again_button = self._button(self.tr("&Try again"), self._on_again)
        self._close_button = self._button(self.tr("&Close"), self.reject)
        self._cancel_button = self._button(self.tr("Cancel"), self.reject)
        self._lay_out()
        application = QApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self._on_quit)
        self._enter("asking")

    @property
    def state(self) -> ExportState:
        return self._state

    @property
    def busy(self) -> bool:
        """Whether an export runs."""
        return self._job is not None

    @property
    def finished_path(self) -> Path | None:
        """The finished file, whole or ended early; None until then, and if there is none."""
        return self._finished_path

    def offer_hardware(self, encoder: str, title: str) -> None:
        """Let a person choose an encoder that works here, by its name and whose it is. Until then x264 is taken."""
        self._names.offer_hardware(encoder, title)

    @Slot()
    def start(self) -> None:
        """Export under the name that is there now; one that cannot be used is told in the dialog."""
        if self._state != "asking":
            return
        from stylecam.sinks import check_output  # loads FFmpeg

        try:
            output, force = self._names.target()
            check_output(output, source=self._source, force=force)
        except StylecamError as error:
            self._names.show_problem(str(error))
            return
        self._finished_path = None
        self._progress.begin(output)
        self._job = ExportJob(self._run, output, force=force, encoder=self._names.encoder)
        self.destroyed.connect(self._job.stop)  # with the window it belongs to, or by whoever owns it
        self._enter("running")
        self._timer.start()

    def stop(self) -> None:
        """End early, without asking; the file is finished with what is there."""
        if self._job is not None and self._state == "running":
            self._job.stop()
            self._progress.show_stopping()
            self._enter("stopping")

    def shutdown(self, timeout_s: float = _QUIT_S) -> bool:
        """End at once and close, without asking: the program quits.

        Returns:
            Whether the export ended within `timeout_s` seconds. If not, it finishes its file as soon as it can.
        """
        self._timer.stop()
        job = self._job
        if job is None:
            self._hide_for_good()
            return True
        job.stop()
        ended = job.join(timeout_s)
        if ended:
            self._finish(job)
        self._hide_for_good()
        return ended

    def reject(self) -> None:
        """Close; while an export runs, ask first."""
        if self._state == "running":
            self._ask()
        elif self._state != "stopping":
            super().reject()

    def hideEvent(self, event: QHideEvent) -> None:
        self._drop_question()
        super().hideEvent(event)

    def _enter(self, state: ExportState) -> None:
        self._state = state
        at_work = state in ("running", "stopping")
        at_end = not at_work and state != "asking"
        self._names.setVisible(state == "asking")
        self._progress.setVisible(at_work)
        self._end.setVisible(at_end)
        self._start_button.setVisible(state == "asking")
        self._cancel_button.setVisible(state == "asking")
        self._stop_button.setVisible(at_work)
        self._stop_button.setEnabled(state == "running")
        self._show_button.setVisible(at_end and self._finished_path is not None)
        self._again_button.setVisible(state == "failed")
        self._close_button.setVisible(at_end)
        # Enter does what is next, and never stops an export.
        default = {"asking": self._start_button, "done": self._close_button, "stopped": self._close_button}.get(state)
        for button in (self._start_button, self._close_button):
            button.setDefault(button is default)
        if state == "asking":
            self._names.focus()
        elif at_end:
            self._close_button.setFocus()
        title = self.tr("Export {name}") if state in ("asking", "failed") else self.tr("Exporting {name}")
        if state in ("done", "stopped"):
            title = self.tr("Exported {name}")
        self.setWindowTitle(title.format(name=self._source.name))

    @Slot()
    def _on_timer(self) -> None:
        job = self._job
        if job is None:
            return
        if job.progress is not None and self._state == "running":
            percent = self._progress.show_progress(job.progress)
            if percent is not None:
                told = self.tr("{percent} % – Exporting {name}")
                self.setWindowTitle(told.format(percent=percent, name=self._source.name))
        if job.ended:
            self._finish(job)

    def _finish(self, job: ExportJob) -> None:
        self._timer.stop()
        self._job = None
        job.join()
        try:
            report = job.result()
        except OutputExistsError:
            told = self.tr("Something called {name} appeared there meanwhile, and is kept. Choose another name.")
            self._fail(told.format(name=job.output.name))
        except StylecamError as error:
            self._fail(_with_notes(str(error), error))
        except BaseException as error:
            sys.excepthook(type(error), error, error.__traceback__)
            told = self.tr("The export stopped because of a bug in stylecam; the log has the details.")
            self._fail(_with_notes(told, error))
        else:
            self._tell(report)
        self._drop_question()
        if self.isVisible():
            QApplication.alert(self)

    def _fail(self, text: str) -> None:
        self._end.show_failure(self.tr("{name} was not exported").format(name=self._source.name), text)
        self._enter("failed")

    def _tell(self, report: VideoReport) -> None:
        self._finished_path = report.output
        self._end.show_report(report)
        self._enter("stopped" if report.stopped else "done")
        if report.output is not None:
            self.exported.emit(str(report.output))

    def _ask(self) -> None:
        if self._question is not None:
            return
        self._question = question = Question(
            self,
            title=self.tr("Stop the export?"),
            text=self.tr("Stop the export of {name}?").format(name=self._source.name),
            more=self.tr("What is painted so far becomes a video that plays."),
            yes=self.tr("&Stop and keep"),
            no=self.tr("&Go on"),
            destroys=False,
        )
        question.agreed.connect(self.stop)
        question.finished.connect(self._drop_question)
        question.open()

    @Slot()
    def _drop_question(self) -> None:
        question, self._question = self._question, None
        if question is not None:
            question.drop()

    @Slot()
    def _on_browse(self) -> None:
        # The dialog itself asks about replacing, with a way to keep both.
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            self.tr("Export as"),
            str(self._names.wished),
            self.tr("Videos (*.mp4 *.m4v *.mov *.mkv)"),
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if chosen:
            self._names.wish(Path(chosen))

    @Slot()
    def _on_show(self) -> None:
        if self._finished_path is not None:
            show_in_folder(self._finished_path)

    @Slot()
    def _on_again(self) -> None:
        self._names.look()
        self._enter("asking")

    @Slot()
    def _on_quit(self) -> None:
        self.shutdown()

    def _hide_for_good(self) -> None:
        self._drop_question()
        super().reject()

    def _button(self, text: str, slot: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (
            self._show_button,
            self._again_button,
            self._cancel_button,
            self._stop_button,
            self._close_button,
            self._start_button,
        ):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(16)
        # The dialog is as high as what it shows, and cannot be pulled larger than that.
        column.setSizeConstraint(QLayout.SizeConstraint.SetFixedSize)
        for page in (self._names, self._progress, self._end):
            column.addWidget(page)
        column.addLayout(row)


def _with_notes(text: str, error: BaseException) -> str:
    """The text and what was noted on the error: which part of the work is kept, and where."""
    return "\n".join([text, *getattr(error, "__notes__", ())])
