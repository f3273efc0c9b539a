"""StrokePreview: how large the strokes will be - the present picture and the painting side by side, at one scale.

A network paints strokes as large as they were in the painting that it saw in training, whatever the size of that
painting's file. So the painting is shown as training sees it, beside a picture of 640×480.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from stylecam.gui.overlays import draw_label, label_width
from stylecam.gui.scaling import centred, device_ratio, qimage
from stylecam.gui.theme import colours

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from stylecam.frame import Image

__all__ = ["StrokePreview"]

_SCENE: Final = QSize(640, 480)
"""The picture that strokes are compared with; most cameras have this size."""
_LEAST: Final = 16
_KEPT: Final = 2048
"""The painting's longest side that is kept: a change of the strokes' size then costs milliseconds, not a tenth."""


class StrokePreview(QWidget):
    """Shows; a person can do nothing with it. Every method returns at once, and what it changes is painted later."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._painting: QImage | None = None
        self._still: QImage | None = None
        self._short_side = 256
        self._seen: QImage | None = None
        """The painting as training sees it; None until it is needed."""
        self._scenes: dict[str, tuple[QSize, QImage]] = {}
        """What is on the screen, and at which size that was made."""
        self.setMinimumSize(QSize(200, 150))
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setSizePolicy(policy)
        self.setAccessibleName(self.tr("Size of the strokes"))
        self._describe()

    def set_painting(self, image: Image | None) -> None:
        """The painting, cropped as it will be: H×W×3 uint8 RGB, copied; None for none."""
        self._painting = None if image is None else qimage(image, longest=_KEPT)
        self._forget_texture()

    def set_short_side(self, pixels: int) -> None:
        """How long the painting's short side is in training, 16 or more."""
        if max(_LEAST, pixels) != self._short_side:
            self._short_side = max(_LEAST, pixels)
            self._forget_texture()

    def set_still(self, image: Image | None) -> None:
        """The picture to compare with: H×W×3 uint8 RGB, copied; None for none. Its middle is shown as if 640×480."""
        self._still = None if image is None else qimage(image, longest=_KEPT)
        self._scenes.pop("still", None)
        self.update()

    @property
    def short_side(self) -> int:
        """Pixels of the painting's short side in training."""
        return self._short_side

    @property
    def scene_rect(self) -> QRect:
        """Where in the widget the picture of 640×480 lies."""
        return centred(_SCENE, self.rect())

    # Overridden.

    def sizeHint(self) -> QSize:
        return QSize(360, 270)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        where, c = self.scene_rect, colours()
        if self._painting is None:
            painter.fillRect(where, QColor(c.stage))
            painter.setPen(QColor(c.on_stage))
            words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(where.adjusted(20, 20, -20, -20), words, self._words)
            return
        ratio = device_ratio(painter)
        split = where.x() + where.width() // 2 if self._still is not None else where.x()
        left = QRect(where.x(), where.y(), split - where.x(), where.height())
        right = QRect(split, where.y(), where.right() + 1 - split, where.height())
        painter.drawImage(right, self._scene("texture", right.size() * ratio))
        if self._still is not None:
            picture = self._scene("still", where.size() * ratio)
            part = QRect(0, 0, round(left.width() * ratio), picture.height())
            painter.drawImage(left, picture, part)
            for colour, width in ((QColor(0, 0, 0, 130), 3.0), (QColor("white"), 1.4)):
                painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
                painter.drawLine(QPointF(split, where.top()), QPointF(split, where.bottom() + 1))
            self._caption(painter, left, self.tr("Picture"), right=False)
        pixels = self.tr("{pixels} pixels").format(pixels=self._short_side)
        strokes = self.tr("Strokes at {pixels}").format(pixels=pixels)
        fits = label_width(self.font(), strokes) + 20 <= right.width()
        self._caption(painter, right, strokes if fits else pixels, right=True)

    # What is seen.

    @property
    def _words(self) -> str:
        return self.tr("Choose a picture to see the size of its strokes")

    def _caption(self, painter: QPainter, half: QRect, text: str, *, right: bool) -> None:
        if label_width(self.font(), text) + 20 <= half.width():
            draw_label(painter, half, text, right=right)

    def _forget_texture(self) -> None:
        self._seen = None
        self._scenes.pop("texture", None)
        self._describe()
        self.update()

    def _describe(self) -> None:
        if self._painting is None:
            self.setAccessibleDescription(self._words)
            return
        text = self.tr("In a picture of 640 × 480, the painting's short side would be {pixels} pixels")
        self.setAccessibleDescription(text.format(pixels=self._short_side))
        self.setToolTip(text.format(pixels=self._short_side))

    def _scene(self, name: str, pixels: QSize) -> QImage:
        """Either side at the screen's own resolution, made once for each size."""
        size, image = self._scenes.get(name, (QSize(), QImage()))
        if size != pixels:
            image = self._texture(pixels) if name == "texture" else self._filled(pixels)
            self._scenes[name] = (pixels, image)
        return image

    def _filled(self, pixels: QSize) -> QImage:
        """The middle of the picture, as much as fills so many pixels."""
        assert self._still is not None
        large = self._still.scaled(
            pixels, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
        )
        x, y = (large.width() - pixels.width()) // 2, (large.height() - pixels.height()) // 2
        return large.copy(QRect(x, y, pixels.width(), pixels.height()))

    def _texture(self, pixels: QSize) -> QImage:
        """So many pixels of painting: its middle, or, where it is too small, it and its mirror images in turn."""
        assert self._painting is not None
        if self._seen is None:
            self._seen = _with_short_side(self._painting, self._short_side)
        scale = pixels.height() / _SCENE.height()
        tile = _with_short_side(self._seen, max(1, round(self._short_side * scale)))
        texture = QImage(pixels, QImage.Format.Format_RGB32)
        painter = QPainter(texture)
        width, height = tile.width(), tile.height()
        # The tile in the middle; so many more on each side as it takes to fill the rest.
        x0, y0 = (pixels.width() - width) // 2, (pixels.height() - height) // 2
        across, down = max(0, -(-x0 // width)), max(0, -(-y0 // height))
        for row in range(-down, down + 1):
            for column in range(-across, across + 1):
                mirror = QTransform.fromScale(-1 if column % 2 else 1, -1 if row % 2 else 1)
                painter.drawImage(x0 + column * width, y0 + row * height, tile.transformed(mirror))
        painter.end()
        return texture


def _with_short_side(image: QImage, pixels: int) -> QImage:
    return image.scaled(
        pixels, pixels, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
    )
