"""SourceBar: where the pictures come from, and the few commands that are wanted all the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction

    from stylecam.cameras import CameraInfo

__all__ = ["TEST_PATTERN", "SourceBar", "name_after"]

TEST_PATTERN = "test"


class SourceBar(QWidget):
    """A list of sources and some buttons.

    Signals:
        source_chosen(str): what `stylecam.open_source` takes.
    """

    source_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._list = QComboBox(self)
        self._list.setAccessibleName(self.tr("Camera or video"))
        self._list.setToolTip(self.tr("Where the picture comes from"))
        self._list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._list.setMinimumContentsLength(12)
        self._list.activated.connect(self._on_activated)
        label = QLabel(self.tr("&Picture from"), self)
        label.setBuddy(self._list)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(label)
        self._row.addWidget(self._list)
        self._space = QWidget(self)
        self._space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._row.addWidget(self._space)
        self._others: dict[str, str] = {}
        self.show_cameras([])

    def add_action_button(self, action: QAction, *, text: bool = False) -> QToolButton:
        """A button for the action at the right end; the click leaves the focus where it is."""
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        name_after(button, action)
        if text:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._row.addWidget(button)
        return button

    def show_cameras(self, cameras: Sequence[CameraInfo]) -> None:
        """List these cameras before everything else."""
        chosen, name = self.current, self._list.currentText()
        present = {f"camera:{camera.id}" for camera in cameras}
        self._others = {spec: other for spec, other in self._others.items() if spec not in present}
        self._list.clear()
        for camera in cameras:
            self._list.addItem(camera.name, f"camera:{camera.id}")
        self._list.addItem(self.tr("Test pattern"), TEST_PATTERN)
        for spec, other in self._others.items():
            self._list.addItem(other, spec)
        if chosen:
            self.select(chosen, name)  # a camera that is gone keeps its name

    def select(self, spec: str, name: str) -> None:
        """Show what is open; one that is not in the list joins it."""
        row = self._list.findData(spec)
        if row < 0:
            self._others[spec] = name
            self._list.addItem(name, spec)
            row = self._list.count() - 1
        self._list.setCurrentIndex(row)

    @property
    def current(self) -> str:
        """What the list shows, as `stylecam.open_source` takes it; empty if nothing."""
        return self._list.currentData() or ""

    def show_list(self) -> None:
        """Open the list, for who is told to choose another camera."""
        self._list.setFocus()
        self._list.showPopup()

    def _on_activated(self, row: int) -> None:
        self.source_chosen.emit(str(self._list.itemData(row)))


def name_after(button: QToolButton, action: QAction) -> None:
    """Call the button for a screen reader as its action is called, also when that changes."""

    def show() -> None:
        button.setAccessibleName(action.text().replace("&", ""))

    action.changed.connect(show)
    show()
