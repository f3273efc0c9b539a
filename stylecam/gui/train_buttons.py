"""TrainButtons: the row below the train dialog's pages - a line of words, and the buttons of the page that is shown.

CancelQuestion: asked before what cannot be taken back.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMessageBox, QPushButton, QWidget

from stylecam.gui.train_pages import faint, push_button

__all__ = ["CancelQuestion", "TrainButtons"]


class TrainButtons(QWidget):
    """Shows what `show_state` says.

    Signals:
        pressed(str): "train", "stop_gathering", "pause", "keep", "cancel", "paint", "more", "folder", "go_on",
            "again" or "close".
    """

    pressed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._status = faint(self)
        self._buttons: dict[str, QPushButton] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 8, 0)
        self._row.addWidget(self._status, 1)
        self._add("folder", self.tr("Open &folder"))
        self._add("more", self.tr("Train &more"), self.tr("Go on from here; the style is replaced at the end"))
        self._add("go_on", self.tr("&Go on"), self.tr("Take the training up where it was"))
        self._add("pause", self.tr("&Pause"))
        self._add("keep", self.tr("Stop && &keep"), self.tr("End now, and make the style of what is learned so far"))
        self._add("cancel", self.tr("&Cancel…"), self.tr("End now, and delete everything that the training made"))
        self._add("stop_gathering", self.tr("&Cancel"), self.tr("Stop collecting pictures"))
        self._add("again", self.tr("&Try again"))
        self._add("close", self.tr("Close"))
        self._add("paint", self.tr("&Paint with it"))
        self._add("train", self.tr("&Train"))

    def show_state(self, state: str, *, can_go_on: bool = False) -> None:
        """Show the buttons of a `TrainState`; Enter presses what is next, and never ends a training."""
        shown = {
            "setup": {"close", "train"},
            "gathering": {"stop_gathering"},
            "running": {"pause", "keep", "cancel", "close"},
            "done": {"folder", "more", "close", "paint"},
            "failed": {"folder", "again", "close", *(["go_on"] if can_go_on else [])},
        }[state]
        first = {"setup": "train", "done": "paint", "failed": "go_on" if can_go_on else "again"}.get(state, "")
        for name, button in self._buttons.items():
            button.setVisible(name in shown)
            button.setDefault(name == first)
        self.say("")

    def say(self, text: str) -> None:
        """A line beside the buttons."""
        self._status.setText(text)

    def enable(self, name: str, on: bool, why_not: str = "") -> None:
        """Let a button be pressed, or say why it cannot."""
        self._buttons[name].setEnabled(on)
        self._buttons[name].setAccessibleDescription("" if on else why_not)

    def rename(self, name: str, text: str) -> None:
        """Give a button other words."""
        self._buttons[name].setText(text)

    def focus(self, *names: str) -> None:
        """Give the keyboard to the first of these that is shown."""
        for name in names:
            if not self._buttons[name].isHidden():
                self._buttons[name].setFocus()
                return

    def _add(self, name: str, text: str, tip: str = "") -> None:
        button = push_button(self, text, lambda: self.pressed.emit(name))
        button.setToolTip(tip)
        self._buttons[name] = button
        self._row.addWidget(button)


class CancelQuestion(QMessageBox):
    """Open it with `open`; Enter and Escape go on training.

    Signals:
        cancel_chosen(): cancel the training, and delete what it made.
    """

    cancel_chosen = Signal()

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle(self.tr("Cancel the training?"))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(self.tr("Cancel the training of “{name}”?").format(name=name))
        self.setInformativeText(
            self.tr("Everything that it has learned and painted is deleted. “Stop & keep” makes a style of it instead.")
        )
        cancel = self.addButton(self.tr("&Cancel and delete"), QMessageBox.ButtonRole.DestructiveRole)
        go_on = self.addButton(self.tr("&Go on training"), QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(go_on)
        self.setEscapeButton(go_on)
        cancel.clicked.connect(self.cancel_chosen)
