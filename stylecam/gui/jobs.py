"""Jobs: everything that takes time, one after another in one thread, never in the window's.

One thread makes the order of clicks the order of effects, and keeps two jobs from changing the pipeline at once.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from stylecam.errors import StylecamError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from PySide6.QtCore import SignalInstance

__all__ = ["Jobs"]

_log = logging.getLogger(__name__)


class Jobs(QObject):
    """Runs callables in one thread.

    Signals:
        failed(str): a job ended with an error that a person can do something about.
        broken(BaseException): a job ended with a bug.
    """

    failed = Signal(str)
    broken = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._executor = ThreadPoolExecutor(1, "stylecam-jobs")
        self._last: Future[None] | None = None
        self._closed = False

    def submit(self, job: Callable[[], None]) -> None:
        """Run it when those before have ended; after `close` it is let go."""
        if self._closed:
            return
        self._last = self._executor.submit(self._run, job)

    def tell(self, signal: SignalInstance, *values: object) -> None:
        """Emit from any thread, unless the window has gone."""
        if self._closed:
            return
        try:
            signal.emit(*values)
        except RuntimeError:  # the receiver was deleted between the question and the word
            if not self._closed:
                raise

    def report(self, error: BaseException) -> None:
        """Hand an error from any thread to the window."""
        if isinstance(error, StylecamError):
            _log.error("%s", error)
            self.tell(self.failed, str(error))
        else:
            _log.error("unforeseen: %s", error, exc_info=error)
            self.tell(self.broken, error)

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        return self._last is not None and not self._last.done()

    def shut(self) -> None:
        """Take no more jobs and forget those that wait; no signal is sent any more."""
        self._closed = True
        self._executor.shutdown(wait=False, cancel_futures=True)

    def wait(self, timeout: float) -> bool:
        """Whether the running job has ended within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self.busy and time.monotonic() < deadline:
            time.sleep(0.005)
        return not self.busy

    def _run(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception as error:
            self.report(error)
