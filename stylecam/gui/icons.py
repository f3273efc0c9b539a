"""The window's icons: a line drawing each on a 24×24 grid, in the colour of the text around it, sharp at any scale."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

__all__ = ["ICONS", "icon"]

_LINE: Final = 'fill="none" stroke="{c}" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"'
_SOLID: Final = 'fill="{c}" stroke="none"'

ICONS: Final[dict[str, str]] = {
    "record": f'<circle cx="12" cy="12" r="8.2" {_LINE}/><circle cx="12" cy="12" r="4.6" {_SOLID}/>',
    "stop": f'<rect x="6" y="6" width="12" height="12" rx="2" {_SOLID}/>',
    "snapshot": (
        f'<path d="M4 8h3l1.6-2.4h6.8L17 8h3a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1z" {_LINE}/>'
        f'<circle cx="12" cy="13.2" r="3.4" {_LINE}/>'
    ),
    "open": f'<path d="M3 7a1 1 0 0 1 1-1h5l2 2.4h8a1 1 0 0 1 1 1V18a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1z" {_LINE}/>',
    "camera": (f'<rect x="3" y="7" width="12" height="10" rx="2" {_LINE}/><path d="M15 11l6-3.4v8.8L15 13z" {_LINE}/>'),
    "settings": (
        f'<path d="M4 7h9M17 7h3M4 12h3M11 12h9M4 17h11M19 17h1" {_LINE}/><circle cx="15" cy="7" r="2" {_LINE}/>'
        f'<circle cx="9" cy="12" r="2" {_LINE}/><circle cx="17" cy="17" r="2" {_LINE}/>'
    ),
    "split": (
        f'<rect x="3.5" y="5" width="17" height="14" rx="2" {_LINE}/><path d="M12 3v18" {_LINE}/>'
        f'<path d="M12 5h6.5a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H12z" fill="{{c}}" fill-opacity="0.35" stroke="none"/>'
    ),
    "mirror": f'<path d="M12 3v18" stroke-dasharray="2.4 3" {_LINE}/><path d="M9 7v10H3.5zM15 7v10h5.5z" {_LINE}/>',
    "fullscreen": f'<path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5" {_LINE}/>',
    "star": (f'<path d="M12 3.8l2.5 5.2 5.7.8-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8z" {_LINE}/>'),
    "star-full": (f'<path d="M12 3.8l2.5 5.2 5.7.8-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8z" {_SOLID}/>'),
    "import": f'<path d="M12 4v10M8 10.5l4 4 4-4M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3" {_LINE}/>',
    "train": f'<path d="M4 20l3.2-.8L19 7.4 16.6 5 4.8 16.8zM14.6 7l2.4 2.4M4 12c2-3 4-5 7-6" {_LINE}/>',
    "search": f'<circle cx="10.5" cy="10.5" r="6" {_LINE}/><path d="M15 15l5 5" {_LINE}/>',
    "pause": '<path d="M8 5v14M16 5v14" stroke-width="2.6" stroke="{c}" stroke-linecap="round"/>',
    "play": f'<path d="M7 4.5l12 7.5-12 7.5z" {_LINE}/>',
    "info": f'<circle cx="12" cy="12" r="8.6" {_LINE}/><path d="M12 11v5.4M12 7.6v.2" {_LINE}/>',
    "warning": f'<path d="M12 4l9 15.5H3zM12 10v4.4M12 17v.1" {_LINE}/>',
    "error": f'<circle cx="12" cy="12" r="8.6" {_LINE}/><path d="M9 9l6 6M15 9l-6 6" {_LINE}/>',
    "close": f'<path d="M6 6l12 12M18 6L6 18" {_LINE}/>',
}
"""Name to drawing; ``{c}`` stands for the colour."""


def icon(name: str, *, colour: str | None = None) -> QIcon:
    """The icon, in this colour, or in that of button texts, which it follows when the theme changes."""
    return QIcon(_Engine(ICONS[name], colour))


class _Engine(QIconEngine):
    """Draws at whatever size and pixel ratio is asked for."""

    def __init__(self, drawing: str, colour: str | None) -> None:
        super().__init__()
        self._drawing = drawing
        self._colour = colour

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        group = QPalette.ColorGroup.Disabled if mode == QIcon.Mode.Disabled else QPalette.ColorGroup.Active
        colour = (
            QColor(self._colour) if self._colour else QApplication.palette().color(group, QPalette.ColorRole.ButtonText)
        )
        if colour.alpha() < 255:
            self._paint_faded(painter, rect, colour)
            return
        text = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{self._drawing}</svg>'
        renderer = QSvgRenderer(QByteArray(text.replace("{c}", colour.name()).encode("ascii")))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = min(rect.width(), rect.height())
        where = QRectF(rect.x() + (rect.width() - side) / 2, rect.y() + (rect.height() - side) / 2, side, side)
        renderer.render(painter, where)
        painter.restore()

    def _paint_faded(self, painter: QPainter, rect: QRect, colour: QColor) -> None:
        """All at once: where two lines of a drawing cross, each faded for itself, the crossing would stand out."""
        ratio = painter.device().devicePixelRatioF()
        layer = QPixmap(rect.size() * ratio)
        layer.setDevicePixelRatio(ratio)
        layer.fill(Qt.GlobalColor.transparent)
        inner = QPainter(layer)
        opaque = _Engine(self._drawing, colour.name())
        opaque.paint(inner, QRect(QPoint(0, 0), rect.size()), QIcon.Mode.Normal, QIcon.State.Off)
        inner.end()
        painter.save()
        painter.setOpacity(painter.opacity() * colour.alphaF())
        painter.drawPixmap(rect.topLeft(), layer)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _Engine(self._drawing, self._colour)
