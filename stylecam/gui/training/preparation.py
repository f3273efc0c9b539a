"""Preparation: all that comes before a training - what is asked for, how long it would take here, and its start.

Invariant: whoever is not looking is not served: nothing is measured, and no camera looked at, but while the page is
shown and can be changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from stylecam.gui.training.estimate import Estimate
from stylecam.gui.training.setup import SetupPage
from stylecam.gui.training.start import TrainStart

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from stylecam.frame import Image
    from stylecam.gui.background import Background

__all__ = ["Preparation"]

_LOOK_EVERY_MS: Final = 1000


class Preparation(QObject):
    """Fills its page with what the camera shows and what was measured, and begins what the page asks for.

    Signals:
        changed(): the page's `problem` may be another.
        gathering(str), ready(TrainRequest, Path), refused(str): as `TrainStart` says them, after `begin`.
    """

    changed = Signal()
    gathering = Signal(str)
    ready = Signal(object, object)
    refused = Signal(str)

    def __init__(
        self, still: Callable[[], Image | None], runs: Path | None, background: Background, parent: QWidget
    ) -> None:
        """Ask for nothing yet.

        Args:
            still: the camera's picture of now; H×W×3 uint8 RGB.
            runs: where the folders go; by default `stylecam.runs.runs_folder`.
            background: reads, counts and writes.
            parent: the owner, also of the page.
        """
        super().__init__(parent)
        self._still = still
        self._page = page = SetupPage(background, runs, parent)
        self._estimate = Estimate(self)
        self._start = TrainStart(still, runs, background, self)
        self._look = QTimer(self, interval=_LOOK_EVERY_MS)
        self._look.timeout.connect(self._on_look)
        page.changed.connect(self.changed)
        page.opened.connect(self._measure)
        self._estimate.changed.connect(lambda: page.show_estimate(self._estimate))
        self._start.gathering.connect(self.gathering)
        self._start.ready.connect(self.ready)
        self._start.refused.connect(self.refused)

    @property
    def page(self) -> SetupPage:
        return self._page

    def foretold_s(self, preset: str) -> float | None:
        """The most seconds that a training with this preset takes here; None where that was not measured."""
        times = self._estimate.times.get(preset)
        return times[1] if times is not None else None

    def wake(self) -> None:
        """Somebody looks: bring everything up to date, and keep it so."""
        self._look.start()
        self._on_look()
        self.refresh()

    def sleep(self) -> None:
        """Nobody looks any more."""
        self._look.stop()

    def refresh(self) -> None:
        """See which names are taken by now, and how long a training would take."""
        self._page.look_up_names()
        self._measure()

    def begin(self) -> None:
        """Begin what is asked for; nothing if there is a problem. One of the signals follows, or several."""
        request = self._page.request
        if request is not None:
            self._estimate.stop()
            self._start.begin(request)

    def cancel(self) -> None:
        """Measure no more, and give up what was being prepared."""
        self._estimate.stop()
        self._start.cancel()

    @property
    def _looked_at(self) -> bool:
        return self._page.isVisible() and self._page.isEnabled()

    def _on_look(self) -> None:
        """What the camera shows now, as far as the page wants it."""
        if self._looked_at:
            still = self._still()
            self._page.content.set_camera_there(still is not None)
            self._page.show_still(still)

    def _measure(self) -> None:
        """See how long it would take, once there is a picture."""
        if self._looked_at and self._page.painting is not None:
            self._estimate.measure(self._page.painting)
