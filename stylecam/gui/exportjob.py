"""ExportJob: an export in a thread of its own, looked at from the window's. No Qt here.

Invariant: the thread ends by itself soon after `stop`, with a finished file. It is no daemon: a file is never left
half-written because the interpreter was in a hurry.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from stylecam.pipeline import Progress, VideoReport

__all__ = ["ExportJob", "Run"]

Run: TypeAlias = Callable[[Path, bool, str, Callable[[Any], None], threading.Event], Any]
"""What exports: called with the output, whether to replace it, the encoder's name, what to tell each `Progress`, and
the event that asks for an early end; returns a `VideoReport`. `stylize_video` without its first and third argument."""


class ExportJob:
    """Starts at once. Everything but `run` itself is used from one thread."""

    def __init__(self, run: Run, output: Path, *, force: bool, encoder: str) -> None:
        self.output = output
        self.progress: Progress | None = None
        """The newest."""
        self._run, self._force, self._encoder = run, force, encoder
        self._stop = threading.Event()
        self._report: VideoReport | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="stylecam-export")
        self._thread.start()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Ask for an early end; the file is finished with what is there."""
        self._stop.set()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait; whether it has ended."""
        self._thread.join(timeout_s)
        return self.ended

    def result(self) -> VideoReport:
        """What `run` returned, once it has ended; raises what it raised."""
        if self._error is not None:
            raise self._error
        if self._report is None:
            raise RuntimeError("the export has not ended, or told nothing of its end")
        return self._report

    def _work(self) -> None:
        try:
            self._report = self._run(self.output, self._force, self._encoder, self._on_progress, self._stop)
        except BaseException as exc:  # raised again by `result`, in the window's thread
            self._error = exc

    def _on_progress(self, progress: Progress) -> None:
        self.progress = progress
