"""StyleGrid: the list of pictures in the gallery - how it fills its width, and what mouse and keys do in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QListView, QStyle

from stylecam.gui.style_model import NAME

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
    from PySide6.QtWidgets import QWidget

    from stylecam.gui.style_delegate import StyleDelegate

__all__ = ["StyleGrid"]

_CELL: Final = 128
"""About as wide is a style; as many columns as fit."""
_SPARE: Final = 4
"""Qt wraps a row that fills its room to the last pixel."""


class StyleGrid(QListView):
    """A list view in icon mode: one tab stop, arrows move, a click or Enter chooses, F or a click on the star stars.

    Signals:
        chosen(str), starred(str): the style's name.
        hovered(str): the style under the mouse, or empty.
    """

    chosen = Signal(str)
    starred = Signal(str)
    hovered = Signal(str)

    def __init__(self, delegate: StyleDelegate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delegate = delegate
        self._hovered = ""
        self._starred = ""
        self.setItemDelegate(delegate)
        self.setObjectName("styleView")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setMinimumSize(QSize(150, 150))
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setTabKeyNavigation(False)

    # Overridden.

    def keyboardSearch(self, search: str) -> None:
        """Nothing: letters and digits are the window's keys."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        name = _name(self.currentIndex())
        if name and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(name)
        elif name and event.key() == Qt.Key.Key_F and not event.modifiers():
            self.starred.emit(name)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._star_clicked(event.position().toPoint()):
            return
        super().mousePressEvent(event)
        name = _name(self.indexAt(event.position().toPoint()))
        if name and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(name)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Two quick clicks on a star are two clicks on it, but not one on that which has moved under the mouse."""
        at = event.position().toPoint()
        if event.button() != Qt.MouseButton.LeftButton or not self._is_on_star(at):
            super().mouseDoubleClickEvent(event)
        elif _name(self.indexAt(at)) == self._starred:
            self._star_clicked(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.indexAt(event.position().toPoint()))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(QModelIndex())
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_cells()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit_cells()

    def _fit_cells(self) -> None:
        """As many columns as fit, and these as wide as the room allows.

        As if the scroll bar were there, as Qt lays out, too: else it could come and go for ever. Its own width is no
        help: before it is first shown, that is any widget's 100.
        """
        bar = self.verticalScrollBar()
        extent = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, bar)
        width = self.width() - max(extent, bar.sizeHint().width()) - _SPARE
        columns = max(1, width // _CELL)
        self._delegate.cell_width = max(80, width // columns)
        self.setGridSize(self._delegate.cell_size(self.fontMetrics().height()))

    def _star_clicked(self, at: QPoint) -> bool:
        if not self._is_on_star(at):
            return False
        self._starred = _name(self.indexAt(at))
        self.starred.emit(self._starred)
        return True

    def _is_on_star(self, at: QPoint) -> bool:
        index = self.indexAt(at)
        return index.isValid() and self._delegate.star_rect(self.visualRect(index)).contains(at)

    def _hover(self, index: QModelIndex) -> None:
        name = _name(index)
        if name != self._hovered:
            self._hovered = name
            self.hovered.emit(name)


def _name(index: QModelIndex) -> str:
    return str(index.data(NAME)) if index.isValid() else ""
