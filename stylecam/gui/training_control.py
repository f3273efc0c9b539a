"""TrainingControl: starts `stylecam train` from the menu, says how far it is, and puts the new style in the gallery."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QInputDialog

from stylecam.errors import StyleFormatError
from stylecam.gui.savedfiles import style_name_from
from stylecam.gui.training import TrainingRun, training_command
from stylecam.stylefile import check_name

if TYPE_CHECKING:
    from stylecam.gui.main_window import MainWindow
    from stylecam.gui.style_control import StyleControl

__all__ = ["TrainingControl"]


class TrainingControl(QObject):
    """Wires the training; one at a time."""

    def __init__(self, window: MainWindow, styles: StyleControl) -> None:
        super().__init__(window)
        self._window, self._styles = window, styles
        self._training: TrainingRun | None = None
        self._training_name = ""
        self._shown = ""
        """What the banner said last of the training."""
        self._was_replaced = False
        actions = window.actions_
        window.gallery.train_requested.connect(self._on_train)
        actions.train.triggered.connect(self._on_train)
        actions.stop_training.triggered.connect(self._on_stop_training)
        actions.stop_training.setEnabled(False)

    def shutdown(self) -> None:
        """End the training; its last checkpoint stays, and the same picture and name go on from there."""
        if self._training:
            self._training.shutdown()

    def _on_train(self) -> None:
        window = self._window
        if self._training is not None and self._training.running:
            self._show(self._shown)  # one at a time; it may have been closed
            return
        painting, _ = QFileDialog.getOpenFileName(
            window, self.tr("Train a new style: its painting"), "", self.tr("Pictures (*.jpg *.jpeg *.png *.webp)")
        )
        if not painting:
            return
        content = QFileDialog.getExistingDirectory(
            window, self.tr("Train a new style: a folder of photographs to learn on (16 or more)")
        )
        if not content:
            return
        name, accepted = QInputDialog.getText(
            window,
            self.tr("Train a new style"),
            self.tr("Name of the style (a–z, 0–9, - and _):"),
            text=style_name_from(Path(painting).stem),
        )
        if accepted and name.strip():
            self.train(Path(painting), Path(content), _allowed(name.strip()))

    def train(self, painting: Path, content: Path, name: str) -> None:
        """Start the trainer; the banner tells how far it is."""
        runs = platformdirs.user_data_path("stylecam", appauthor=False) / "runs"
        self._training_name = name
        if self._training is not None:
            self._training.deleteLater()
        self._training = TrainingRun(training_command(painting, content, name, runs), self)
        self._training.progressed.connect(self._on_training_progressed)
        self._training.ended.connect(self._on_training_ended)
        self._window.actions_.stop_training.setEnabled(True)
        self._show(self._progress_text(self.tr("getting ready")))

    def _on_training_progressed(self, text: str) -> None:
        """Say it where the training is spoken of; not over other messages, and not again once it was closed."""
        banner, before = self._window.banner, self._shown
        self._shown = self._progress_text(text)
        if banner.reword(before, self._shown):
            return
        if banner.text:
            self._was_replaced = True
        elif self._was_replaced:
            self._show(self._shown)

    def _progress_text(self, text: str) -> str:
        return self.tr("Training “{name}”: {text}.").format(name=self._training_name, text=text)

    def _show(self, text: str) -> None:
        self._shown, self._was_replaced = text, False
        self._window.banner.show_message(text, level="info", actions=[(self.tr("Stop"), self._on_stop_training)])

    def _on_stop_training(self) -> None:
        if self._training:
            self._training.stop()

    def _on_training_ended(self, done: bool, text: str) -> None:
        self._window.actions_.stop_training.setEnabled(False)
        if done:
            self._on_trained()
        else:
            self._window.banner.show_message(
                self.tr("The training of “{name}” has ended.").format(name=self._training_name),
                level="warning",
                details=text,
            )

    def _on_trained(self) -> None:
        self._styles.choose_when_loaded(self._training_name)
        self._window.banner.show_message(
            self.tr("“{name}” is trained, and paints now.").format(name=self._training_name), level="info"
        )


def _allowed(name: str) -> str:
    """The name, or the nearest one that a style may have."""
    try:
        return check_name(name)
    except StyleFormatError:
        return style_name_from(name)
