"""Colours that can be read, live switching, and a window that clips nothing in other languages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject, Qt, QTranslator
from PySide6.QtGui import QAccessible, QColor, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QLabel,
    QSizePolicy,
    QSlider,
    QWidget,
)

from stylecam.gui.theme import Colours, Theme, apply_theme, colours
from tests.gui.conftest import painted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from stylecam.gui.app import Studio
    from stylecam.gui.main_window import MainWindow

pytestmark = pytest.mark.usefixtures("dark")


def contrast(one: str, other: str) -> float:
    """As WCAG 2 computes it: 1 for equal colours, 21 for black and white."""

    def luminance(colour: str) -> float:
        c = QColor(colour)
        parts = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in (c.redF(), c.greenF(), c.blueF())]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _theme(app: QApplication, theme: Theme) -> Colours:
    apply_theme(app, theme)
    return colours()


def test_the_contrast_formula_knows_its_two_ends() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((text, ground) for text in ("text", "faint") for ground in ("window", "base", "raised")),
        *(("on_accent", "accent"), ("on_stage", "stage"), ("recording", "raised"), ("accent", "base")),
        *((level, "raised") for level in ("warning", "error")),
    ],
)
def test_every_text_can_be_read(qapp: QApplication, theme: Theme, text: str, ground: str) -> None:
    c = _theme(qapp, theme)
    assert contrast(getattr(c, text), getattr(c, ground)) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["window", "base", "raised"])
def test_the_accent_that_marks_focus_and_choice_is_seen(qapp: QApplication, theme: Theme, ground: str) -> None:
    c = _theme(qapp, theme)
    assert contrast(c.accent, getattr(c, ground)) >= 3


def test_a_theme_can_be_switched_while_the_window_is_open(qapp: QApplication, qtbot: QtBot) -> None:
    label = QLabel("text")
    qtbot.addWidget(label)
    seen = []
    for theme in ("light", "dark", "light"):
        c = _theme(qapp, theme)
        assert c.name == theme
        palette = label.palette()
        assert palette.color(QPalette.ColorRole.Window).name() == c.window
        assert palette.color(QPalette.ColorRole.WindowText).name() == c.text
        assert c.accent in qapp.styleSheet()
        seen.append(palette.color(QPalette.ColorRole.Window).lightness())
    assert seen[0] == seen[2] > seen[1]


def test_system_follows_the_desktop_and_the_others_do_not(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    hints = qapp.styleHints()
    scheme = Qt.ColorScheme.Dark
    # The offscreen platform has no desktop to follow.
    monkeypatch.setattr(type(hints), "colorScheme", lambda _: scheme)

    def desktop_becomes(new: Qt.ColorScheme) -> str:
        nonlocal scheme
        scheme = new
        hints.colorSchemeChanged.emit(new)
        return colours().name

    apply_theme(qapp, "system")
    assert desktop_becomes(Qt.ColorScheme.Light) == "light"
    assert desktop_becomes(Qt.ColorScheme.Dark) == "dark"
    apply_theme(qapp, "dark")
    assert desktop_becomes(Qt.ColorScheme.Light) == "dark"
    apply_theme(qapp, "light")
    assert desktop_becomes(Qt.ColorScheme.Dark) == "light"


class _Longer(QTranslator):
    """A language whose words are 40 % longer."""

    def translate(self, context: str, source: str, disambiguation: str | None = None, n: int = -1) -> str:
        words = source.replace("&", "")
        return source + "e" * math.ceil(0.4 * len(words)) if any(c.isalpha() for c in words) else source

    def isEmpty(self) -> bool:  # noqa: N802
        return False


@pytest.fixture
def longer(qapp: QApplication) -> Iterator[None]:
    translator = _Longer(qapp)
    assert qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)


@pytest.fixture
def right_to_left(qapp: QApplication) -> Iterator[None]:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    apply_theme(qapp, "dark")
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def clipped(window: MainWindow) -> list[str]:
    """The labels and buttons that are narrower than what they say, or reach beyond the window."""
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or not isinstance(widget, QLabel | QAbstractButton):
            continue
        if isinstance(widget, QLabel) and (widget.wordWrap() or not widget.text()):
            continue
        if widget.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored:
            continue  # takes what is left, and shows less
        at = widget.mapTo(window, widget.rect().topLeft())
        inside = window.rect().contains(widget.rect().translated(at))
        if widget.width() < widget.sizeHint().width() or not inside:
            found.append(f"{widget.text()!r}: {widget.width()} of {widget.sizeHint().width()} at {at.x()}")
    return found


def _at_its_smallest(qtbot: QtBot, open_studio: Callable[..., Studio]) -> MainWindow:
    window = open_studio().window
    painted(qtbot, window, "alpha")
    window.resize(window.minimumSize())
    qtbot.waitUntil(lambda: window.size() == window.minimumSize())
    window.status.show_device("alpha, fast, on CPU (no CUDA device found: no NVIDIA driver is installed), float32")
    window.banner.show_message(
        "The camera was disconnected. It is looked for.",
        level="warning",
        actions=[("Choose another…", lambda: None), ("Try again", lambda: None)],
        details="errno 19",
    )
    QApplication.processEvents()
    return window


def test_nothing_is_clipped_at_the_smallest_size(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    window = _at_its_smallest(qtbot, open_studio)
    assert clipped(window) == []
    label = window.gallery.findChild(QCheckBox)
    assert isinstance(label, QCheckBox)
    label.setMaximumWidth(20)
    QApplication.processEvents()
    assert clipped(window), "the measure itself would see it"


@pytest.mark.usefixtures("longer")
def test_words_that_are_longer_by_two_fifths_are_not_clipped(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    window = _at_its_smallest(qtbot, open_studio)
    labels = [label.text() for label in window.controls.findChildren(QLabel)]
    assert any(text.startswith("St&rengthee") for text in labels)
    assert clipped(window) == []


@pytest.mark.usefixtures("right_to_left")
def test_from_right_to_left_everything_is_mirrored(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    window = _at_its_smallest(qtbot, open_studio)
    assert clipped(window) == []
    gallery, preview = (part.mapTo(window, part.rect().topLeft()).x() for part in (window.gallery, window.preview))
    assert gallery < preview
    strength = window.controls.findChild(QSlider)
    assert isinstance(strength, QSlider)
    strength.setValue(100)
    image = strength.grab().toImage()
    # The filled part of the groove is that where a mirrored slider begins: at its right end.
    assert image.pixelColor(image.width() - 12, image.height() // 2).name() == colours().accent


def test_whatever_takes_the_focus_has_a_name(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    window = _at_its_smallest(qtbot, open_studio)
    nameless, named = [], 0
    for widget in window.findChildren(QWidget):
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or _is_a_popup_part(widget):
            continue
        interface = QAccessible.queryAccessibleInterface(widget)
        if interface is None or not interface.text(QAccessible.Text.Name):
            nameless.append(repr(widget))
        named += 1
    assert nameless == []
    assert named > 15


def _is_a_popup_part(widget: QWidget) -> bool:
    """The lists that combo boxes open: what they belong to has the name."""
    inside: QObject | None = widget
    while inside is not None:
        if inside.inherits("QComboBoxPrivateContainer") or inside.inherits("QMenu"):
            return True
        inside = inside.parent()
    return isinstance(widget, QAbstractItemView) and widget.parent() is None
