"""Three stages at once, each in a thread of its own, joined by short queues: decode, stylize, encode.

Invariant: every item goes through every stage once, in order. The stages are plain generators and know nothing of
threads; when one fails, all end, and the caller gets the first error once no thread is left.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["run_overlapped"]

_T = TypeVar("_T")

_IN_FLIGHT = 2
"""Items waiting between two stages: enough to overlap them; more would only cost memory."""


class _CancelledError(Exception):
    """Another stage has failed, so this one ends."""


class _Link(Generic[_T]):
    """A short queue between two threads that lets both go once the run is cancelled."""

    _PATIENCE_S = 0.1

    def __init__(self, cancelled: threading.Event) -> None:
        self._cancelled = cancelled
        self._items: queue.Queue[_T | None] = queue.Queue(_IN_FLIGHT)
        self._ended = False

    def fill(self, items: Iterable[_T]) -> None:
        for item in items:
            self._put(item)
        self._put(None)

    def __iter__(self) -> Iterator[_T]:
        while not self._ended:
            item = self._get()
            if item is None:
                self._ended = True
            else:
                yield item

    def drain(self) -> None:
        """Read to the end what a reader that stopped early left, so that the writer is not kept waiting."""
        for _ in self:
            pass

    def _put(self, item: _T | None) -> None:
        while not self._cancelled.is_set():
            try:
                return self._items.put(item, timeout=self._PATIENCE_S)
            except queue.Full:
                continue
        raise _CancelledError

    def _get(self) -> _T | None:
        while not self._cancelled.is_set():
            try:
                return self._items.get(timeout=self._PATIENCE_S)
            except queue.Empty:
                continue
        raise _CancelledError


def run_overlapped(
    decoded: Iterable[_T], paint: Callable[[Iterable[_T]], Iterable[_T]], encode: Callable[[Iterable[_T]], None]
) -> None:
    """Run three stages at once and return when all have ended; the first error of any is raised here."""
    cancelled = threading.Event()
    errors: list[BaseException] = []
    sources: _Link[_T] = _Link(cancelled)
    paintings: _Link[_T] = _Link(cancelled)

    def guarded(work: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except _CancelledError:
                pass
            except BaseException as exc:
                errors.append(exc)
                cancelled.set()

        return run

    def stylize() -> None:
        paintings.fill(paint(sources))
        sources.drain()

    threads = [
        threading.Thread(target=guarded(lambda: sources.fill(decoded)), name="stylecam-decode"),
        threading.Thread(target=guarded(stylize), name="stylecam-stylize"),
        threading.Thread(target=guarded(lambda: encode(paintings)), name="stylecam-encode"),
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:  # Ctrl-C with no handler of ours: leave no thread behind
        cancelled.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()
        raise
    if errors:
        raise errors[0]
