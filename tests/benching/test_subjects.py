"""Each subject once at a tiny size: that it gives the rows it should. What they say is this machine's affair."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

import stylecam.benching.networks
import stylecam.benching.starting
from stylecam.benching import sections
from stylecam.benching.children import ChildError, python, run_child
from stylecam.benching.exporting import measure_exports
from stylecam.benching.living import measure_live
from stylecam.benching.memory import measure_memory
from stylecam.benching.networks import measure_networks
from stylecam.benching.pictures import frames, make_clip
from stylecam.benching.rounds import StoppedError
from stylecam.benching.starting import measure_starts
from stylecam.benching.suite import SUBJECTS, run_subjects
from stylecam.benching.training import measure_training, our_loops
from stylecam.errors import DeviceError
from stylecam.sources import VideoFileSource
from trainer.options import build_parser, variants_of

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
        assert row["gmac_run"] <= 1.5 * row["gmac_published"]
        assert row["percent_of_limit"] == pytest.approx(100 * row["limit_ms"] / row["ms"]["median"], rel=0.05, abs=0.2)
    assert any("float32 product of 32×32" in note for note in section.notes)


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


def _loop(*steps: int, ending: str = "") -> list[str]:
    """A process that reports these steps of eight, half a second a step by its own account."""
    events = [{"event": "step", "time": 100 + step / 2, "step": step, "steps": 8} for step in steps]
    lines = "; ".join(f"print('{json.dumps(event)}')" for event in ({"event": "started"}, *events))
    return python("-c", f"{lines}; {ending or 'pass'}")


def test_training_steps_are_timed_from_report_to_report(make_bench: Callable[..., Bench]) -> None:
    (row,) = _whole(measure_training(make_bench(), {"a loop": _loop(1, 3, 5, 8)}))
    assert row["ms"] == {"median": 500, "low": 500, "high": 500, "least": 500, "count": 3}
    assert (row["per_second"], row["steps"]) == (2, 8)


def test_a_training_that_fails_says_so_and_the_next_is_measured(make_bench: Callable[..., Bench]) -> None:
    loops = {"bad": _loop(1, 3, ending="import sys; sys.exit(9)"), "good": _loop(1, 8)}
    bad, good = _whole(measure_training(make_bench(), loops))
    assert bad["note"] == "failed: it ended with exit code 9"
    assert good["ms"]["median"] == 500


def test_our_own_loop_is_the_trainer_s_command(make_bench: Callable[..., Bench], tmp_path: Path) -> None:
    loops = our_loops(make_bench(training_steps=6), tmp_path)
    assert list(loops) == ["stylecam, fast", "stylecam, full"]
    for variant, command in zip(("fast", "full"), loops.values(), strict=True):
        assert command[2:4] == ["-m", "trainer"]
        asked = build_parser().parse_args(command[4:])
        assert (variants_of(asked, "quick"), asked.steps, asked.device) == ((variant,), 6, "cpu")


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
    assert said == ["network: at work", "start: at work"]


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
