"""The live pipeline with sources and painters that the tests command."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stylecam.errors import DeviceMemoryError, SourceLostError, StyleError
from stylecam.live import LivePipeline, Painting
from stylecam.recording import Recorder
from stylecam.styles import read_style
from stylecam.stylizer import Stylizer
from tests.clips import video_pts
from tests.live import FlatPainter, HandFedSource, grey, wait_until
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stylecam.frame import Frame


@pytest.fixture
def pipeline() -> Iterator[LivePipeline]:
    made = LivePipeline()
    made.steadiness.amount = 0
    yield made
    assert made.stop()


def _next(pipeline: LivePipeline) -> Painting:
    painting = pipeline.paintings.take(timeout=20)
    assert painting is not None
    return painting


def test_without_a_painter_the_source_is_shown_as_it_is(pipeline: LivePipeline) -> None:
    source = HandFedSource()
    pipeline.start(source)
    frame = source.feed(grey(40))
    painting = _next(pipeline)
    assert painting.frame is frame
    assert painting.style == ""


def test_a_painting_keeps_the_moment_and_names_its_style(pipeline: LivePipeline) -> None:
    source = HandFedSource()
    pipeline.painter = FlatPainter(200)
    pipeline.start(source)
    fed = source.feed(grey(40))
    painting = _next(pipeline)
    assert painting.source is fed
    assert (painting.frame.pts, painting.frame.captured_at) == (fed.pts, fed.captured_at)
    assert painting.style == "flat 200"
    assert (painting.frame.image == 200).all()


def test_the_painter_sees_only_the_newest_frame_and_the_others_are_counted(pipeline: LivePipeline) -> None:
    source, painter = HandFedSource(), FlatPainter(200)
    pipeline.painter = painter
    painter.may_go_on.clear()
    pipeline.start(source)
    source.feed(grey(0))
    wait_until(lambda: pipeline._inbox._item is None)
    for value in (10, 20, 30):
        source.feed(grey(value))
    wait_until(lambda: pipeline.stats().not_painted == 2)
    painter.may_go_on.set()
    wait_until(lambda: len(painter.sources) == 2)
    assert [int(image[0, 0, 0]) for image in painter.sources] == [0, 30]


def test_mirroring_comes_before_everything(pipeline: LivePipeline) -> None:
    source, painter = HandFedSource(), FlatPainter(200)
    pipeline.painter, pipeline.mirror = painter, True
    image = np.arange(48 * 64 * 3, dtype=np.uint32).reshape(48, 64, 3).astype(np.uint8)
    pipeline.start(source)
    source.feed(image.copy())
    painting = _next(pipeline)
    assert (painting.source.image == image[:, ::-1]).all()
    assert (painter.sources[0] == image[:, ::-1]).all()


def test_a_painter_that_fails_is_taken_away_and_the_picture_goes_on() -> None:
    errors: list[BaseException] = []
    pipeline = LivePipeline(on_error=errors.append)
    source, painter = HandFedSource(), FlatPainter(200)
    painter.error = StyleError("it gave infinities")
    pipeline.painter = painter
    pipeline.start(source)
    source.feed(grey(1))
    wait_until(lambda: bool(errors))
    source.feed(grey(2))
    assert _next(pipeline).style == ""
    assert pipeline.painter is None
    assert errors == [painter.error]
    assert pipeline.stop()


def test_a_bug_in_a_painter_is_reported_once_and_not_once_a_frame() -> None:
    errors: list[BaseException] = []
    pipeline = LivePipeline(on_error=errors.append)
    source, painter = HandFedSource(), FlatPainter(200)
    painter.error = ZeroDivisionError()
    pipeline.painter = painter
    pipeline.start(source)
    for value in range(5):
        source.feed(grey(value))
        _take_or_wait(pipeline, errors)
    assert len(errors) == 1
    assert pipeline.stop()


def _take_or_wait(pipeline: LivePipeline, errors: list[BaseException]) -> None:
    wait_until(lambda: bool(errors) or pipeline.paintings._item is not None)
    pipeline.paintings.take()


def test_where_memory_runs_out_a_smaller_size_is_taken_and_said() -> None:
    told: list[tuple[tuple[int, int], bool]] = []
    pipeline = LivePipeline(on_size=lambda size, memory: told.append((size, memory)))
    pipeline.steadiness.amount = 0

    class _Hungry(FlatPainter):
        def paint(self, image: np.ndarray) -> Any:
            if image.shape[1] > 200:
                raise DeviceMemoryError("too large")
            return super().paint(image)

    pipeline.painter = _Hungry(90)
    pipeline.hold_fps = 24
    source = HandFedSource()
    pipeline.start(source)
    for count in range(1, 3):
        source.feed(grey(1, 640, 480))
        wait_until(lambda count=count: len(told) == count)
    source.feed(grey(1, 640, 480))
    assert _next(pipeline).style == "flat 90"
    assert told == [((320, 240), True), ((160, 120), True)]
    assert pipeline.hold_fps is None
    assert pipeline.stop()


def test_holding_the_rate_chooses_a_smaller_size_for_a_slow_painter() -> None:
    told: list[tuple[int, int]] = []
    pipeline = LivePipeline(on_size=lambda size, memory: told.append(size))
    pipeline.steadiness.amount = 0

    class _Slow(FlatPainter):
        def paint(self, image: np.ndarray) -> Any:
            time.sleep(0.3 * image.size / (640 * 480 * 3))
            return super().paint(image)

    painter = _Slow(90)
    pipeline.painter, pipeline.hold_fps = painter, 24
    source = HandFedSource()
    pipeline.start(source)
    while not told:
        source.feed(grey(1, 640, 480))
    assert told[0][0] < 640
    source.feed(grey(1, 640, 480))
    wait_until(lambda: painter.sources[-1].shape[1] < 640)
    assert pipeline.stats().source_size == (640, 480)
    assert pipeline.stats().working_size == (painter.sources[-1].shape[1], painter.sources[-1].shape[0])
    assert pipeline.stop()


def test_a_source_that_fails_for_good_is_reported() -> None:
    errors: list[BaseException] = []
    pipeline = LivePipeline(on_error=errors.append)
    source = HandFedSource()
    pipeline.start(source)
    source.fail(SourceLostError("gone"))
    wait_until(lambda: bool(errors))
    assert str(errors[0]) == "gone"
    assert pipeline.stop()


def test_a_size_is_worked_at_and_the_source_stays_what_it_was(pipeline: LivePipeline) -> None:
    source, painter = HandFedSource(), FlatPainter(200)
    pipeline.painter, pipeline.size = painter, (320, 320)
    pipeline.start(source)
    fed = source.feed(grey(9, 640, 480))
    painting = _next(pipeline)
    assert painter.sources[0].shape == (240, 320, 3)
    assert painting.frame.size == (320, 240)
    assert painting.source is fed


def test_another_source_takes_over_and_a_recording_goes_on(tmp_path: Path) -> None:
    pipeline = LivePipeline()
    pipeline.steadiness.amount = 0
    pipeline.painter = FlatPainter(200)
    recorder = Recorder(tmp_path / "a.mp4", clock=lambda: 100.0)
    pipeline.record(recorder)
    for part in range(2):
        source = HandFedSource()
        pipeline.start(source)
        for index in range(3):
            before = recorder.state.frames
            source.feed(grey(index), at=100 + part + index / 10)
            wait_until(lambda before=before: recorder.state.frames > before)
    assert pipeline.stop()
    times = video_pts(tmp_path / "a.mp4")
    assert times == pytest.approx([0, 0.1, 0.2, 1.0, 1.1, 1.2], abs=0.001)


class _ListSink:
    def __init__(self, *, error: Exception | None = None) -> None:
        self.frames: list[Frame] = []
        self.closed = threading.Event()
        self.error = error

    def write(self, frame: Frame) -> None:
        if self.error:
            raise self.error
        self.frames.append(frame)

    def close(self) -> None:
        self.closed.set()

    def abort(self) -> None:
        self.closed.set()

    def __enter__(self) -> _ListSink:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def test_a_further_output_gets_the_paintings_and_is_closed(pipeline: LivePipeline) -> None:
    source, sink = HandFedSource(), _ListSink()
    pipeline.painter = FlatPainter(200)
    pipeline.set_output(sink)
    pipeline.start(source)
    source.feed(grey(1))
    wait_until(lambda: len(sink.frames) == 1)
    pipeline.set_output(None)
    assert sink.closed.is_set()


def test_an_output_that_fails_does_not_hurt_the_picture() -> None:
    errors: list[BaseException] = []
    pipeline = LivePipeline(on_error=errors.append)
    source = HandFedSource()
    pipeline.set_output(_ListSink(error=OSError("no driver")))
    pipeline.start(source)
    source.feed(grey(1))
    wait_until(lambda: bool(errors))
    source.feed(grey(2))
    wait_until(lambda: pipeline.paintings._item is not None)
    assert pipeline.stop()


def test_latency_and_rates_are_told(pipeline: LivePipeline) -> None:
    source = HandFedSource()
    pipeline.painter = FlatPainter(200)
    pipeline.start(source)
    for value in range(10):
        source.feed(grey(value))
        _next(pipeline)
    wait_until(lambda: pipeline.stats().painted == 10)
    stats = pipeline.stats()
    assert stats.latency_p50_ms is not None
    assert stats.latency_p95_ms is not None
    assert 0 < stats.latency_p50_ms <= stats.latency_p95_ms
    assert stats.camera_fps > 0
    assert stats.source_size == (64, 48)


def test_while_styles_are_swapped_every_picture_is_wholly_of_one(tmp_path: Path) -> None:
    """Each painting is compared with what the style it names makes of its source, alone."""
    styles = [read_style(write_tiny_style(tmp_path / f"s{n}.safetensors", seed=n).path) for n in range(3)]
    alone = {style.name: Stylizer(style, device="cpu") for style in styles}
    stylizer = Stylizer(styles[0], device="cpu")
    pipeline = LivePipeline()  # with its steadiness, whose memory must not carry one style into the next
    pipeline.painter = stylizer
    source = HandFedSource()
    pipeline.start(source)
    swapping = threading.Event()

    def swap() -> None:
        count = 0
        while not swapping.is_set():
            count += 1
            stylizer.set_style(styles[count % 3])
            time.sleep(0.01)

    swapper = threading.Thread(target=swap)
    swapper.start()
    rng = np.random.default_rng(0)
    seen: dict[str, int] = {}
    try:
        before = ""
        for frame in range(5000):
            if frame >= 60 and len(seen) == 3:
                break
            source.feed(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8))
            painting = _next(pipeline)
            if painting.style != before:  # the first of a style: nothing of the one before may be in it
                expected = alone[painting.style](painting.source.image)
                difference = np.abs(painting.frame.image.astype(int) - expected).mean()
                others = [
                    np.abs(painting.frame.image.astype(int) - alone[name](painting.source.image)).mean()
                    for name in alone
                    if name != painting.style
                ]
                assert difference < 6 < min(others)
            before = painting.style
            seen[painting.style] = seen.get(painting.style, 0) + 1
    finally:
        swapping.set()
        swapper.join()
        assert pipeline.stop()
    assert len(seen) == 3


def test_starting_and_stopping_a_hundred_times_leaves_nothing(tmp_path: Path) -> None:
    pipeline = LivePipeline()
    pipeline.painter = FlatPainter(3)
    counts = []
    for _ in range(100):
        source = HandFedSource()
        pipeline.start(source)
        source.feed(grey(1))
        counts.append((threading.active_count(), _open_files()))
    assert pipeline.stop()
    assert counts[5] == counts[-1]


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
