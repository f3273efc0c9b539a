"""PictureFacts: what a style is called and who made its picture - a name that is checked as it is typed, and a fold.

What is typed need not be a style's name: one is formed from it, and it stays as the title.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from stylecam.errors import StyleFormatError
from stylecam.gui.training.parts import faint
from stylecam.gui.training.taken_names import free_name
from stylecam.gui.words import sentence
from stylecam.stylecheck import TEXT_LIMITS
from stylecam.stylefile import check_name
from stylecam.stylename import style_name_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stylecam.gui.training.taken_names import Taken

__all__ = ["PictureFacts"]

_PROBLEM_LINES: Final = 2


class PictureFacts(QWidget):
    """Name, title, author, licence.

    Signals:
        changed(): `name` or `problem` may be another.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._taken: Mapping[str, Taken] = {}
        self._suggested = ""
        self._name = QLineEdit(self)
        self._name.setAccessibleName(self.tr("Name of the style"))
        self._name.setMaxLength(TEXT_LIMITS["title"])
        self._name.setPlaceholderText(self.tr("for example: My Wave"))
        self._name.textChanged.connect(self._on_changed)
        label = QLabel(self.tr("&Name"), self)
        label.setBuddy(self._name)
        self._problem = faint(self)
        self._problem.setObjectName("problem")
        self._problem.setAlignment(Qt.AlignmentFlag.AlignTop)
        # Its place is kept: what is below does not move away from the mouse while a name is typed.
        self._problem.setMinimumHeight(_PROBLEM_LINES * self.fontMetrics().lineSpacing())
        self._fold = QToolButton(self)
        self._fold.setText(self.tr("About the picture"))
        self._fold.setToolTip(self.tr("Title, author and licence, kept in the style"))
        self._fold.setCheckable(True)
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.setArrowType(Qt.ArrowType.RightArrow)
        self._fold.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._fold.toggled.connect(self._on_fold)
        self._about = QWidget(self)
        self._texts: dict[str, QLineEdit] = {}
        grid = QGridLayout(self._about)
        grid.setContentsMargins(8, 2, 0, 2)
        grid.setHorizontalSpacing(10)
        grid.setColumnStretch(1, 1)
        for row, (key, text, example) in enumerate(
            (
                ("title", self.tr("&Title"), self.tr("as the gallery shows it; else the name")),
                ("author", self.tr("&Author"), self.tr("who painted or drew it")),
                ("licence", self.tr("&Licence"), self.tr("for example: public domain, CC0-1.0, my own")),
            )
        ):
            field = QLineEdit(self._about)
            field.setMaxLength(TEXT_LIMITS[key])
            field.setPlaceholderText(example)
            field.setAccessibleName(text.replace("&", ""))
            name = QLabel(text, self._about)
            name.setBuddy(field)
            grid.addWidget(name, row, 0)
            grid.addWidget(field, row, 1)
            self._texts[key] = field
        hint = faint(
            self._about,
            self.tr(
                "A style trained on somebody else's picture may be yours to use, and still not yours to share: that is "
                "for the picture's owner to say."
            ),
        )
        grid.addWidget(hint, 3, 0, 1, 2)
        top = QGridLayout()
        top.setHorizontalSpacing(10)
        top.setColumnStretch(1, 1)
        top.addWidget(label, 0, 0)
        top.addWidget(self._name, 0, 1)
        top.addWidget(self._problem, 1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self._fold, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._about)
        self._about.hide()
        self._on_changed()

    @property
    def name(self) -> str:
        """The style's: what was typed, or what is formed of it; empty if nothing was typed."""
        return self._typed if self._is_name or not self._typed else free_name(style_name_from(self._typed), self._taken)

    @property
    def title(self) -> str:
        """That of the fold; without one, what was typed as a name and could not be one."""
        own = self._texts["title"].text().strip()
        return own or ("" if self._is_name else self._typed)

    @property
    def author(self) -> str:
        return self._texts["author"].text().strip()

    @property
    def licence(self) -> str:
        return self._texts["licence"].text().strip()

    @property
    def problem(self) -> str:
        """What is wrong with the name; empty if nothing is."""
        if not self._typed:
            return self.tr("The style needs a name.")
        try:
            check_name(self.name)
        except StyleFormatError as error:
            return sentence(str(error))
        taken = self._taken.get(self.name)
        return self._whose(taken) if taken is not None else ""

    @property
    def said(self) -> str:
        """The problem, where it stands below the name already; of a name that is not there yet, nothing does."""
        return self.problem if self._typed else ""

    def suggest(self, name: str) -> None:
        """Write this name, or a free one like it, unless a person wrote another."""
        if self._typed in ("", self._suggested):
            self._suggested = free_name(name, self._taken)
            self._name.setText(self._suggested)

    def set_taken(self, taken: Mapping[str, Taken]) -> None:
        """Which names are in use; a suggestion that turns out to be is made another."""
        self._taken = taken
        if self._suggested and self._typed == self._suggested:
            self._suggested = free_name(self._suggested, taken)
            self._name.setText(self._suggested)
        self._on_changed()

    def focus(self) -> None:
        """Let the keyboard begin with the name."""
        self._name.setFocus()
        self._name.selectAll()

    @property
    def _typed(self) -> str:
        return self._name.text().strip()

    @property
    def _is_name(self) -> bool:
        """Whether what was typed can be a style's name as it stands."""
        try:
            check_name(self._typed)
        except StyleFormatError:
            return False
        return True

    def _whose(self, taken: Taken) -> str:
        title = taken.title or self.name
        what = self.tr("“{title}” by {author}") if taken.author else self.tr("“{title}”")
        what = what.format(title=title, author=taken.author)
        told = {
            "bundled": self.tr("This name is taken by a bundled style, {what}. Choose another."),
            "own": self.tr("This name is taken by a style of your own, {what}. Choose another."),
            "other": self.tr("This name is taken by {what}, in a folder of STYLECAM_STYLES. Choose another."),
            "damaged": self.tr("This name is taken by a style file that cannot be used. Choose another."),
            "training": self.tr("A style of this name is being trained now. Choose another name."),
        }
        return told[taken.kind].format(what=what)

    def _on_changed(self) -> None:
        # Of a name that is not there yet, the button says it; it is nobody's mistake.
        text = self.said
        self._problem.setText(f"⚠ {text}" if text else "")
        if self._typed and not text and not self._is_name:
            text = self.tr("Its file will be called {name}.").format(name=self.name)
            self._problem.setText(text)
        self._name.setAccessibleDescription(text)
        self.changed.emit()

    def _on_fold(self, open_: bool) -> None:
        self._fold.setArrowType(Qt.ArrowType.DownArrow if open_ else Qt.ArrowType.RightArrow)
        self._about.setVisible(open_)
