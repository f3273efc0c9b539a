"""PreviewPair: photographs and the same painted, above one another at one scale, from files another process writes.

A file that is not there yet, or only half, is nothing to complain of: it is tried again until it is whole.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from stylecam.errors import SourceOpenError
from stylecam.gui.overlays import draw_label, label_width
from stylecam.gui.scaling import ScaledImages, device_ratio, qimage
from stylecam.gui.theme import colours

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QImage, QPaintEvent

__all__ = ["PreviewPair"]

_KEPT: Final = 16
"""Pictures, decoded (1 MB each) and as they are on the screen, so that scrubbing to and fro reads no file twice."""
_RETRY_MS: Final = (300, 5000)
"""Before a file is tried again: at first, and at most; each time twice as long."""
_GAP: Final = 2
_Stamp = tuple[str, int, int]
"""Path, time and size of a file: what tells that it was replaced."""


class PreviewPair(QWidget):
    """Shows; a person can do nothing with it. Files are read in the calling thread: some 10 ms each, and only once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source_path: Path | None = None
        self._painted_path: Path | None = None
        self._source: QImage | None = None
        self._painted: QImage | None = None
        self._read: OrderedDict[_Stamp, QImage] = OrderedDict()
        self._scaled = ScaledImages(keep=_KEPT)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self._on_again)
        self.setMinimumSize(QSize(240, 140))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Photographs, and the same painted"))
        self._load()

    def set_source(self, path: Path | None) -> None:
        """The file of the photographs."""
        self._source_path = path
        self._begin()

    def set_painted(self, path: Path | None) -> None:
        """The file of the painted ones; None before there is one."""
        self._painted_path = path
        self._begin()

    @property
    def words(self) -> str:
        """What is said in place of the painted pictures; empty while they are seen."""
        if self._painted_path is None:
            return self.tr("The first preview comes soon after the first step")
        return "" if self._painted is not None else self.tr("preview is being written…")

    # Overridden.

    def sizeHint(self) -> QSize:
        return QSize(640, 330)

    def paintEvent(self, event: QPaintEvent) -> None:
        c = colours()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(c.stage))
        if self._source is None and self._painted is None:
            painter.setPen(QColor(c.on_stage))
            words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), words, self.words)
            return
        upper, lower = self._places()
        if self._source is not None:
            self._paint_picture(painter, upper, self._source, self.tr("Photographs"))
        if self._painted is not None:
            self._paint_picture(painter, lower, self._painted, self.tr("Painted"))
        else:
            painter.setPen(QColor(c.on_stage))
            painter.drawText(lower, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.words)

    # What is seen.

    def _places(self) -> tuple[QRect, QRect]:
        """Of photographs and paintings: the same shape, as large as both fit; the second alone has all the room."""
        seen = self._painted if self._painted is not None else self._source
        assert seen is not None
        rows = 1 if self._source is None else 2
        room = QSize(self.width(), (self.height() - (rows - 1) * _GAP) // rows)
        size = seen.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
        x = (self.width() - size.width()) // 2
        y = (self.height() - rows * size.height() - (rows - 1) * _GAP) // 2
        upper = QRect(x, y, size.width(), size.height())
        return upper, upper.translated(0, (rows - 1) * (size.height() + _GAP))

    def _paint_picture(self, painter: QPainter, where: QRect, picture: QImage, caption: str) -> None:
        painter.drawImage(where.topLeft(), self._scaled.get(picture, where.size(), device_ratio(painter)))
        if caption and label_width(self.font(), caption) + 20 <= where.width() and where.height() >= 60:
            draw_label(painter, where, caption, right=False)

    def _begin(self) -> None:
        self._again.setInterval(_RETRY_MS[0])
        self._load()

    def _on_again(self) -> None:
        self._again.setInterval(min(2 * self._again.interval(), _RETRY_MS[1]))
        self._load()

    def _load(self) -> None:
        self._again.stop()
        self._source = self._picture(self._source_path)
        self._painted = self._picture(self._painted_path)
        for path, picture in ((self._source_path, self._source), (self._painted_path, self._painted)):
            if path is not None and picture is None:
                self._again.start()
        self.setAccessibleDescription(self.words)
        self.update()

    def _picture(self, path: Path | None) -> QImage | None:
        if path is None:
            return None
        try:
            stat = path.stat()
        except OSError:
            return None
        stamp = (str(path), stat.st_mtime_ns, stat.st_size)
        if stamp not in self._read:
            from stylecam.pictures import read_picture

            try:
                self._read[stamp] = qimage(read_picture(path).image)
            except SourceOpenError:
                return None
            while len(self._read) > _KEPT:
                self._read.popitem(last=False)
        self._read.move_to_end(stamp)
        return self._read[stamp]
