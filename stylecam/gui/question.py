"""Question: asked before what cannot be taken back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

__all__ = ["Question"]


class Question(QMessageBox):
    """Open it with `open`; it blocks nothing but its parent. Enter and Escape are a no.

    Signals:
        agreed(): the answer is yes.
    """

    agreed = Signal()

    def __init__(
        self,
        parent: QWidget,
        *,
        title: str,
        text: str,
        more: str,
        yes: str,
        no: str,
        destroys: bool = True,
    ) -> None:
        """Ask nothing yet.

        Args:
            parent: the window that it is about.
            title: of the box.
            text: what is asked, in a line; plain text.
            more: what a yes means.
            yes: the words on the button that does it.
            no: the words on the button that leaves all as it is.
            destroys: whether a yes deletes something.
        """
        super().__init__(QMessageBox.Icon.Question, title, text, parent=parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setInformativeText(more)
        role = QMessageBox.ButtonRole.DestructiveRole if destroys else QMessageBox.ButtonRole.AcceptRole
        agree = self.addButton(yes, role)
        refuse = self.addButton(no, QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(refuse)
        self.setEscapeButton(refuse)
        agree.clicked.connect(self.agreed)

    def drop(self) -> None:
        """Take it away; no answer is needed any more."""
        self.hide()
        self.deleteLater()
