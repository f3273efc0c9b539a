from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from stylecam.errors import SinkError
from stylecam.frame import Frame
from stylecam.sinkfeed import SinkFeed

if TYPE_CHECKING:
    from stylecam.sinks import FrameSink


class Slow:
    """Takes a frame and waits until it may take the next; fails at the frame of that number."""

    def __init__(self, *, fails_at: int | None = None) -> None:
        self.got: list[int] = []
        self.holds, self.may_go_on = threading.Event(), threading.Event()
        self.left: list[type[BaseException] | None] = []
        self._fails_at = fails_at

    def write(self, frame: Frame) -> None:
        if frame.index == self._fails_at:
            raise SinkError("the camera has gone")
        self.got.append(frame.index)
        self.holds.set()
        assert self.may_go_on.wait(30)

    def __enter__(self) -> FrameSink:
        sink: Any = self
        return sink

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.left.append(kind)


def frame(index: int) -> Frame:
    return Frame(np.zeros((4, 4, 3), np.uint8), index=index, pts=index)


def feed_of(sink: Any, errors: list[BaseException] | None = None) -> SinkFeed:
    return SinkFeed(sink, (errors if errors is not None else []).append)


def test_a_slow_sink_gets_the_newest_frame_and_is_closed_at_the_end() -> None:
    sink, errors = Slow(), []
    feed = feed_of(sink, errors)
    feed.inbox.put(frame(0))
    assert sink.holds.wait(30)
    sink.holds.clear()
    for index in (1, 2, 3):
        feed.inbox.put(frame(index))
    sink.may_go_on.set()
    assert sink.holds.wait(30)
    feed.stop()
    assert (sink.got, sink.left, errors) == ([0, 3], [None], [])


def test_a_sink_that_fails_is_left_by_its_error_and_told_of_once() -> None:
    sink, errors = Slow(fails_at=0), []
    feed = feed_of(sink, errors)
    feed.inbox.put(frame(0))
    feed._thread.join(30)
    feed.inbox.put(frame(1))
    feed.stop()
    assert [str(error) for error in errors] == ["the camera has gone"]
    assert (sink.got, sink.left) == ([], [SinkError])
