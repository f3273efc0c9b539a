"""Each subject once at a tiny size: that it gives the rows it should. What they say is this machine's affair."""

from __future__ import annotations

import json
import threading
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import pytest
import torch

import stylecam.benching.networks
import stylecam.benching.starting
from stylecam.architecture import ARCHITECTURES
from stylecam.benching import sections
from stylecam.benching.children import ChildError, python, run_child
from stylecam.benching.counting import multiply_adds
from stylecam.benching.exporting import measure_exports, worst_deviation
from stylecam.benching.limit import MatrixProduct, products_of
from stylecam.benching.living import measure_live
from stylecam.benching.memory import measure_memory
from stylecam.benching.networks import measure_networks, paint_many_with
from stylecam.benching.pictures import frames, make_clip
from stylecam.benching.rounds import StoppedError
from stylecam.benching.starting import measure_starts
from stylecam.benching.suite import SUBJECTS, run_subjects
from stylecam.devices import choose_device
from stylecam.errors import DeviceError
from stylecam.sources import VideoFileSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stylecam.benching.plan import Bench
    from stylecam.benching.sections import Section


def _whole(section: Section) -> list[dict[str, Any]]:
    """Its rows, after they and the table have proved to be sound."""
    assert all(len(line) == len(section.columns) for line in section.cells())
    return json.loads(json.dumps(section.as_json()))["rows"]  # type: ignore[no-any-return]


def test_networks_are_measured_beside_the_limit(make_bench: Callable[..., Bench]) -> None:
    section = measure_networks(make_bench())
    rows = _whole(section)
    assert [(row["variant"], row["size"]) for row in rows] == [
        ("fast", [32, 24]), ("full", [32, 24]), ("fast", [48, 32]), ("full", [48, 32]),
    ]  # fmt: skip
    for row in rows:
        assert row["ms"]["count"] == 2
        assert row["limit_ms"] > 0
        assert row["gmac_needed"] <= row["gmac_published"]
        assert row["percent_of_limit"]["count"] == 2
    assert any("float32 product of 32×32" in note for note in section.notes)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_limit_of_a_network_is_the_product_in_its_own_type(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype
) -> None:
    bench = make_bench(sizes=((32, 24),), rounds=1)
    products = [MatrixProduct(bench.device, 32, kind) for kind in (torch.float32, torch.bfloat16)]
    for product, rate in zip(products, (1e9, 3e9), strict=True):
        monkeypatch.setattr(product, "rate", lambda times, rate=rate: rate)
    monkeypatch.setattr(stylecam.benching.networks, "products_of", lambda device, side: products)
    monkeypatch.setattr("stylecam.engine.half_precision", lambda kind: None if dtype == torch.float32 else dtype)
    monkeypatch.setattr("stylecam.engine.half_precision_problem", lambda half, exact, form: None)
    for row in _whole(measure_networks(bench)):
        assert row["dtype"] == str(dtype).removeprefix("torch.")
        at_one = 1000 * multiply_adds(ARCHITECTURES[row["variant"]], (32, 24), subpixel=False) / 1e9
        assert row["limit_ms"] == pytest.approx(at_one / (1 if dtype == torch.float32 else 3), rel=0.01, abs=0.001)
        share = row["percent_of_limit"]["median"]
        assert share == pytest.approx(100 * row["limit_ms"] / row["ms"]["median"], rel=0.05, abs=0.2)
        needed = share * row["gmac_needed"] / row["gmac_published"]
        assert row["percent_of_needed"] == pytest.approx(needed, rel=0.2, abs=0.2)


def test_a_limit_is_the_best_of_all_products() -> None:
    (product, *_) = products_of(choose_device("cpu"), 32)
    assert product.dtype == torch.float32
    assert product.run() > 0
    assert product.rate([0.5, 0.25]) == 32**3 / 0.25
    assert product.rate([]) is None
    assert product.describe([]) is None


def test_a_style_with_one_network_is_measured_with_that(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    bench = make_bench(style=bench.other)
    assert {row["variant"] for row in _whole(measure_networks(bench))} == {"fast"}


def test_exports_are_held_against_the_network_on_the_same_frames(make_bench: Callable[..., Bench]) -> None:
    rows = _whole(measure_exports(make_bench()))
    assert [(row["size"], row["frames"]) for row in rows] == [([32, 32], 4), ([64, 32], 4)]
    assert rows[0]["percent_of_first"] == 100
    for row in rows:
        assert row["ratio"]["median"] == pytest.approx(row["export_per_second"] / row["alone_per_second"], rel=0.01)


def _export(size: tuple[int, int], frames: int, seconds: float) -> dict[str, Any]:
    work = size[0] * size[1] * frames
    return {"size": list(size), "frames": frames, "ns_a_pixel": {"median": 1e9 * seconds / work}}


def test_exports_on_a_straight_line_do_not_deviate_even_with_a_fixed_cost() -> None:
    cases = [((320, 240), 60), ((640, 480), 60), ((640, 480), 120), ((960, 720), 60)]
    line = [_export(size, frames, 0.2 + 3e-8 * size[0] * size[1] * frames) for size, frames in cases]
    assert worst_deviation(line) == pytest.approx(0, abs=1e-6)
    # One of them is slower by a quarter: the line moves a little towards it.
    slow = [*line[:-1], _export((960, 720), 60, 1.25 * (0.2 + 3e-8 * 960 * 720 * 60))]
    deviation = worst_deviation(slow)
    assert deviation is not None
    assert 5 < deviation < 25


def test_a_line_through_less_than_nothing_does_not_make_growth_look_linear() -> None:
    # Time as the square of the work, which a line from below 0 would come near to.
    squares = [_export((100, 100), frames, float(frames) ** 2) for frames in (4, 5, 6)]
    deviation = worst_deviation(squares)
    assert deviation is not None
    assert deviation > 15
    assert worst_deviation(squares[:2]) is None
    assert worst_deviation([squares[0]] * 3) == pytest.approx(0, abs=1e-6)


def test_the_clip_is_as_long_and_as_large_as_it_should_be(tmp_path: Path) -> None:
    with VideoFileSource(make_clip(tmp_path / "clip.mp4", (64, 48), 7)) as source:
        pictures = [frame.image for frame in source]
    assert len(pictures) == 7
    assert pictures[0].shape == (48, 64, 3)


def test_the_frames_of_the_pattern_follow_one_another_without_waiting() -> None:
    assert [frame.index for frame in frames((64, 48), 5)] == [0, 1, 2, 3, 4]


def test_the_live_pipeline_is_measured_in_rounds(make_bench: Callable[..., Bench]) -> None:
    (row,) = _whole(measure_live(make_bench()))
    assert row["painted_per_second"]["count"] == 2
    assert 0 <= row["percent_left_out"]["median"] <= 100
    assert row["paint_ms"]["median"] > 0


@pytest.mark.slow
def test_starts_say_whether_they_load_torch(make_bench: Callable[..., Bench]) -> None:
    rows = {row["name"]: row for row in _whole(measure_starts(make_bench()))}
    assert [name for name, row in rows.items() if row["torch"]] == ["import stylecam; stylecam.Stylizer"]
    assert {"import stylecam", "stylecam --help", "stylecam styles list"} <= set(rows)


@pytest.mark.slow
def test_memory_is_that_of_a_child(make_bench: Callable[..., Bench]) -> None:
    rows = _whole(measure_memory(make_bench()))
    assert [row["variant"] for row in rows] == ["fast", "full"]
    assert all(row["peak_mib"] > row["painting_mib"] >= 0 for row in rows)


def test_subjects_come_in_their_order_and_only_those_wanted(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(name: str) -> Callable[[Bench], Section]:
        def measure(bench: Bench) -> Section:
            bench.say("at work")
            return sections.Section(name, name, ())

        return measure

    monkeypatch.setattr(stylecam.benching.networks, "measure_networks", measured("network"))
    monkeypatch.setattr(stylecam.benching.starting, "measure_starts", measured("start"))
    said: list[str] = []
    found = list(run_subjects(make_bench(say=said.append), ["start", "network"]))
    assert [(section.name, section.complete) for section in found] == [("network", True), ("start", True)]
    assert said == ["1/2 network (0:00): at work", "2/2 start (0:00): at work"]


def test_every_subject_is_called_what_only_calls_it(make_bench: Callable[..., Bench]) -> None:
    stop = threading.Event()
    bench = make_bench(stop=stop, say=lambda text: stop.set())
    for name in SUBJECTS:
        stop.clear()
        for section in run_subjects(bench, [name]):
            assert section.name == name
            assert not section.complete


def test_a_subject_that_cannot_be_measured_says_why(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(bench: Bench) -> Section:
        raise DeviceError("the device went away")

    monkeypatch.setattr(stylecam.benching.networks, "measure_networks", failing)
    (section,) = run_subjects(make_bench(), ["network"])
    assert section.notes == ["Not measured: the device went away"]
    assert not section.complete
    assert section.cells() == []


def test_a_child_s_failure_is_its_last_line() -> None:
    with pytest.raises(ChildError, match="exit code 3: that is why"):
        run_child(python("-c", "import sys; sys.stderr.write('a trace\\nthat is why\\n'); sys.exit(3)"))


def test_a_child_is_killed_when_the_bench_is_stopped() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        run_child(python("-c", "import time; time.sleep(60)"), stop=stop)


def test_many_pictures_in_a_row_keep_as_many_on_their_way_as_the_engine_is_ahead() -> None:
    said: list[str] = []

    class Waiting:
        def result(self) -> None:
            said.append("read")

    class Ahead:
        ahead = 2

        def overlapping(self) -> AbstractContextManager[None]:
            return nullcontext()

        def start(self, painter: object, image: object) -> Waiting:
            said.append("start")
            return Waiting()

    run: Any = paint_many_with
    run(Ahead(), None, None)()
    assert said[:7] == ["start", "start", "start", "read", "start", "read", "start"]
    assert said[-3:] == ["read"] * 3
    assert said.count("start") == said.count("read") > 3
