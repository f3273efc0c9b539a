"""TrainingsDialog: every training that left a folder - how it stands, and what can still be done with it.

Invariant: the list is read from the folders, beside the window's thread, every few seconds while it is shown: a
training that was started from a terminal is in it as well.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QDateTime, QLocale, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from stylecam.gui.background import Background
from stylecam.gui.question import Question
from stylecam.gui.training.command import TrainerCommand
from stylecam.gui.words import counted, sentence
from stylecam.runs import delete_run, list_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QHideEvent, QShowEvent

    from stylecam.runs import RunInfo, RunState

__all__ = ["TrainingsDialog"]

_EVERY_MS: Final = 2000
_LIVING: Final = ("running", "paused")
_GAP: Final = 12
_SIZE: Final = (720, 380)
_FOLDER: Final = Qt.ItemDataRole.UserRole


class TrainingsDialog(QDialog):
    """Show it with `show`; it blocks nothing.

    Signals:
        show_requested(Path), resume_requested(Path): of the run in this folder.
        folder_requested(Path): open it in the system's file manager.
        kept(str): the style of this name was made of a run, and lies among the user's own.
        deleted(Path): the run in this folder is no more.
    """

    show_requested = Signal(object)
    resume_requested = Signal(object)
    folder_requested = Signal(object)
    kept = Signal(str)
    deleted = Signal(object)

    def __init__(self, parent: QWidget | None = None, *, runs: Path | None = None) -> None:
        """`runs`: where the folders of trainings are; by default `stylecam.runs.runs_folder`."""
        super().__init__(parent)
        self._folder = runs
        self._runs: dict[Path, RunInfo] = {}
        self._items: dict[Path, QTreeWidgetItem] = {}
        self._read = False
        self._style = ""
        self._question: Question | None = None
        self._background = Background(self)
        self._command = TrainerCommand(self)
        self._command.said.connect(self._on_said)
        self._command.ended.connect(self._on_made)
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(self.refresh)
        self.setWindowTitle(self.tr("Trainings"))
        self._list = QTreeWidget(self)
        self._list.setAccessibleName(self.tr("Trainings"))
        self._list.setHeaderLabels(
            [self.tr("Style"), self.tr("Preset"), self.tr("State"), self.tr("Step"), self.tr("Begun")]
        )
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        self._list.setAllColumnsShowFocus(True)
        self._list.itemSelectionChanged.connect(self._show_buttons)
        self._list.itemActivated.connect(self._on_open)
        self._note = QLabel(self)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._note.setWordWrap(True)
        self._open = self._button(self.tr("&Show"), self._on_open)
        self._make = self._button(self.tr("&Keep the style"), self._on_make)
        self._delete = self._button(self.tr("&Delete…"), self._on_delete)
        self._show_folder = self._button(
            self.tr("Open the &folder"), lambda: self.folder_requested.emit(self._current().folder)
        )
        row = QHBoxLayout()
        for button in (self._open, self._make, self._delete, self._show_folder):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self._button(self.tr("&Close"), self.close))
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 14)
        column.setSpacing(12)
        column.addWidget(self._list, 1)
        column.addWidget(self._note)
        column.addLayout(row)
        self.resize(*_SIZE)
        self._show_buttons()

    @property
    def selected(self) -> RunInfo | None:
        """The run that the buttons are about."""
        items = self._list.selectedItems()
        return self._runs.get(items[0].data(0, _FOLDER)) if items else None

    @property
    def note(self) -> str:
        """What it says below the list."""
        return self._note.text()

    def refresh(self) -> None:
        """Read the folders anew."""
        folder = self._folder
        self._background.ask("list", lambda: list_runs(folder), self._on_listed, otherwise=self._say)

    def shutdown(self) -> None:
        """Close, and end what it has begun."""
        self._drop_question()
        self.close()
        self._command.stop()
        self._background.shut()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _on_listed(self, runs: Sequence[RunInfo]) -> None:
        before = self.selected
        self._runs, self._read = {run.folder: run for run in runs}, True
        if self._items.keys() != self._runs.keys():
            self._list.clear()
            self._items = {folder: self._item(folder) for folder in self._runs}
        # In place, so that the list is not scrolled, nor a row deselected, while somebody reads it.
        metrics = self._list.fontMetrics()
        for folder, run in self._runs.items():
            size = QSize(metrics.horizontalAdvance(run.title) + _GAP, metrics.height() + _GAP)
            self._items[folder].setSizeHint(0, size)
            for at, text in enumerate(self._texts(run)):
                self._items[folder].setText(at, text)
                self._items[folder].setToolTip(at, run.text)
        for at in range(self._list.columnCount() - 1):  # the last takes what is left
            self._list.resizeColumnToContents(at)
            self._list.setColumnWidth(at, self._list.columnWidth(at) + _GAP)
        if not self._list.selectedItems() and runs:
            stays = before.folder if before is not None and before.folder in self._items else runs[0].folder
            self._list.setCurrentItem(self._items[stays])
        self._show_buttons()

    def _item(self, folder: Path) -> QTreeWidgetItem:
        item = QTreeWidgetItem(self._list)
        item.setData(0, _FOLDER, folder)
        return item

    def _texts(self, run: RunInfo) -> tuple[str, ...]:
        words: dict[RunState, str] = {
            "running": self.tr("is being trained"),
            "paused": self.tr("paused"),
            "stopped": self.tr("stopped, can go on"),
            "finished": self.tr("finished"),
            "failed": self.tr("failed"),
            "cancelled": self.tr("cancelled"),
        }
        steps = ""
        if run.steps:
            steps = self.tr("{step} of {steps}").format(step=counted(run.step), steps=counted(run.steps))
        begun = QDateTime.fromSecsSinceEpoch(round(run.created))
        when = QLocale().toString(begun, QLocale.FormatType.ShortFormat) if run.created else ""
        return run.title, run.preset, words[run.state], steps, when

    def _show_buttons(self) -> None:
        run = self.selected
        busy = self._command.running
        living = run is not None and run.state in _LIVING
        resumable = run is not None and run.state in ("stopped", "failed", "cancelled")
        self._open.setText(self.tr("&Resume") if resumable else self.tr("&Show"))
        self._open.setAccessibleName(self._open.text().replace("&", ""))
        self._open.setEnabled(run is not None and not busy)
        self._make.setEnabled(run is not None and not living and run.step > 0 and not busy)
        self._delete.setEnabled(run is not None and not living and not busy)
        self._show_folder.setEnabled(run is not None)
        if self._read and not self._runs:
            self._say(self.tr("No style was trained here yet."))

    def _on_open(self) -> None:
        run = self.selected
        if run is None or not self._open.isEnabled():
            return
        self._say("")
        if run.state in ("stopped", "failed", "cancelled"):
            self.resume_requested.emit(run.folder)
        else:
            self.show_requested.emit(run.folder)

    def _on_make(self) -> None:
        run = self._current()
        self._style = ""
        self._command.start(["export", str(run.folder)])
        self._say(self.tr("Making the style “{name}”…").format(name=run.name))
        self._show_buttons()

    def _on_said(self, value: dict[str, Any]) -> None:
        if value.get("event") == "finished":
            self._style = str(value.get("path") or "")

    def _on_made(self, done: bool, text: str) -> None:
        if done and self._style:
            name = Path(self._style).stem
            self._say(self.tr("“{name}” is in the gallery.").format(name=name))
            self.kept.emit(name)
        else:
            self._say(sentence(text or self.tr("The trainer made no style.")))
        self._show_buttons()
        self.refresh()

    def _on_delete(self) -> None:
        run = self._current()
        lost = self.tr("It has made no style yet, and what it has learnt is lost.")
        if run.style is not None:
            lost = self.tr("It cannot be resumed then. A style that it has made stays in the gallery.")
        self._question = question = Question(
            self,
            title=self.tr("Delete the training?"),
            text=self.tr("Delete the training of “{name}”?").format(name=run.title),
            more=lost,
            yes=self.tr("&Delete"),
            no=self.tr("&Keep it"),
        )
        question.agreed.connect(lambda: self._do_delete(run.folder))
        question.finished.connect(self._drop_question)
        question.open()

    def _do_delete(self, folder: Path) -> None:
        self._say("")
        self._background.ask(
            "delete", lambda: delete_run(folder), lambda _: self._on_deleted(folder), otherwise=self._say
        )

    def _on_deleted(self, folder: Path) -> None:
        self.deleted.emit(folder)
        self.refresh()

    def _drop_question(self) -> None:
        question, self._question = self._question, None
        if question is not None:
            question.drop()

    def _current(self) -> RunInfo:
        run = self.selected
        assert run is not None, "the buttons are off without one"
        return run

    def _say(self, text: str) -> None:
        self._note.setText(sentence(text) if text else "")

    def _button(self, text: str, slot: Callable[[], object]) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        return button
