"""EmphasisSliders: more style, more content, steadier - what a training is told while it goes on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QWidget

from stylecam.gui.training.parts import faint
from stylecam.gui.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EmphasisSliders"]

_NOTCHES: Final = 4
"""Of the slider for each doubling."""
_DOUBLINGS: Final = 2
_SETTLE_MS: Final = 250


class EmphasisSliders(QWidget):
    """Three factors, each 0.25–4. Setting them emits nothing; a person's change emits once it has come to rest.

    Signals:
        changed(float, float, float): style, content, steady.
    """

    changed = Signal(float, float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(lambda: self.changed.emit(*self.factors))
        self._sliders: list[QSlider] = []
        self._values: list[QLabel] = []
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for row, (text, name, tip) in enumerate(
            (
                (self.tr("More &style"), self.tr("More style"), self.tr("Nearer to the painting's texture")),
                (self.tr("M&ore content"), self.tr("More content"), self.tr("Nearer to what is in the picture")),
                (self.tr("St&eadier"), self.tr("Steadier"), self.tr("Less flicker in moving pictures")),
            )
        ):
            slider = QSlider(Qt.Orientation.Horizontal, self)
            slider.setRange(-_DOUBLINGS * _NOTCHES, _DOUBLINGS * _NOTCHES)
            slider.setPageStep(_NOTCHES)
            slider.setAccessibleName(name)
            slider.setToolTip(tip)
            slider.valueChanged.connect(self._on_changed)
            label = QLabel(text, self)
            label.setBuddy(slider)
            value = QLabel(self)
            value.setObjectName("faint")
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            value.setMinimumWidth(self.fontMetrics().horizontalAdvance("× 0.25") + 4)
            grid.addWidget(label, row, 0)
            grid.addWidget(slider, row, 1)
            grid.addWidget(value, row, 2)
            self._sliders.append(slider)
            self._values.append(value)
        self._note = faint(self)
        grid.addWidget(self._note, 3, 0, 1, 3)
        self.show_in_force((1.0, 1.0, 1.0), 0)

    @property
    def factors(self) -> tuple[float, float, float]:
        """Style, content, steady: 2 to the power of −2 … 2."""
        style, content, steady = (2.0 ** (slider.value() / _NOTCHES) for slider in self._sliders)
        return style, content, steady

    @factors.setter
    def factors(self, factors: Sequence[float]) -> None:
        self._settle.stop()
        for slider, factor in zip(self._sliders, factors, strict=True):
            with QSignalBlocker(slider):
                slider.setValue(round(_NOTCHES * math.log2(min(max(factor, 0.25), 4.0))))
        self._show()

    def show_in_force(self, factors: Sequence[float], step: int) -> None:
        """Say since when (which step) which factors count; 0 for the beginning."""
        self._in_force, self._since = tuple(factors), step
        self._show()

    def _on_changed(self) -> None:
        self._show()
        self._settle.start()

    def _show(self) -> None:
        for slider, value, factor in zip(self._sliders, self._values, self.factors, strict=True):
            text = f"× {factor:.2f}".rstrip("0").rstrip(".")
            value.setText(text)
            slider.setAccessibleDescription(text)
        near = all(abs(math.log2(a / b)) < 0.02 for a, b in zip(self.factors, self._in_force, strict=True))
        if not near:
            text = self.tr("From the next step on.")
        elif self._since:
            text = self.tr("In force since step {n}.").format(n=counted(self._since))
        else:
            text = self.tr("A change counts at once.")
        self._note.setText(text)
