"""Background: short work beside the window - a picture read, a folder counted - each piece in a thread of its own.

Invariant: nothing is handed back but in the window's thread, and of two askings under one key only the later answers.
Unlike `Jobs`, no thread outlives its work, so that a dialog can be left at any time.
"""

from __future__ import annotations

import itertools
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from stylecam.errors import StylecamError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Background"]


class Background(QObject):
    """Runs callables; those that may not be asked for twice at once share a key."""

    _done = Signal(str, int, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._numbers = itertools.count(1)
        self._asked: dict[str, tuple[int, Callable[[Any], object], Callable[[str], object] | None]] = {}
        self._threads: list[threading.Thread] = []
        self._done.connect(self._on_done)

    def ask(
        self,
        key: str,
        work: Callable[[], Any],
        then: Callable[[Any], object],
        *,
        otherwise: Callable[[str], object] | None = None,
    ) -> None:
        """Run `work` in a thread; `then` gets what it returned, `otherwise` the words of what it raised.

        What was asked under the same key before is not answered any more; it still runs to its end.
        """
        number = next(self._numbers)
        self._asked[key] = (number, then, otherwise)
        # A daemon: reading from a drive that does not answer must not keep the program from ending.
        thread = threading.Thread(target=self._work, args=(key, number, work), name=f"stylecam-{key}", daemon=True)
        self._threads = [*(other for other in self._threads if other.is_alive()), thread]
        thread.start()

    def forget(self, key: str) -> None:
        """Answer nothing that was asked under this key."""
        self._asked.pop(key, None)

    def is_busy(self, key: str) -> bool:
        """Whether an answer to this key is still to come."""
        return key in self._asked

    def shut(self, timeout_s: float = 2.0) -> bool:
        """Answer nothing any more, and wait for what runs; whether all has ended in time."""
        self._asked.clear()
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self, key: str, number: int, work: Callable[[], Any]) -> None:
        result: Any = None
        failure: Exception | None = None
        try:
            result = work()
        except Exception as error:  # told in the window's thread
            failure = error
        try:
            self._done.emit(key, number, result, failure)
        except RuntimeError:  # the dialog was deleted meanwhile, and nobody waits
            return

    def _on_done(self, key: str, number: int, result: Any, failure: Exception | None) -> None:
        asked, then, otherwise = self._asked.get(key, (0, None, None))
        if asked != number or then is None:
            return
        del self._asked[key]
        if failure is None:
            then(result)
            return
        text = str(failure)
        if not isinstance(failure, StylecamError):
            sys.excepthook(type(failure), failure, failure.__traceback__)
            text = self.tr("This did not work because of a bug in stylecam; the log has the details.")
        if otherwise is not None:
            otherwise(text)
