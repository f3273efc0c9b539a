"""TrainEndPage: what came out of a training, in figures and in what they mean; or why nothing did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from stylecam.gui.icons import icon
from stylecam.gui.scaling import qimage
from stylecam.gui.theme import colours
from stylecam.gui.training.parts import Content, faint, heading, plain
from stylecam.gui.words import counted, duration, sentence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PySide6.QtGui import QPaintEvent

    from stylecam.frame import Image
    from stylecam.gui.training.story import Report, RunStory

__all__ = ["FLAT", "TrainEndPage", "result_picture"]

FLAT: Final = 0.02
"""Spread below which a network paints as good as one colour."""
_STEADY: Final = 1.2
_FLICKERS: Final = 2.0
_HALF_DB: Final = 40.0
_ICON: Final = QSize(24, 24)
_RADIUS: Final = 7.0
_TALLEST: Final = 380
"""Pixels of the picture, so that the figures are seen below it."""
_GAP: Final = 2


class TrainEndPage(Content):
    """Shows one of two: a style, or why there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = QLabel(self)
        self._icon.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._heading = heading(self, scale=1.25)
        self._complaint = plain(self)
        self._text = plain(self, selectable=True)
        self._picture = _Picture(self)
        self._table = QWidget(self)
        self._grid = QGridLayout(self._table)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(2, 1)
        self._cells: list[QLabel] = []
        words = QVBoxLayout()
        words.setSpacing(12)
        for widget in (self._heading, self._complaint, self._text, self._picture, self._table):
            words.addWidget(widget)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(14)
        row.addWidget(self._icon)
        row.addLayout(words, 1)

    @property
    def text(self) -> str:
        """Everything it says."""
        labels = [self._heading, self._complaint, self._text, *self._cells]
        return "\n".join(label.text() for label in labels if label.text())

    def tell_style(self, name: str, story: RunStory) -> None:
        """Tell of the finished style of this name: of its networks what was measured, and what that means."""
        reports = list(story.reports.values())
        flat = any(report.spread is not None and report.spread < FLAT for report in reports)
        told = self.tr("“{name}” is trained, and stands in the gallery")
        self._show("warning" if flat else "info", told.format(name=name), self._took(story))
        if flat:
            self._complaint.setText(
                self.tr(
                    "It paints as good as one flat colour, so something went wrong: train it again with more content, "
                    "or start from another picture."
                )
            )
        self._complaint.setVisible(flat)
        self._fill(reports)

    def tell_failure(self, name: str, story: RunStory, reason: str) -> None:
        """Tell why there is no style, and what can be done."""
        told = self.tr("“{name}” was not trained to its end")
        if story.end == "stopped":
            told = self.tr("The training of “{name}” was stopped")
        remedy = self.tr("What was asked for is still there: change what is in the way, and try again.")
        if story.checkpoint:
            remedy = self.tr("What it has learned up to step {n} is kept, and it can go on from there.")
            remedy = remedy.format(n=f"{story.checkpoint:,}")
        reason = reason or story.reason
        self._show("error", told.format(name=name), "\n\n".join([*([sentence(reason)] if reason else []), remedy]))
        self._picture.set_picture(None)
        self._fill(())

    def show_picture(self, image: Image | QImage | None) -> None:
        """What it paints: the style's thumbnail, or its last preview."""
        self._picture.set_picture(image)

    def _took(self, story: RunStory) -> str:
        """How long it was trained, and how far, where that is not all that was asked for."""
        step = story.made.get(story.variant, story.step)
        if step >= story.steps or not story.steps:
            return self.tr("Trained in {time}.").format(time=duration(story.elapsed)) if story.elapsed >= 1 else ""
        told = self.tr("Stopped at step {step} of {steps}.")
        if story.elapsed >= 1:
            told = self.tr("Stopped at step {step} of {steps}, after {time} of training.")
        if story.networks > 1:
            told = self.tr("Stopped at step {step} of {steps} of network {network} of {networks}.")
        return told.format(
            step=counted(step),
            steps=counted(story.steps),
            time=duration(story.elapsed),
            network=story.network,
            networks=story.networks,
        )

    def _show(self, level: str, heading_text: str, text: str) -> None:
        c = colours()
        colour = {"info": c.accent, "warning": c.warning, "error": c.error}[level]
        self._icon.setPixmap(icon(level, colour=colour).pixmap(_ICON, self.devicePixelRatioF()))
        self._heading.setText(heading_text)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._complaint.clear()
        self._complaint.hide()

    def _fill(self, reports: Sequence[Report]) -> None:
        for cell in self._cells:
            self._grid.removeWidget(cell)
            cell.hide()
            cell.deleteLater()
        self._cells = []
        row = 0
        for report in reports:
            if len(reports) > 1:
                title = heading(self._table, self.tr("The {variant} network").format(variant=report.variant))
                title.setContentsMargins(0, 10 if row else 0, 0, 0)
                self._place(title, row, 0, 3)
                row += 1
            for name, value, meaning in self._lines(report):
                self._place(faint(self._table, name), row, 0)
                self._place(QLabel(value, self._table), row, 1)
                self._place(plain(self._table, meaning), row, 2)
                row += 1
        self._table.setVisible(bool(self._cells))

    def _place(self, label: QLabel, row: int, column: int, span: int = 1) -> None:
        policy = label.sizePolicy()
        if column == 0 and span == 1:
            policy.setHorizontalPolicy(QSizePolicy.Policy.Minimum)
            label.setWordWrap(False)
            label.setSizePolicy(policy)
        label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._grid.addWidget(label, row, column, 1, span)
        label.show()
        self._cells.append(label)

    def _lines(self, report: Report) -> list[tuple[str, str, str]]:
        """Name, figure and meaning of whatever was measured."""
        lines = []
        if report.milliseconds:
            fps = 1000 / report.milliseconds
            # The trainer gives way to whatever else there is, such as this window's own painting.
            rate = self.tr(
                "or more: a picture of 640×480 took {ms} ms on this device while the live picture and all else went "
                "first"
            ).format(ms=f"{report.milliseconds:.0f}")
            lines.append(
                (self.tr("Speed"), self.tr("{fps} fps").format(fps=f"{fps:.0f}" if fps >= 10 else f"{fps:.1f}"), rate)
            )
        if report.flicker is not None:
            meaning = self.tr("flickers: use the steadiness slider, or train on with “Steadier”")
            if report.flicker <= _STEADY:
                meaning = self.tr("steady: it does not amplify a camera's noise")
            elif report.flicker <= _FLICKERS:
                meaning = self.tr("a little lively; the steadiness slider calms it")
            lines.append((self.tr("Flicker"), f"{report.flicker:.2f}", meaning))
        if report.style is not None:
            meaning = self.tr("how far its texture is from the painting's; 0 is the same")
            lines.append((self.tr("Style"), f"{report.style:.3f}", meaning))
        if report.content is not None:
            meaning = self.tr("how far what is seen is from the photograph; 0 is the same")
            lines.append((self.tr("Content"), f"{report.content:.2f}", meaning))
        if report.half_db is not None:
            meaning = self.tr("half precision, which fast graphics cards use, shows; it is left out where it matters")
            if report.half_db >= _HALF_DB:
                meaning = self.tr("half precision, which fast graphics cards use, makes no visible difference")
            lines.append((self.tr("float16"), self.tr("{db} dB").format(db=f"{report.half_db:.0f}"), meaning))
        return lines


def result_picture(preview: Path) -> QImage:
    """The photographs above the same painted, as a preview has them; one that cannot be read is null.

    May be called in any thread.
    """
    painted, photographs = QImage(str(preview)), QImage(str(preview.with_name("source.jpg")))
    if painted.isNull() or photographs.size() != painted.size():
        return painted
    both = QImage(painted.width(), 2 * painted.height() + _GAP, QImage.Format.Format_RGB32)
    both.fill(QColor(colours().stage))
    painter = QPainter(both)
    painter.drawImage(0, 0, photographs)
    painter.drawImage(0, painted.height() + _GAP, painted)
    painter.end()
    return both


class _Picture(QWidget):
    """A picture with round corners, as large as there is room, and no larger than it is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(self.tr("What it paints"))
        self.hide()

    def set_picture(self, image: Image | QImage | None) -> None:
        if image is not None and not isinstance(image, QImage):
            image = qimage(image)
        self._image = image
        self.setVisible(image is not None)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        if self._image is None:
            return QSize(0, 0)
        size = self._image.size()
        return size.scaled(size.boundedTo(QSize(size.width(), _TALLEST)), Qt.AspectRatioMode.KeepAspectRatio)

    def heightForWidth(self, width: int) -> int:
        if self._image is None:
            return 0
        return min(_TALLEST, self._image.height(), round(width * self._image.height() / max(1, self._image.width())))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None:
            return
        ratio = self.devicePixelRatioF()
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio).boundedTo(self._image.size())
        fitted = self._image.scaled(
            size * ratio, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        fitted.setDevicePixelRatio(ratio)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath()
        path.addRoundedRect(0, 0, size.width(), size.height(), _RADIUS, _RADIUS)
        painter.setClipPath(path)
        painter.drawImage(0, 0, fitted)
