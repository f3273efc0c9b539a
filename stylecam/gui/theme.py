"""The window's looks: two palettes and one style sheet over Qt's Fusion style. Nothing else sets colours.

Pictures are the colour here; everything around them is a quiet grey, and one accent marks what is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

__all__ = ["Colours", "Theme", "apply_theme", "colours"]

Theme: TypeAlias = Literal["system", "light", "dark"]


@dataclass(frozen=True, slots=True)
class Colours:
    """One theme's colours. Text on `window`, `base` and `raised` has a contrast of 4.5:1 or more."""

    name: str
    """Part of its drawings' file names."""
    window: str
    base: str
    """Fields and lists."""
    raised: str
    """Buttons, the banner."""
    line: str
    text: str
    faint: str
    """Text that explains."""
    accent: str
    on_accent: str
    stage: str
    """Around the picture."""
    on_stage: str
    recording: str
    warning: str
    error: str


_MARKS: Final = Path(__file__).with_name("marks")
"""Drawings for the style sheet, which takes files alone."""
_DARK: Final = Colours(
    name="dark",
    window="#1d1e22",
    base="#26272c",
    raised="#303137",
    line="#3d3f46",
    text="#ececef",
    faint="#a9abb4",
    accent="#e9a23b",
    on_accent="#1d1607",
    stage="#131417",
    on_stage="#b8bac2",
    recording="#ff6b67",
    warning="#f2c14e",
    error="#ff7a72",
)
_LIGHT: Final = Colours(
    name="light",
    window="#f5f5f2",
    base="#ffffff",
    raised="#e9e9e4",
    line="#cfcfc8",
    text="#22232a",
    faint="#5d5f69",
    accent="#9b5a08",
    on_accent="#ffffff",
    stage="#dcdcd6",
    on_stage="#4c4e57",
    recording="#c4221f",
    warning="#8a5a00",
    error="#b3261e",
)


def colours() -> Colours:
    """Those of the theme that is in use."""
    return _DARK if QApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128 else _LIGHT


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Give the application this theme; "system" follows the desktop's, also when that changes later."""
    schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark, "system": Qt.ColorScheme.Unknown}
    hints = app.styleHints()
    if app.style().name() != "fusion":
        app.setStyle("Fusion")
    if not app.property("stylecamTheme"):
        hints.colorSchemeChanged.connect(lambda _: _paint(app, str(app.property("stylecamTheme"))))
    app.setProperty("stylecamTheme", theme)  # before the next line, whose signal asks for it
    hints.setColorScheme(schemes[theme])
    _paint(app, theme)


def _paint(app: QApplication, theme: str) -> None:
    dark = theme == "dark" or (theme == "system" and app.styleHints().colorScheme() != Qt.ColorScheme.Light)
    chosen = _DARK if dark else _LIGHT
    app.setPalette(_palette(chosen))
    app.setStyleSheet(_sheet(chosen))


def _palette(c: Colours) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: c.window,
        QPalette.ColorRole.WindowText: c.text,
        QPalette.ColorRole.Base: c.base,
        QPalette.ColorRole.AlternateBase: c.raised,
        QPalette.ColorRole.Text: c.text,
        QPalette.ColorRole.PlaceholderText: c.faint,
        QPalette.ColorRole.Button: c.raised,
        QPalette.ColorRole.ButtonText: c.text,
        QPalette.ColorRole.BrightText: c.recording,
        QPalette.ColorRole.Highlight: c.accent,
        QPalette.ColorRole.HighlightedText: c.on_accent,
        QPalette.ColorRole.ToolTipBase: c.raised,
        QPalette.ColorRole.ToolTipText: c.text,
        QPalette.ColorRole.Link: c.accent,
        QPalette.ColorRole.Mid: c.line,
        QPalette.ColorRole.Dark: c.line,
        QPalette.ColorRole.Light: c.raised,
        QPalette.ColorRole.Accent: c.accent,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, _faded(c))
    return palette


def _faded(c: Colours) -> QColor:
    """Text of what cannot be used now."""
    faded = QColor(c.faint)
    faded.setAlpha(150)
    return faded


def _sheet(c: Colours) -> str:
    marks = _MARKS.as_posix()
    # Qt mirrors a slider for scripts from right to left, but neither the names of its parts nor paddings.
    mirrored = QApplication.layoutDirection() == Qt.LayoutDirection.RightToLeft
    filled, button_padding = ("add-page", "7px 14px 7px 8px") if mirrored else ("sub-page", "7px 8px 7px 14px")
    return f"""
QToolTip {{ background: {c.raised}; color: {c.text}; border: 1px solid {c.line}; padding: 4px 6px; }}
QStatusBar {{ color: {c.faint}; border-top: 1px solid {c.line}; }}
QStatusBar QLabel {{ color: {c.faint}; padding: 2px 6px; }}
QStatusBar::item {{ border: none; }}
QMenuBar {{ border-bottom: 1px solid {c.line}; padding: 2px 6px; }}
QMenuBar::item {{ padding: 4px 8px; border-radius: 4px; }}
QMenuBar::item:selected {{ background: {c.raised}; }}
QMenu {{ background: {c.base}; border: 1px solid {c.line}; padding: 4px; }}
QMenu::item {{ padding: 5px 26px 5px 26px; border: 1px solid transparent; border-radius: 4px; }}
QMenu::item:selected {{ background: {c.raised}; border-color: {c.accent}; }}
QMenu::item:disabled {{ color: {c.faint}; }}
QMenu::separator {{ height: 1px; background: {c.line}; margin: 4px 6px; }}
QSplitter::handle {{ background: {c.window}; }}
QToolButton {{ border: 1px solid transparent; border-radius: 6px; padding: 5px 8px; }}
QToolButton:hover {{ background: {c.raised}; }}
QToolButton:checked {{ background: {c.raised}; border-color: {c.accent}; }}
QToolButton:focus {{ border-color: {c.accent}; }}
QToolButton:disabled {{ color: {c.faint}; }}
QToolButton#recordButton, QToolButton#snapshotButton {{ background: {c.raised}; border-color: {c.line};
    padding: {button_padding}; }}
QToolButton#recordButton:checked {{ border-color: {c.recording}; color: {c.recording}; }}
QToolButton#recordButton:focus, QToolButton#snapshotButton:focus {{ border-color: {c.accent}; }}
QPushButton {{ background: {c.raised}; border: 1px solid {c.line}; border-radius: 6px; padding: 5px 12px; }}
QPushButton:hover {{ border-color: {c.faint}; }}
QPushButton:focus {{ border-color: {c.accent}; }}
QPushButton:checked {{ border-color: {c.accent}; }}
QPushButton:default {{ border-color: {c.accent}; }}
QPushButton:disabled {{ color: {c.faint}; }}
QLineEdit, QComboBox {{ background: {c.base}; border: 1px solid {c.line}; border-radius: 6px;
    padding: 4px 8px; selection-background-color: {c.accent}; selection-color: {c.on_accent}; }}
QLineEdit QToolButton {{ border: none; padding: 0; }}
QLineEdit:focus, QComboBox:focus {{ border-color: {c.accent}; }}
QComboBox::drop-down {{ border: none; width: 24px; }}
QComboBox::down-arrow {{ image: url("{marks}/down-{c.name}.svg"); width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{ background: {c.base}; border: 1px solid {c.line}; outline: none; }}
QListView#styleView {{ background: transparent; border: none; outline: none; }}
QSlider:horizontal {{ min-height: 22px; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {c.line}; }}
QSlider::{filled}:horizontal {{ height: 4px; border-radius: 2px; background: {c.accent}; }}
QSlider::{filled}:horizontal:disabled {{ background: {c.line}; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -6px 0; border-radius: 8px; background: {c.text};
    border: 1px solid {c.window}; }}
QSlider::handle:horizontal:focus {{ border: 2px solid {c.accent}; background: {c.window}; }}
QSlider::handle:horizontal:disabled {{ background: {c.faint}; }}
QCheckBox, QRadioButton {{ spacing: 7px; padding: 2px; border: 1px solid transparent; border-radius: 4px; }}
QCheckBox:focus, QRadioButton:focus {{ border-color: {c.accent}; }}
QCheckBox::indicator, QRadioButton::indicator, QMenu::indicator {{ width: 14px; height: 14px; border-radius: 4px;
    border: 1px solid {c.faint}; background: {c.base}; }}
QRadioButton::indicator {{ border-radius: 8px; }}
QMenu::indicator {{ margin-left: 6px; }}
QCheckBox::indicator:checked, QMenu::indicator:checked {{ background: {c.accent}; border-color: {c.accent};
    image: url("{marks}/tick-{c.name}.svg"); }}
QRadioButton::indicator:checked {{ background: {c.accent}; border-color: {c.accent};
    image: url("{marks}/dot-{c.name}.svg"); }}
QPlainTextEdit {{ background: {c.base}; border: 1px solid {c.line}; border-radius: 6px; padding: 2px;
    selection-background-color: {c.accent}; selection-color: {c.on_accent}; }}
QPlainTextEdit:focus {{ border-color: {c.accent}; }}
QProgressBar {{ background: {c.base}; border: 1px solid {c.line}; border-radius: 6px; text-align: center;
    color: {c.text}; min-height: 20px; }}
QProgressBar::chunk {{ background: {c.accent}; border-radius: 5px; }}
QFrame#banner {{ background: {c.raised}; border: 1px solid {c.line}; border-left: 4px solid {c.accent};
    border-top-right-radius: 6px; border-bottom-right-radius: 6px; }}
QFrame#banner[level="warning"] {{ border-left-color: {c.warning}; }}
QFrame#banner[level="error"] {{ border-left-color: {c.error}; }}
QLabel#faint {{ color: {c.faint}; }}
QLabel#faint:disabled {{ color: {_faded(c).name(QColor.NameFormat.HexArgb)}; }}
QLabel#heading {{ font-weight: 600; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {c.line}; border-radius: 4px; min-height: 28px; margin: 1px; }}
QScrollBar::handle:vertical:hover {{ background: {c.faint}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""
