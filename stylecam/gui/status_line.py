"""StatusLine: what the machine does at present, in numbers. Fed twice a second, not once a frame."""

from __future__ import annotations

import html
import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QStatusBar, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from stylecam.live import LiveStats

__all__ = ["StatusLine"]

_PADDING: Final = 7
"""Left and right of a field's text, as the style sheet has it, and a pixel."""
_CHARACTERS: Final = 110
"""So many digits have room beside each other where all fields are shown."""


class StatusLine(QStatusBar):
    """Rates, latency, sizes, skipped frames, device: each a field of its own with an explanation as its tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._shown = self._field(self.tr("Shown"), self.tr("Pictures a second that you see"))
        self._camera = self._field(self.tr("Camera"), self.tr("Pictures a second that the camera or video gives"))
        self._latency = self._field(
            self.tr("Latency"),
            self.tr("From the camera's picture to its painting: the median, and what 95 % keep within"),
        )
        self._size = self._field(self.tr("Size"), self.tr("The picture's size, and the size that the network works at"))
        self._skipped = self._field(
            self.tr("Skipped"),
            self.tr(
                "Camera pictures that were passed over because the network was busy: choose a smaller size for fewer"
            ),
        )
        self._device = _Elided(self)
        self._device.setAccessibleName(self.tr("Device"))
        self._device_says = self.tr("Which style runs where, and why there")
        self._device.setToolTip(self._device_says)
        self.addPermanentWidget(self._device, 1)
        # Rates change all the time; the fields after them shall not.
        camera = self.tr("camera {fps} fps").format(fps="00.0")
        for field, widest in ((self._shown, "00.0 fps"), (self._camera, camera)):
            field.setMinimumWidth(field.fontMetrics().horizontalAdvance(widest) + 2 * _PADDING)
        self._last = (time.monotonic(), 0)
        self._counts = (0, 0)

    def show_device(self, text: str) -> None:
        """How the style runs; the whole text is in the tooltip, too, in case it is cut off."""
        self._device.show_text(text)
        markup = f"<p>{html.escape(text)}</p><p>{html.escape(self._device_says)}</p>"
        self._device.setToolTip(markup if text else self._device_says)

    @property
    def device_text(self) -> str:
        return self._device.whole

    def update_stats(self, stats: LiveStats | None, frames_painted: int) -> None:
        """Show the figures; `frames_painted` is the preview's count of pictures on the screen."""
        now = time.monotonic()
        then, before = self._last
        self._last = now, frames_painted
        fps = (frames_painted - before) / (now - then) if now > then else 0.0
        if stats is None:
            for field in (self._shown, self._camera, self._latency, self._size, self._skipped):
                field.clear()
            self._counts = (0, 0)
            return
        self._shown.setText(self.tr("{fps} fps").format(fps=f"{fps:.1f}"))
        self._camera.setText(self.tr("camera {fps} fps").format(fps=f"{stats.camera_fps:.1f}"))
        self._latency.setText(
            ""
            if stats.latency_p50_ms is None or stats.latency_p95_ms is None
            else self.tr("{p50} ms (95 %: {p95})").format(
                p50=f"{stats.latency_p50_ms:.0f}", p95=f"{stats.latency_p95_ms:.0f}"
            )
        )
        self._size.setText(_sizes(stats))
        skipped, painted = stats.not_painted, stats.painted
        if painted < self._counts[1] or skipped < self._counts[0]:
            self._counts = (0, 0)  # another source has begun to count
        new_skipped, new_painted = skipped - self._counts[0], painted - self._counts[1]
        self._counts = skipped, painted
        share = 100 * new_skipped / max(1, new_skipped + new_painted)
        self._skipped.setText(self.tr("{share} % skipped").format(share=f"{share:.0f}") if new_skipped > 0 else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # In a narrow window, what the style runs on is wanted more; the size stands among the controls, too.
        self._size.setVisible(self.width() >= _CHARACTERS * self.fontMetrics().horizontalAdvance("0"))

    def _field(self, name: str, explanation: str) -> QLabel:
        label = QLabel(self)
        label.setAccessibleName(name)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setToolTip(explanation)
        self.addPermanentWidget(label)
        return label


class _Elided(QLabel):
    """Takes the room that is left, and cuts off what does not fit."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_text(self, text: str) -> None:
        self.whole = text
        self.setAccessibleDescription(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - 2 * _PADDING
        self.setText(self.fontMetrics().elidedText(self.whole, Qt.TextElideMode.ElideRight, room))


def _sizes(stats: LiveStats) -> str:
    if stats.source_size is None:
        return ""
    source = "{}×{}".format(*stats.source_size)
    if stats.working_size is None or stats.working_size == stats.source_size:
        return source
    return source + " → {}×{}".format(*stats.working_size)
