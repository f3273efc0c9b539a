"""The loops that train, as processes that take turns; what they are told, and what becomes of their answers."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from stylecam.benching.children import python
from stylecam.benching.training import (
    PLAIN_LOOP,
    SAME_LOSSES,
    SAME_LOSSES_EXACT,
    measure_training,
    our_loops,
    same_losses,
)
from trainer.options import build_parser, make_config, variants_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from stylecam.benching.plan import Bench
    from trainer.config import TrainConfig


def _loop(*answers: Sequence[float], greeting: Mapping[str, Any] | None = None, ending: str = "") -> list[str]:
    """A process that answers each line with the seconds of some steps."""
    lines = [greeting or {"ready": str(answers), "vgg": "float32"}, *({"seconds": list(steps)} for steps in answers)]
    code = f"for line in {[json.dumps(line) for line in lines]!r}: print(line, flush=True); input()"
    return python("-c", f"{code}\n{ending}")


def _rows(bench: Bench, *groups: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    section = measure_training(bench, groups)
    assert all(len(line) == len(section.columns) for line in section.cells())
    return {row["name"]: row for row in json.loads(json.dumps(section.as_json()))["rows"]}


def test_a_stretch_s_median_is_the_time_of_a_step_and_the_first_stretch_warms_up(
    make_bench: Callable[..., Bench],
) -> None:
    row = _rows(make_bench(), {"a loop": _loop([9, 9], [1, 9, 1], [2, 2])})["a loop"]
    assert row["ms"]["median"] == 1500
    assert row["ms"]["count"] == 2
    assert (row["per_second"], row["steps"], row["note"]) == (pytest.approx(0.667), 7, "VGG-16 in float32")
    assert "times_as_fast" not in row


def test_loops_of_a_group_are_held_against_the_plain_one_round_by_round(make_bench: Callable[..., Bench]) -> None:
    group = {SAME_LOSSES: _loop([9], [1], [2]), PLAIN_LOOP: _loop([9], [2], [4])}
    section = measure_training(make_bench(), [group])
    rows = {row["name"]: row for row in section.rows}
    assert rows[SAME_LOSSES]["times_as_fast"]["median"] == 2
    assert rows[PLAIN_LOOP]["times_as_fast"]["median"] == 1
    assert any("stylecam trains 2.00 times as fast" in note for note in section.notes)


def test_a_loop_that_is_the_same_by_another_name_is_measured_once(make_bench: Callable[..., Bench]) -> None:
    greeting = {"ready": "ours", "vgg": "float32"}
    loops = {name: _loop([1], [1], [1], greeting=greeting) for name in ("one", "other")}
    assert list(_rows(make_bench(), loops)) == ["one"]


def test_a_loop_that_fails_says_so_and_the_others_are_measured(make_bench: Callable[..., Bench]) -> None:
    group = {
        "ends": _loop([1], [1], ending="import sys; sys.exit(9)"),
        "refuses": python("-c", 'print(\'{"failed": "no such style"}\', flush=True); input()'),
        "good": _loop([1], [1], [1]),
    }
    rows = _rows(make_bench(), group)
    assert rows["ends"]["note"] == "failed: it ended with exit code 9"
    assert rows["refuses"]["note"] == "failed: no such style"
    assert rows["good"]["ms"]["count"] == 2


def test_a_stop_ends_the_loops(make_bench: Callable[..., Bench]) -> None:
    stop = threading.Event()
    bench = make_bench(stop=stop, say=lambda text: stop.set() if text.startswith("round") else None)
    assert _rows(bench, {"a loop": _loop([1])}) == {}


def _config(command: Sequence[str]) -> tuple[str, TrainConfig]:
    """Which loop a command starts, and with what settings."""
    assert command[2:4] == ["-m", "trainer.pace"]
    arguments = build_parser().parse_args(command[5:])
    (variant,) = variants_of(arguments, arguments.preset)
    return command[4], make_config(arguments, arguments.preset, variant, base=arguments.base)


def test_each_network_trains_with_all_the_losses_of_its_preset(
    make_bench: Callable[..., Bench], tmp_path: Path
) -> None:
    loops = our_loops(make_bench(), tmp_path)
    assert list(loops) == ["stylecam, fast", "stylecam, full"]
    for variant, command in zip(("fast", "full"), loops.values(), strict=True):
        loop, config = _config(command)
        assert (loop, config.variant, config.crop, config.scales) == ("ours", variant, 224, 2)
        assert config.consistency_weight > 0
        assert (config.consistency_start, config.style_rise) == (0, 0)


def test_both_loops_are_told_the_same_but_for_precision(make_bench: Callable[..., Bench], tmp_path: Path) -> None:
    loops = {name: _config(command) for name, command in same_losses(make_bench(), tmp_path).items()}
    assert {name: loop for name, (loop, _) in loops.items()} == {
        SAME_LOSSES: "ours", PLAIN_LOOP: "plain", SAME_LOSSES_EXACT: "ours",
    }  # fmt: skip
    ours, plain, exact = (config for _, config in loops.values())
    assert ours == plain == exact  # precision stays what `make_config` takes for the default
    assert (ours.scales, ours.consistency_weight, ours.color_weight, ours.content_layer) == (1, 0, 0, "relu2_2")
    assert (ours.batch, ours.crop) == (1, 224)


def test_a_style_without_full_has_no_plain_loop(make_bench: Callable[..., Bench], tmp_path: Path) -> None:
    assert same_losses(make_bench(style=make_bench().other), tmp_path) == {}
