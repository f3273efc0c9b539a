"""The newest frame to a sink, from a thread of its own: a slow driver of a virtual camera keeps nobody waiting."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from stylecam.frame import Frame, Latest

if TYPE_CHECKING:
    from collections.abc import Callable

    from stylecam.sinks import FrameSink

__all__ = ["SinkFeed"]

_STOP_S: Final = 2.0


class SinkFeed:
    """A thread that gives a sink the newest frame of `inbox`. Frames that come faster than the sink takes them drop."""

    def __init__(self, sink: FrameSink, on_error: Callable[[BaseException], None]) -> None:
        """Start it.

        Args:
            sink: entered, written to and left in the thread alone.
            on_error: the sink failed, and gets no more; called in the thread.
        """
        self.inbox: Latest[Frame] = Latest()
        self._sink = sink
        self._on_error = on_error
        self._thread = threading.Thread(target=self._run, name="stylecam-output")
        self._thread.start()

    def stop(self) -> None:
        """Close the sink, and wait for that, two seconds at most: a driver that hangs ends with the process."""
        self.inbox.close()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        try:
            with self._sink as sink:
                while not self.inbox.closed:
                    frame = self.inbox.take(timeout=0.5)
                    if frame is not None:
                        sink.write(frame)
        except Exception as error:
            self.inbox.close()
            self._on_error(error)
