"""What every widget of the window is checked for: names for screen readers, room for its texts, one style sheet.

Also small pictures, and colours read back from what was painted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, QRect, Qt, QTranslator
from PySide6.QtGui import QAccessible, QColor, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QStyle,
    QStyleOptionComboBox,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from stylecam.frame import Image

RED, GREEN, BLUE = (200, 20, 20), (20, 180, 30), (20, 40, 210)


def plain(colour: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> Image:
    """A picture (width, height) of one colour, read-only as frames are."""
    image = np.full((size[1], size[0], 3), colour, np.uint8)
    image.flags.writeable = False
    return image


def show(qtbot: QtBot, widget: QWidget, width: int, height: int) -> None:
    """On the screen, with the keyboard, at this size."""
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow, timeout=5000)


def grabbed(widget: QWidget, ratio: float = 1.0) -> QImage:
    """The widget as it is painted now, at this device pixel ratio."""
    QApplication.processEvents()
    image = QImage((widget.size() * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(widget.palette().window().color())  # some are transparent
    widget.render(image)
    return image


def colour_at(image: QImage, x: int, y: int) -> tuple[int, int, int]:
    colour = image.pixelColor(x, y)
    return colour.red(), colour.green(), colour.blue()


def pixels(image: QImage, part: QRect | None = None) -> Image:
    """H×W×3 RGB."""
    image = (image.copy(part) if part is not None else image).convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def is_like(colour: tuple[int, int, int] | QColor, other: tuple[int, int, int] | QColor, tolerance: int = 6) -> bool:
    one, two = (c.getRgb()[:3] if isinstance(c, QColor) else c for c in (colour, other))  # type: ignore[index]
    return max(abs(int(a) - int(b)) for a, b in zip(one, two, strict=True)) <= tolerance


def contrast(one: QColor, two: QColor) -> float:
    """WCAG 2.2, between 1 and 21."""

    def luminance(colour: QColor) -> float:
        parts = []
        for value in (colour.redF(), colour.greenF(), colour.blueF()):
            parts.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def over(top: QColor, ground: QColor) -> QColor:
    """What is seen when a colour with an alpha lies on another."""
    a = top.alphaF()
    tops, grounds = (top.redF(), top.greenF(), top.blueF()), (ground.redF(), ground.greenF(), ground.blueF())
    return QColor.fromRgbF(*(a * t + (1 - a) * g for t, g in zip(tops, grounds, strict=True)))


def check_names(root: QWidget) -> None:
    """Whatever takes the focus says what it is; nothing brings a style sheet of its own."""
    checked = 0
    for widget in (root, *root.findChildren(QWidget)):
        assert not widget.styleSheet(), f"{widget!r} has a style sheet of its own"
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not _is_inside_another(widget):
            checked += 1
            name = QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
            assert name, f"{widget!r} has no name for a screen reader"
    assert checked, "nothing was checked"


def _is_inside_another(widget: QWidget) -> bool:
    """A part of a field or of a combo box, which has the name."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QLineEdit | QComboBox | QAbstractScrollArea):
            return True
        parent = parent.parentWidget()
    return False


class LongerTexts(QTranslator):
    """A language whose texts are 40 % longer than English ones."""

    def isEmpty(self) -> bool:  # noqa: N802
        return False

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str:
        return text + "x" * max(1, round(0.4 * len(text))) if text.strip() else text


def other_languages(app: QApplication) -> Iterator[str]:
    """Run the loop's body in longer texts, from right to left, and in both."""
    for longer, leftward in ((True, False), (False, True), (True, True)):
        translator = LongerTexts()
        if longer:
            app.installTranslator(translator)
        if leftward:
            app.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        try:
            yield f"longer={longer} leftward={leftward}"
        finally:
            app.removeTranslator(translator)
            app.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def check_room(root: QWidget, where: str) -> None:
    """No text is cut off, and no widget sticks out of its parent."""
    checked = 0
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or _is_inside_another(widget):
            continue
        corner = widget.mapTo(root, QPoint(0, 0))
        assert root.rect().contains(QRect(corner, widget.size())), f"{where}: {_who(widget)} sticks out"
        if isinstance(widget, QLabel) and widget.wordWrap():
            assert widget.height() >= widget.heightForWidth(widget.width()), f"{where}: {_who(widget)} is cut off"
        elif isinstance(widget, QAbstractButton | QLabel):
            assert widget.width() >= widget.sizeHint().width(), f"{where}: {_who(widget)} is cut off"
            assert widget.height() >= widget.sizeHint().height(), f"{where}: {_who(widget)} is cut off"
        elif isinstance(widget, QComboBox):
            text = widget.fontMetrics().horizontalAdvance(widget.currentText())
            assert _field(widget).width() >= text, f"{where}: {_who(widget)} is cut off"
        else:
            continue
        checked += 1
    assert checked, "nothing was checked"


def _field(box: QComboBox) -> QRect:
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    return box.style().subControlRect(
        QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, box
    )


def _who(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton | QLabel) else widget.accessibleName()
    return f"{type(widget).__name__} {text!r} ({widget.size().toTuple()} of {widget.sizeHint().toTuple()})"
