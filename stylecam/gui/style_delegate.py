"""StyleDelegate: draws one style of the gallery - its picture, its title, its key, its star."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate

from stylecam.gui.icons import icon
from stylecam.gui.style_model import FAVOURITE, NAME, NUMBER, PICTURE
from stylecam.gui.theme import colours

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QStyleOptionViewItem

__all__ = ["StyleDelegate"]

_MARGIN: Final = 5
_RADIUS: Final = 7.0
_ASPECT: Final = 3 / 4


class StyleDelegate(QStyledItemDelegate):
    """Cells are as wide as `cell_width` says; the style in use has a frame and a bold title."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.cell_width = 140
        self.chosen: str | None = None

    def cell_size(self, text_height: int) -> QSize:
        picture = round((self.cell_width - 2 * _MARGIN) * _ASPECT)
        return QSize(self.cell_width, picture + text_height + 2 * _MARGIN + 6)

    def picture_rect(self, cell: QRect) -> QRect:
        width = cell.width() - 2 * _MARGIN
        return QRect(cell.x() + _MARGIN, cell.y() + _MARGIN, width, round(width * _ASPECT))

    def star_rect(self, cell: QRect) -> QRect:
        """Where a click sets or takes away the star."""
        picture = self.picture_rect(cell)
        return QRect(picture.right() - 29, picture.top() + 4, 26, 26)

    # Overridden.

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return self.cell_size(option.fontMetrics.height())

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        c = colours()
        cell: QRect = option.rect
        state: QStyle.StateFlag = option.state
        chosen = index.data(NAME) == self.chosen
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        where = self.picture_rect(cell)
        self._paint_picture(painter, where, index.data(PICTURE))
        if chosen or hovered or focused:
            colour = QColor(c.accent if chosen or focused else c.faint)
            pen = QPen(colour, 2.4 if chosen else 1.6)
            if focused and not chosen:
                pen.setStyle(Qt.PenStyle.DotLine)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(where).adjusted(-2, -2, 2, 2), _RADIUS + 1.5, _RADIUS + 1.5)
        number = index.data(NUMBER)
        if number is not None:
            self._paint_number(painter, where, int(number), option.font)
        if index.data(FAVOURITE) or hovered or focused:
            self._paint_star(painter, self.star_rect(cell), filled=bool(index.data(FAVOURITE)))
        font = QFont(option.font)
        font.setBold(chosen)
        painter.setFont(font)
        painter.setPen(QColor(c.text))
        line = QRect(where.x(), where.bottom() + 5, where.width(), painter.fontMetrics().height())
        title = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, title)
        painter.restore()

    def _paint_picture(self, painter: QPainter, where: QRect, picture: QImage | None) -> None:
        """The middle of the picture, as much as fills the place."""
        path = QPainterPath()
        path.addRoundedRect(QRectF(where), _RADIUS, _RADIUS)
        if picture is None:
            painter.fillPath(path, QColor(colours().raised))
            return
        width, height = picture.width(), picture.height()
        if height > width * _ASPECT:
            part = QRectF(0, (height - width * _ASPECT) / 2, width, width * _ASPECT)
        else:
            part = QRectF((width - height / _ASPECT) / 2, 0, height / _ASPECT, height)
        painter.save()
        painter.setClipPath(path)
        painter.drawImage(QRectF(where), picture, part)
        painter.restore()

    def _paint_number(self, painter: QPainter, where: QRect, number: int, font: QFont) -> None:
        badge = QRectF(where.x() + 6, where.y() + 6, 20, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 165))
        painter.drawRoundedRect(badge, 5, 5)
        small = QFont(font)
        small.setPointSizeF(max(7.0, font.pointSizeF() * 0.9))
        small.setBold(True)
        painter.setFont(small)
        painter.setPen(QColor("white"))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, str(number))

    def _paint_star(self, painter: QPainter, where: QRect, *, filled: bool) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 165))
        painter.drawEllipse(QPointF(where.center()) + QPointF(0.5, 0.5), 12, 12)
        icon("star-full" if filled else "star", colour="#ffd166").paint(painter, where.adjusted(5, 5, -5, -5))
