"""ControlPanel: the knobs of the painting - strength, steadiness, colours, a second style, size, mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QSlider, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["SIZES", "ControlPanel"]

SIZES: Final = ("auto", "native", "1280x720", "960x540", "640x360", "480x270", "320x180")


class ControlPanel(QWidget):
    """Setting a property shows the value and emits nothing; a person's change emits.

    Signals:
        strength_changed(int), steadiness_changed(int): 0–100.
        keep_colors_changed(bool), mirror_changed(bool).
        mix_changed(str, int): the second style's name, empty for none, and its share in percent.
        size_changed(str): "auto", "native" or "WxH".
    """

    strength_changed = Signal(int)
    steadiness_changed = Signal(int)
    keep_colors_changed = Signal(bool)
    mix_changed = Signal(str, int)
    size_changed = Signal(str)
    mirror_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shows: dict[QSlider, Callable[[int], None]] = {}
        self._labels: dict[QWidget, tuple[QLabel, ...]] = {}
        self._told_mix = ("", 0)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self._strength = self._slider(
            self.tr("St&rength"),
            self.tr("Strength"),
            self.tr("How much of the painting is seen: 0 is the camera's picture (keys - and =)"),
            self.tr("{value} %"),
        )
        self._steadiness = self._slider(
            self.tr("Stea&diness"),
            self.tr("Steadiness"),
            self.tr("How calm a picture without movement is; 0 turns it off"),
            "{value}",
        )
        self._mix = QComboBox(self)
        self._mix.setAccessibleName(self.tr("Mix with"))
        self._mix.setToolTip(self.tr("A second style to mix in; best with styles trained from one another"))
        self._mix.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._mix.setMinimumContentsLength(8)
        self._row(self.tr("Mi&x with"), self._mix)
        self._share = self._slider(
            self.tr("S&hare"),
            self.tr("Share of the second style"),
            self.tr("How much of the second style is in the mix"),
            self.tr("{value} %"),
        )
        self._size = QComboBox(self)
        self._size.setAccessibleName(self.tr("Size"))
        self._size.setToolTip(
            self.tr(
                "The size the network works at. Auto keeps the rate, but not below about 320×240; "
                "smaller is faster, and strokes grow"
            )
        )
        self._size.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._size.setMinimumContentsLength(8)
        for size in SIZES:
            names = {"auto": self.tr("Auto"), "native": self.tr("As the camera")}
            self._size.addItem(names.get(size) or _size_text(size), size)
        self._row(self.tr("S&ize"), self._size)
        self._keep = QCheckBox(self.tr("&Keep the camera's colours"), self)
        self._keep.setAccessibleName(self.tr("Keep the camera's colours"))
        self._keep.setToolTip(self.tr("Brightness from the painting, colours from the camera (key K)"))
        self._mirror = QCheckBox(self.tr("&Mirror"), self)
        self._mirror.setAccessibleName(self.tr("Mirror"))
        self._mirror.setToolTip(
            self.tr("Flip the camera left to right, as in a mirror, in recordings, too (key M); videos are not flipped")
        )
        for box in (self._keep, self._mirror):
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._grid.addWidget(box, self._grid.rowCount(), 0, 1, 3)
        self.set_mix_choices([])
        self._connect()

    @property
    def strength(self) -> int:
        return self._strength.value()

    @strength.setter
    def strength(self, percent: int) -> None:
        self._set(self._strength, percent)

    @property
    def steadiness(self) -> int:
        return self._steadiness.value()

    @steadiness.setter
    def steadiness(self, amount: int) -> None:
        self._set(self._steadiness, amount)

    @property
    def keep_colors(self) -> bool:
        return self._keep.isChecked()

    @keep_colors.setter
    def keep_colors(self, keep: bool) -> None:
        with QSignalBlocker(self._keep):
            self._keep.setChecked(keep)

    @property
    def mirror(self) -> bool:
        return self._mirror.isChecked()

    @mirror.setter
    def mirror(self, mirror: bool) -> None:
        with QSignalBlocker(self._mirror):
            self._mirror.setChecked(mirror)

    @property
    def working_size(self) -> str:
        """Either "auto", "native" or "WxH"."""
        return str(self._size.currentData())

    @working_size.setter
    def working_size(self, size: str) -> None:
        with QSignalBlocker(self._size):
            if self._size.findData(size) < 0:
                self._size.addItem(_size_text(size), size)
            self._size.setCurrentIndex(self._size.findData(size))

    @property
    def mix(self) -> tuple[str, int]:
        """The second style's name, empty for none, and its share in percent."""
        return str(self._mix.currentData() or ""), self._share.value()

    def set_mix(self, name: str, share: int) -> None:
        """Show this mix."""
        with QSignalBlocker(self._mix):
            self._mix.setCurrentIndex(max(0, self._mix.findData(name)))
        self._set(self._share, share)
        self._told_mix = self.mix
        self._show_share()

    def set_mix_choices(self, styles: Sequence[tuple[str, str]]) -> None:
        """Offer these (name, title) as second styles."""
        name, share = self.mix
        with QSignalBlocker(self._mix):
            self._mix.clear()
            self._mix.addItem(self.tr("None"), "")
            for style, title in styles:
                self._mix.addItem(title, style)
        self.set_mix(name, share)

    def set_auto_size_text(self, text: str) -> None:
        """Say beside "Auto" what it chose; empty for nothing yet."""
        row = self._size.findData("auto")
        auto = self.tr("Auto: {size}").format(size=_left_to_right(text)) if text else self.tr("Auto")
        self._size.setItemText(row, auto)

    def _slider(self, label: str, name: str, tip: str, form: str) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setRange(0, 100)
        slider.setPageStep(10)
        slider.setToolTip(tip)
        slider.setAccessibleName(name)
        value = QLabel(self)
        value.setObjectName("faint")
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        value.setMinimumWidth(self.fontMetrics().horizontalAdvance(form.format(value=100)) + 2)

        def show(amount: int) -> None:
            value.setText(form.format(value=amount))
            slider.setAccessibleDescription(form.format(value=amount))

        slider.valueChanged.connect(show)
        show(0)
        self._row(label, slider, value)
        self._shows[slider] = show
        return slider

    def _row(self, text: str, widget: QWidget, value: QLabel | None = None) -> None:
        row = self._grid.rowCount()
        label = QLabel(text, self)
        label.setBuddy(widget)
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(widget, row, 1, 1, 1 if value else 2)
        if value:
            self._grid.addWidget(value, row, 2)
        self._labels[widget] = (label, value) if value else (label,)

    def _set(self, slider: QSlider, value: int) -> None:
        with QSignalBlocker(slider):
            slider.setValue(value)
        self._shows[slider](slider.value())

    def _connect(self) -> None:
        self._strength.valueChanged.connect(self.strength_changed)
        self._steadiness.valueChanged.connect(self.steadiness_changed)
        self._keep.toggled.connect(self.keep_colors_changed)
        self._mirror.toggled.connect(self.mirror_changed)
        self._size.activated.connect(lambda _: self.size_changed.emit(self.working_size))
        self._mix.activated.connect(self._on_mix)
        self._share.sliderReleased.connect(self._on_mix)
        # By key or wheel there is no release; while dragging, each step would load a mix.
        self._share.valueChanged.connect(lambda _: None if self._share.isSliderDown() else self._on_mix())

    def _on_mix(self) -> None:
        self._show_share()
        if self.mix != self._told_mix:
            self._told_mix = self.mix
            self.mix_changed.emit(*self.mix)

    def _show_share(self) -> None:
        for widget in (self._share, *self._labels[self._share]):
            widget.setEnabled(bool(self.mix[0]))


def _size_text(size: str) -> str:
    return _left_to_right(size.replace("x", "×"))


def _left_to_right(text: str) -> str:
    """Isolated (U+2066, U+2069): width stands before height in scripts from right to left, too."""
    return f"\u2066{text}\u2069"
