"""PreviewStrip: the previews of a training as they come - photographs above, painted below - and back through them.

Shows the newest until a person goes back to an earlier one, and again once that person is at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QVBoxLayout,
    QWidget,
)

from stylecam.gui.theme import colours
from stylecam.gui.training.preview_pair import PreviewPair

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QPaintEvent

__all__ = ["PreviewStrip"]

_TICK_ROOM: Final = 4
"""Pixels between two ticks at least; of more previews every second, fourth, … has one."""


class _Entry(NamedTuple):
    step: int
    path: Path
    style: Path


class PreviewStrip(QWidget):
    """Fed by the training's events; the arrow keys on the scrubber go through the previews.

    Signals:
        current_changed(): another preview is shown, as a newer one came or a person chose it; or none, after `clear`.
    """

    current_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: list[_Entry] = []
        self._current = -1
        self._pair = PreviewPair(self)
        self._scrubber = _Scrubber(self)
        self._scrubber.setAccessibleName(self.tr("Preview"))
        self._scrubber.setToolTip(self.tr("Go back to earlier previews"))
        self._scrubber.valueChanged.connect(self._go_to)
        self._earlier, self._later = _Arrow(self, points_on=False), _Arrow(self, points_on=True)
        self._earlier.setAccessibleName(self.tr("Earlier preview"))
        self._later.setAccessibleName(self.tr("Later preview"))
        self._newest = QPushButton(self.tr("&Newest"), self)
        self._newest.setAutoDefault(False)  # Enter is the dialog's
        self._newest.setAccessibleName(self.tr("Newest preview"))
        self._newest.setToolTip(self.tr("Show the newest preview, and each one that comes"))
        for button, by in ((self._earlier, -1), (self._later, 1)):
            button.setToolTip(button.accessibleName())
            button.clicked.connect(lambda _=False, by=by: self._go_to(self._current + by))
        self._newest.clicked.connect(lambda: self._go_to(len(self._entries) - 1))
        self._label = QLabel(self)
        self._label.setObjectName("faint")
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._earlier)
        row.addWidget(self._scrubber, 1)
        row.addWidget(self._later)
        row.addWidget(self._newest)
        row.addSpacing(4)
        row.addWidget(self._label)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._pair, 1)
        column.addLayout(row)
        self._show()

    def set_source(self, path: Path) -> None:
        """Where the photographs lie, side by side in one picture; it may come later, or be replaced."""
        self._pair.set_source(path)

    def add(self, step: int, path: Path, style: Path) -> None:
        """Another preview, with the style file that painted it.

        A path that is there already, of a step that was trained once more, moves to the end.
        """
        shown = self._entries[self._current] if self._current >= 0 else None
        follows = self._current == len(self._entries) - 1
        self._entries = [entry for entry in self._entries if entry.path != path]
        self._entries.append(_Entry(step, path, style))
        if follows or shown not in self._entries:
            self._current = len(self._entries) - 1
        else:
            self._current = self._entries.index(shown)
        self._show()
        if self._entries[self._current] != shown:
            self.current_changed.emit()

    def clear(self) -> None:
        """Forget all previews; the photographs stay."""
        had_any = bool(self._entries)
        self._entries = []
        self._current = -1
        self._show()
        if had_any:
            self.current_changed.emit()

    @property
    def current(self) -> int:
        """Which preview is shown, from 0; -1 before the first. Setting it is as if a person chose it."""
        return self._current

    @current.setter
    def current(self, index: int) -> None:
        self._go_to(index)

    @property
    def count(self) -> int:
        """How many previews there are."""
        return len(self._entries)

    @property
    def current_step(self) -> int:
        """The step of the preview that is shown; -1 before the first."""
        return self._entries[self._current].step if self._current >= 0 else -1

    @property
    def current_style(self) -> Path | None:
        """The style file that painted the preview that is shown; None before the first."""
        return self._entries[self._current].style if self._current >= 0 else None

    @property
    def words(self) -> str:
        """What is said in place of a picture; empty while there is one."""
        return self._pair.words

    # What is shown.

    def _go_to(self, index: int) -> None:
        index = max(0, min(index, len(self._entries) - 1))
        if self._entries and index != self._current:
            self._current = index
            self._show()
            self.current_changed.emit()

    def _show(self) -> None:
        count, index = len(self._entries), self._current
        with QSignalBlocker(self._scrubber):
            self._scrubber.setRange(0, max(0, count - 1))
            self._scrubber.setValue(max(0, index))
        self._scrubber.setEnabled(count > 1)
        for button, enabled in (
            (self._earlier, index > 0),
            (self._later, index < count - 1),
            (self._newest, index < count - 1),
        ):
            # Else Qt would hand the keyboard on to whatever comes next, and a second Space would press that.
            if button.hasFocus() and not enabled:
                self._scrubber.setFocus()
            button.setEnabled(enabled)
        text = ""
        if index >= 0:
            form = self.tr("Step {step} · {index} of {count}")
            text = form.format(step=f"{self.current_step:,}", index=index + 1, count=count)
            # As wide as it will be at the end: else the scrubber would shrink under the mouse.
            widest = form.format(step=f"{max(entry.step for entry in self._entries):,}", index=count, count=count)
            self._label.setMinimumWidth(self._label.fontMetrics().horizontalAdvance(widest))
        self._label.setText(text)
        self._scrubber.setAccessibleDescription(text)
        self._pair.set_painted(self._entries[index].path if index >= 0 else None)


class _Arrow(QPushButton):
    """A button with a triangle in the colour of texts; on and back are as the script is read."""

    def __init__(self, parent: QWidget, *, points_on: bool) -> None:
        super().__init__(parent)
        self._points_on = points_on
        self.setAutoRepeat(True)
        self.setAutoDefault(False)

    def sizeHint(self) -> QSize:
        side = super().sizeHint().height()
        return QSize(side + 4, side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().buttonText())
        middle = QRectF(self.rect()).center()
        leftward = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        way = 4.5 if self._points_on != leftward else -4.5
        corners = (QPointF(way, 0), QPointF(-0.6 * way, -5.5), QPointF(-0.6 * way, 5.5))
        painter.drawPolygon(QPolygonF([middle + corner for corner in corners]))
        painter.end()


class _Scrubber(QSlider):
    """A slider with a tick at each preview; the style sheet's sliders have none."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setPageStep(5)
        self.setMinimumWidth(80)
        self.setMinimumHeight(30)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 30)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.maximum() > 0:
            self._paint_ticks()
        super().paintEvent(event)

    def _paint_ticks(self) -> None:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
        )
        room = self.width() - handle.width()
        every = 1
        while room / self.maximum() * every < _TICK_ROOM:
            every *= 2
        painter = QPainter(self)
        painter.setPen(QPen(QColor(colours().faint), 1))
        bottom = self.height() - 0.5
        for value in range(0, self.maximum() + 1, every):
            x = QStyle.sliderPositionFromValue(0, self.maximum(), value, room, option.upsideDown)
            at = x + handle.width() // 2 + 0.5
            painter.drawLine(QPointF(at, bottom - 3), QPointF(at, bottom))
        painter.end()
