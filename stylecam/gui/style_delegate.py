"""StyleDelegate: draws one style of the gallery - its picture, its title, its key, its star.

Pictures are drawn pixel for pixel: each is brought to the size that its place has on the screen once, and kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate

from stylecam.gui.icons import icon
from stylecam.gui.overlays import PLATE, scaled_font
from stylecam.gui.style_model import CHOSEN, FAVOURITE, NAME, NUMBER, PICTURE, SUSPECT
from stylecam.gui.theme import colours

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex
    from PySide6.QtWidgets import QStyleOptionViewItem

__all__ = ["StyleDelegate"]

_MARGIN: Final = 6
_RADIUS: Final = 7.0
_ASPECT: Final = 3 / 4
_TITLE_GAP: Final = 6
_STAR: Final = "#ffd166"


class StyleDelegate(QStyledItemDelegate):
    """Cells are as wide as `cell_width` says. The style in use has a frame and a bold title, the keyboard's a ring."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.cell_width = 140
        self._fitted: dict[str, tuple[int, QImage]] = {}
        """The last picture of each style, as it is on the screen, with the key of what it was made from."""

    def cell_size(self, text_height: int) -> QSize:
        picture = round((self.cell_width - 2 * _MARGIN) * _ASPECT)
        return QSize(self.cell_width, picture + _TITLE_GAP + text_height + 2 * _MARGIN)

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
        cell: QRect = option.rect
        state: QStyle.StateFlag = option.state
        chosen, favourite = bool(index.data(CHOSEN)), bool(index.data(FAVOURITE))
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        where = self.picture_rect(cell)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_picture(painter, where, str(index.data(NAME)), index.data(PICTURE))
        _paint_frames(painter, where, chosen=chosen, hovered=hovered, focused=focused)
        if index.data(NUMBER) is not None:
            _paint_number(painter, where, int(index.data(NUMBER)), option.font)
        if favourite or hovered or focused:
            _paint_on_disc(painter, self.star_rect(cell), "star-full" if favourite else "star", _STAR)
        if index.data(SUSPECT):
            mark = QRect(where.right() - 29, where.bottom() - 29, 26, 26)
            _paint_on_disc(painter, mark, "warning", _STAR)
        font = QFont(option.font)
        font.setBold(chosen)
        painter.setFont(font)
        painter.setPen(QColor(colours().text))
        line = QRect(where.x(), where.bottom() + 1 + _TITLE_GAP, where.width(), painter.fontMetrics().height())
        title = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, title)
        painter.restore()

    def _paint_picture(self, painter: QPainter, where: QRect, name: str, picture: QImage | None) -> None:
        path = QPainterPath()
        path.addRoundedRect(QRectF(where), _RADIUS, _RADIUS)
        if picture is None:
            painter.fillPath(path, QColor(colours().raised))
            side = 26
            mark = QRect(where.center().x() - side // 2, where.center().y() - side // 2, side, side)
            icon("train", colour=colours().faint).paint(painter, mark)
            return
        painter.save()
        painter.setClipPath(path)
        ratio = painter.deviceTransform().m11()
        painter.drawImage(where.topLeft(), self._fit(name, picture, where.size(), ratio))
        painter.restore()

    def _fit(self, name: str, picture: QImage, size: QSize, ratio: float) -> QImage:
        """The middle of the picture, as much as fills the place, at the screen's own resolution."""
        pixels = QSize(round(size.width() * ratio), round(size.height() * ratio))
        key, fitted = self._fitted.get(name, (0, QImage()))
        if key != picture.cacheKey() or fitted.size() != pixels or fitted.devicePixelRatio() != ratio:
            # This averages all pixels that become one; a painter looks at four of them, and the picture would glitter.
            large = picture.scaled(
                pixels,
                Qt.AspectRatioMode.KeepAspectRatioByExpanding,
                Qt.TransformationMode.SmoothTransformation,
            )
            x, y = (large.width() - pixels.width()) // 2, (large.height() - pixels.height()) // 2
            fitted = large.copy(QRect(x, y, pixels.width(), pixels.height()))
            fitted.setDevicePixelRatio(ratio)
            self._fitted[name] = (picture.cacheKey(), fitted)
        return fitted


def _paint_frames(painter: QPainter, where: QRect, *, chosen: bool, hovered: bool, focused: bool) -> None:
    """Around the picture: what is in use, then what is under the mouse; outermost, where the keyboard is."""
    c = colours()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if chosen or hovered:
        painter.setPen(QPen(QColor(c.accent if chosen else c.faint), 2.4 if chosen else 1.6))
        painter.drawRoundedRect(QRectF(where).adjusted(-1.8, -1.8, 1.8, 1.8), _RADIUS + 1.5, _RADIUS + 1.5)
    if focused:
        painter.setPen(QPen(QColor(c.text), 1.5))
        painter.drawRoundedRect(QRectF(where).adjusted(-4.6, -4.6, 4.6, 4.6), _RADIUS + 4, _RADIUS + 4)


def _paint_number(painter: QPainter, where: QRect, number: int, font: QFont) -> None:
    badge = QRectF(where.x() + 6, where.y() + 6, 20, 20)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(badge, 5, 5)
    small = scaled_font(font, 0.9)
    small.setBold(True)
    painter.setFont(small)
    painter.setPen(QColor("white"))
    painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, str(number))


def _paint_on_disc(painter: QPainter, where: QRect, name: str, colour: str) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawEllipse(QPointF(where.center()) + QPointF(0.5, 0.5), 12, 12)
    icon(name, colour=colour).paint(painter, where.adjusted(5, 5, -5, -5))
