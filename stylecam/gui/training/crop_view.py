"""CropView: a picture, and which part of it is meant. Also where a picture is dropped or asked for.

The region is always whole pixels inside the picture, and never smaller than a texture needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from stylecam.gui.overlays import came_by_keyboard
from stylecam.gui.scaling import ScaledImages, centred, device_ratio, qimage
from stylecam.gui.training.crop_region import (
    LEAST_SIDE,
    Region,
    dragged,
    draw_invitation,
    draw_region,
    draw_stage,
    part_at,
)

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData
    from PySide6.QtGui import (
        QDragEnterEvent,
        QDragLeaveEvent,
        QDropEvent,
        QFocusEvent,
        QImage,
        QKeyEvent,
        QMouseEvent,
        QPaintEvent,
    )

    from stylecam.frame import Image

__all__ = ["CropView"]

_MARGIN: Final = 10
"""Around the picture, so that an edge at its border can be taken hold of from both sides."""
_ON_SCREEN: Final = 2048
"""The longest side kept for painting: more than any place on a screen that this has."""
_KEY_STEP: Final = 0.01
"""Of the picture's longer side, for each press of an arrow; with Ctrl it is one pixel."""

_CURSORS: Final = {
    "": Qt.CursorShape.ArrowCursor,
    "inside": Qt.CursorShape.SizeAllCursor,
    "l": Qt.CursorShape.SizeHorCursor,
    "r": Qt.CursorShape.SizeHorCursor,
    "t": Qt.CursorShape.SizeVerCursor,
    "b": Qt.CursorShape.SizeVerCursor,
    "lt": Qt.CursorShape.SizeFDiagCursor,
    "rb": Qt.CursorShape.SizeFDiagCursor,
    "rt": Qt.CursorShape.SizeBDiagCursor,
    "lb": Qt.CursorShape.SizeBDiagCursor,
}
"""What the mouse holds to how it looks: letters name the edges."""
_ARROWS: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class CropView(QWidget):
    """Setting a picture or a region shows it and emits nothing; a person's change emits.

    Mouse: edges, corners and the inside are dragged, Escape takes a drag back, a double click takes all. Keyboard:
    arrows move, with Shift they move the lower right corner, with Ctrl by single pixels; Home takes all.

    Signals:
        region_changed(): also during a drag.
        file_dropped(str): the path of a picture that was dropped here.
        clicked(): a picture is wanted, by a click, Space or Enter; only where there is none.
    """

    region_changed = Signal()
    file_dropped = Signal(str)
    clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: QImage | None = None
        self._size = QSize(0, 0)
        self._region: Region = (0, 0, 0, 0)
        self._scaled = ScaledImages(keep=1)
        self._held = ""
        self._held_at = QPointF()
        self._held_region = self._region
        self._pressed = self._hovered = self._ring = self._file_above = False
        self.setMinimumSize(QSize(200, 150))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.set_picture(None)

    def set_picture(self, image: Image | None) -> None:
        """Show H×W×3 uint8 RGB, all of it chosen; None for no picture. It is copied."""
        self._picture = None if image is None else qimage(image, longest=_ON_SCREEN)
        self._size = QSize(0, 0) if image is None else QSize(image.shape[1], image.shape[0])
        self._held = ""
        self._region = self._all
        if image is None:
            self.setAccessibleName(self._invitation)
            self.setToolTip("")
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.setAccessibleName(self.tr("Part of the picture"))
            self.setToolTip(
                self.tr(
                    "Drag edges, corners or the inside to choose a part; a double click takes all. "
                    "Arrow keys move the part, with Shift they resize it"
                )
            )
            self.unsetCursor()
        self._show()

    @property
    def region(self) -> tuple[int, int, int, int]:
        """What is chosen: x, y, width, height in the picture's pixels; zeros without a picture."""
        return self._region

    @region.setter
    def region(self, region: tuple[int, int, int, int]) -> None:
        """Brought inside the picture, and to 64 pixels a side where the picture has them."""
        x, y, width, height = region
        across, down = self._size.width(), self._size.height()
        width = max(min(LEAST_SIDE, across), min(width, across))
        height = max(min(LEAST_SIDE, down), min(height, down))
        self._region = (max(0, min(x, across - width)), max(0, min(y, down - height)), width, height)
        self._show()

    @property
    def picture_rect(self) -> QRect:
        """Where in the widget the picture lies; all of it while there is none."""
        room = self.rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        return self.rect() if self._picture is None else centred(self._size, room)

    @property
    def region_rect(self) -> QRectF:
        """Where in the widget the region lies."""
        where, (x, y, width, height) = self.picture_rect, self._region
        scale_x, scale_y = where.width() / max(1, self._size.width()), where.height() / max(1, self._size.height())
        return QRectF(where.x() + x * scale_x, where.y() + y * scale_y, width * scale_x, height * scale_y)

    # Overridden.

    def sizeHint(self) -> QSize:
        return QSize(360, 270)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._picture is None:
            lively = self._hovered or self._file_above or self._ring
            sunk = self._file_above or self._pressed
            draw_invitation(painter, self.rect(), self._invitation, lively=lively, sunk=sunk)
            return
        where = self.picture_rect
        draw_stage(painter, self.rect(), ring=self._ring or self._file_above)
        painter.drawImage(where.topLeft(), self._scaled.get(self._picture, where.size(), device_ratio(painter)))
        size = self.tr("{width} × {height}").format(width=self._region[2], height=self._region[3])
        draw_region(painter, where, self.region_rect, size, thirds=bool(self._held))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._pressed = self._picture is None
        self._held = self._part_at(event.position())
        self._held_at, self._held_region = event.position(), self._region
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held:
            self._drag(event.position())
        elif self._picture is not None:
            self.setCursor(_CURSORS[self._part_at(event.position())])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._held = ""
        if self._pressed and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()
        self._pressed = False
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._picture is not None:
            self._choose(self._all)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self._picture is None:
            if key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.clicked.emit()
            else:
                super().keyPressEvent(event)
        elif key == Qt.Key.Key_Escape and self._held:
            self._held = ""
            self._choose(self._held_region)
        elif key == Qt.Key.Key_Home:
            self._choose(self._all)
        elif key in _ARROWS:
            self._move_by_key(*_ARROWS[key], event.modifiers())
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._ring = came_by_keyboard(event)
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._ring = False
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self._hovered = event.type() == QEvent.Type.Enter
            self.update()
        return super().event(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _picture_in(event.mimeData()):
            event.acceptProposedAction()
            self._file_above = True
            self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._file_above = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._file_above = False
        self.update()
        path = _picture_in(event.mimeData())
        if path:
            event.acceptProposedAction()
            self.file_dropped.emit(path)

    # The region.

    @property
    def _all(self) -> Region:
        return (0, 0, self._size.width(), self._size.height())

    @property
    def _invitation(self) -> str:
        return self.tr("Drop a picture here, or click to choose one")

    def _choose(self, region: Region) -> None:
        before = self._region
        self.region = region
        if self._region != before:
            self.region_changed.emit()

    def _show(self) -> None:
        if self._picture is None:
            self.setAccessibleDescription("")
        else:
            x, y, width, height = self._region
            text = self.tr("{width} × {height} pixels, {x} from the left, {y} from the top, of {across} × {down}")
            across, down = self._size.width(), self._size.height()
            self.setAccessibleDescription(
                text.format(width=width, height=height, x=x, y=y, across=across, down=down),
            )
        self.update()

    def _part_at(self, at: QPointF) -> str:
        """What the mouse would take hold of."""
        part = part_at(self.region_rect, at) if self._picture is not None else ""
        return "" if part == "inside" and self._region == self._all else part

    def _drag(self, to: QPointF) -> None:
        where = self.picture_rect
        dx = round((to.x() - self._held_at.x()) * self._size.width() / where.width())
        dy = round((to.y() - self._held_at.y()) * self._size.height() / where.height())
        self._choose(dragged(self._held_region, self._held, dx, dy, self._size))

    def _move_by_key(self, across: int, down: int, modifiers: Qt.KeyboardModifier) -> None:
        step = max(1, round(_KEY_STEP * max(self._size.width(), self._size.height())))
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            step = 1
        part = "rb" if modifiers & Qt.KeyboardModifier.ShiftModifier else "inside"
        self._choose(dragged(self._region, part, step * across, step * down, self._size))


def _picture_in(data: QMimeData) -> str:
    """The first picture among the files that are dragged; empty for none."""
    from stylecam.pictures import PICTURE_SUFFIXES

    paths = (Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile())
    return next((str(path) for path in paths if path.suffix.lower() in PICTURE_SUFFIXES), "")
