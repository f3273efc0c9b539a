"""TrainButtons: the row below the train dialog's pages - a line of words, and the buttons of the page that is shown."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMessageBox, QPushButton, QWidget

from stylecam.gui.question import Question
from stylecam.gui.training.parts import faint, push_button

__all__ = ["TrainButtons"]


class TrainButtons(QWidget):
    """Shows what `show_state` says.

    Signals:
        pressed(str): "train", "stop_gathering", "pause", "keep", "cancel", "paint", "more", "folder", "go_on",
            "again" or "close".
        cancel_chosen(): "cancel" was asked about with `ask_to_cancel`, and is meant.
        use_chosen(bool): the answer to `ask_to_use`: whether the training is to go on.
    """

    pressed = Signal(str)
    cancel_chosen = Signal()
    use_chosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._status = faint(self)
        self._buttons: dict[str, QPushButton] = {}
        self._tips: dict[str, str] = {}
        self._question: Question | None = None
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

    def show_state(self, state: str, *, can_go_on: bool = False, paints: bool = False) -> None:
        """Show the buttons of a `TrainState`; Enter presses what is next, and never ends a training.

        Args:
            state: which.
            can_go_on: whether a training that failed can be taken up again.
            paints: whether the window paints with what is done already.
        """
        shown = {
            "setup": {"close", "train"},
            "gathering": {"stop_gathering"},
            "running": {"pause", "keep", "cancel", "close"},
            "done": {"folder", "more", "close", "paint"},
            "failed": {"folder", "again", "close", *(["go_on"] if can_go_on else [])},
        }[state]
        first = {
            "setup": "train",
            "done": "close" if paints else "paint",
            "failed": "go_on" if can_go_on else "again",
        }.get(state, "")
        for name, button in self._buttons.items():
            button.setVisible(name in shown)
            button.setDefault(name == first)
        self.say("")

    def say(self, text: str) -> None:
        """A line beside the buttons."""
        self._status.setText(text)

    def enable(self, name: str, on: bool, why_not: str = "") -> None:
        """Let a button be pressed, or say why it cannot."""
        button, reason = self._buttons[name], "" if on else why_not
        if not on and self.window().focusWidget() is button:
            self.focus("close")  # else it would go to whatever is next, which may be "cancel"
        button.setEnabled(on)
        button.setAccessibleDescription(reason)
        button.setToolTip(reason or self._tips[name])

    def rename(self, name: str, text: str) -> None:
        """Give a button other words."""
        self._buttons[name].setText(text)

    def focus(self, *names: str) -> None:
        """Give the keyboard to the first of these that is shown."""
        for name in names:
            if not self._buttons[name].isHidden():
                self._buttons[name].setFocus()
                return

    def ask_to_cancel(self, style: str) -> None:
        """Ask whether the training of this style is to be cancelled, once; `cancel_chosen` follows, or nothing."""
        if self._question is not None:
            return
        self._question = question = Question(
            self,
            title=self.tr("Cancel the training?"),
            text=self.tr("Cancel the training of “{name}”?").format(name=style),
            more=self.tr(
                "Everything that it has learned and painted is deleted. “Stop & keep” makes a style of it instead."
            ),
            yes=self.tr("&Cancel and delete"),
            no=self.tr("&Go on training"),
        )
        question.agreed.connect(self.cancel_chosen)
        question.finished.connect(self.drop_question)
        question.open()

    def ask_to_use(self, style: str, step: int) -> None:
        """Ask whether the training ends with the style of this step, once; `use_chosen` follows, or nothing."""
        if self._question is not None:
            return
        self._question = question = Question(
            self,
            title=self.tr("Use this preview?"),
            text=self.tr("Make the style “{name}” as it was at step {n}?").format(name=style, n=f"{step:,}"),
            more=self.tr(
                "The training is interrupted for that. It can go on afterwards: at its end, the style is replaced by "
                "what it has learned by then. Or it stops, and can go on some other day."
            ),
            yes=self.tr("Use it and &stop training"),
            no=self.tr("&Cancel"),
            destroys=False,
        )
        goes_on = question.addButton(self.tr("Use it and &go on training"), QMessageBox.ButtonRole.AcceptRole)
        question.agreed.connect(lambda: self.use_chosen.emit(False))
        goes_on.clicked.connect(lambda: self.use_chosen.emit(True))
        question.finished.connect(self.drop_question)
        question.open()

    def drop_question(self) -> None:
        """Ask no more: it was answered, or overtaken."""
        question, self._question = self._question, None
        if question is not None:
            question.drop()

    def _add(self, name: str, text: str, tip: str = "") -> None:
        button = push_button(self, text, lambda: self.pressed.emit(name))
        button.setToolTip(tip)
        self._buttons[name], self._tips[name] = button, tip
        self._row.addWidget(button)
