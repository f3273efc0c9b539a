"""Where the train dialog opens: beside the picture that is painted, as far as there is room. No windows here."""

from __future__ import annotations

from itertools import product

from PySide6.QtCore import QPoint, QRect, QSize

__all__ = ["beside"]


def beside(size: QSize, picture: QRect, window: QRect, screen: QRect) -> QPoint:
    """The upper left corner at which a dialog of this size hides least of the picture.

    Args:
        size: the dialog's, with its frame.
        picture: what is to be seen.
        window: the dialog's owner, over whose middle it lies where that makes no difference.
        screen: what it must not leave, at the right and below, as long as it is not larger.
    """
    middle = QRect(QPoint(0, 0), size)
    middle.moveCenter(window.center())
    right, below = picture.right() + 1, picture.bottom() + 1
    xs = (middle.x(), right, picture.left() - size.width())
    ys = (middle.y(), below, picture.top() - size.height())
    places = [_inside(QPoint(x, y), size, screen) for x, y in product(xs, ys)]

    def cost(place: QPoint) -> tuple[int, int]:
        hidden = QRect(place, size).intersected(picture)
        return hidden.width() * hidden.height(), (place - middle.topLeft()).manhattanLength()

    return min(places, key=cost)


def _inside(place: QPoint, size: QSize, screen: QRect) -> QPoint:
    x = max(screen.left(), min(place.x(), screen.right() + 1 - size.width()))
    y = max(screen.top(), min(place.y(), screen.bottom() + 1 - size.height()))
    return QPoint(x, y)
