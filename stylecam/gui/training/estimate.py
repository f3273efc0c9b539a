"""Estimate: how long each preset will take on this device, measured by the trainer in a few steps of its own.

Invariant: it disturbs nobody. It runs at low priority, one at a time, and an answer that does not come is said, not
waited for.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from stylecam.gui.training.command import TrainerCommand

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Estimate"]


class Estimate(QObject):
    """Measures on demand; a device is as fast with the next picture, so one answer serves for all.

    Signals:
        changed(): `times`, `failure` or `running` is another.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._times: dict[str, tuple[float, float]] = {}
        self._device = self._failure = ""
        self._answer: dict[str, Any] = {}
        self._command = TrainerCommand(self)
        self._command.said.connect(self._answer_said)
        self._command.ended.connect(self._on_ended)

    @property
    def times(self) -> dict[str, tuple[float, float]]:
        """Preset to the least and the most seconds; empty until measured."""
        return self._times

    @property
    def device(self) -> str:
        """Torch's name of where it was measured."""
        return self._device

    @property
    def failure(self) -> str:
        """Why the last measurement gave nothing; empty if it did, or still runs."""
        return self._failure

    @property
    def running(self) -> bool:
        return self._command.running

    def measure(self, painting: Path) -> None:
        """Begin, unless it was measured or is being measured."""
        if self._times or self.running:
            return
        self._failure, self._answer = "", {}
        self._command.start(["estimate", str(painting)])
        self.changed.emit()

    def stop(self) -> None:
        """Measure no more; a later `measure` begins anew."""
        self._command.stop()

    def _answer_said(self, value: dict[str, Any]) -> None:
        self._answer.update(value)

    def _on_ended(self, done: bool, text: str) -> None:
        self._times = {name: found for name, value in self._answer.items() if (found := _range(value))}
        self._device = str(self._answer.get("device", ""))
        if not self._times:
            self._failure = text if not done else self.tr("The trainer measured nothing.")
        self.changed.emit()


def _range(value: Any) -> tuple[float, float] | None:
    """The least and the most seconds; None for whatever is no such pair."""
    if not isinstance(value, list) or len(value) != 2:
        return None
    if not all(isinstance(v, int | float) and math.isfinite(v) and v >= 0 for v in value):
        return None
    return min(value), max(value)
