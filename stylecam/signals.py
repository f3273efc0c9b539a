"""What Ctrl-C and `kill` do to a long command: the first asks it to finish what it has, the second ends it at once."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType, TracebackType

__all__ = ["HANG_UP", "STOP", "StopSignals"]

STOP: Final = (signal.SIGINT, signal.SIGTERM)
HANG_UP: Final = (signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()
"""The terminal is closed; Windows does not know it."""


class StopSignals:
    """A context in which SIGINT and SIGTERM (or the signals given) set `event`; used in the main thread.

    The exit code belongs to the signal, as a shell would have it: 130 for SIGINT, 143 for SIGTERM.
    """

    def __init__(self, *, quiet: bool = False, numbers: Sequence[signal.Signals] = STOP) -> None:
        self.event = threading.Event()
        self.exit_code: int | None = None
        """None until a signal has come."""
        self._quiet = quiet
        self._numbers = numbers
        self._previous: dict[int, object] = {}

    def __enter__(self) -> Self:
        for number in self._numbers:
            self._previous[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self.event.is_set():
            # Not sys.exit: threads are at work and would be waited for. What is on the disk plays.
            os._exit(128 + number)
        self.exit_code = 128 + number
        self.event.set()
        if not self._quiet:
            # Not print: the signal may have come in the middle of one.
            with contextlib.suppress(OSError):  # the terminal has gone
                os.write(2, b"\nfinishing the file; once more stops at once\n")
