"""Pictures at the screen's own resolution: arrays as Qt paints them, each brought to a size once and kept.

A painter that shrinks looks at four pixels only, and the picture would glitter; here all pixels that become one are
averaged.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from stylecam.frame import Image

__all__ = ["ScaledImages", "centred", "device_ratio", "qimage"]


def qimage(image: Image, *, longest: int = 0) -> QImage:
    """A copy of H×W×3 uint8 RGB in the screen's format; no side longer than `longest`, unless that is 0."""
    height, width, _ = image.shape
    rows = np.ascontiguousarray(image)  # a name keeps it alive as long as Qt looks at it
    seen = QImage(rows.data, width, height, rows.strides[0], QImage.Format.Format_RGB888)
    if 0 < longest < max(width, height):
        size = QSize(width, height).scaled(longest, longest, Qt.AspectRatioMode.KeepAspectRatio)
        return _scaled(seen, size).convertToFormat(QImage.Format.Format_RGB32)
    return seen.convertToFormat(QImage.Format.Format_RGB32)


def device_ratio(painter: QPainter) -> float:
    """Pixels of what is painted on to one of the widget's."""
    return painter.deviceTransform().m11()


def centred(size: QSize, room: QRect) -> QRect:
    """The largest rectangle of this shape inside the room, in its middle."""
    fitted = size.scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
    x, y = room.x() + (room.width() - fitted.width()) // 2, room.y() + (room.height() - fitted.height()) // 2
    return QRect(x, y, fitted.width(), fitted.height())


class ScaledImages:
    """The pictures that were last asked for, as they are on the screen."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._kept: OrderedDict[tuple[int, int, int, float], QImage] = OrderedDict()

    def get(self, picture: QImage, size: QSize, ratio: float) -> QImage:
        """The picture `size` large in a widget's pixels, with `ratio` of the screen's to each."""
        pixels = QSize(max(1, round(size.width() * ratio)), max(1, round(size.height() * ratio)))
        key = (picture.cacheKey(), pixels.width(), pixels.height(), ratio)
        if key not in self._kept:
            fitted = _scaled(picture, pixels)
            fitted.setDevicePixelRatio(ratio)
            self._kept[key] = fitted
            while len(self._kept) > self._keep:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def _scaled(picture: QImage, size: QSize) -> QImage:
    return picture.scaled(
        size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    ).copy()  # the same size would share the picture, and take its pixel ratio away
