"""A training by order: so long, and no longer, with an answer for each order."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

import trainer.pace
from trainer.pace import Pacer, main

if TYPE_CHECKING:
    from pathlib import Path


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


def test_steps_are_taken_for_so_long_as_is_ordered_and_each_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = _Clock()
    monkeypatch.setattr(trainer.pace, "time", clock)
    answers = StringIO()
    pacer = Pacer(StringIO("2\n0\n"), answers)
    steps = 0
    while not pacer():
        steps += 1
        clock.now += 0.75
    # Three steps last 2.25 seconds; no time is enough for one.
    assert [json.loads(line) for line in answers.getvalue().splitlines()] == [
        {"seconds": [0.75, 0.75, 0.75]}, {"seconds": [0.75]},
    ]  # fmt: skip
    assert steps == 4


def test_the_wait_for_an_order_counts_for_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = _Clock()
    monkeypatch.setattr(trainer.pace, "time", clock)

    class Slow(StringIO):
        def readline(self, *size: Any) -> str:
            clock.now += 100
            return super().readline(*size)

    answers = StringIO()
    pacer = Pacer(Slow("1\n1\n"), answers)
    while not pacer():
        clock.now += 1
    assert [json.loads(line)["seconds"] for line in answers.getvalue().splitlines()] == [[1], [1]]


def _words(painting: Path, photographs: Path, base: Path, run: Path) -> list[str]:
    words = f"new {painting} --name paced --run {run} --variant full --base {base} --content {photographs}"
    more = "--device cpu --steps 100 --crop 64 --painting-size 96 --scales 1 --consistency-weight 0 --color-weight 0"
    return f"{words} {more} --style-rise 0 --vgg-precision float32".split()


@pytest.mark.parametrize("loop", ["ours", "plain"])
def test_both_loops_train_by_order(loop: str, painting: Path, photographs: Path, base: Path, tmp_path: Path) -> None:
    answers = StringIO()
    assert main([loop, *_words(painting, photographs, base, tmp_path / "run")], StringIO("0\n0\n"), answers) == 0
    greeting, *stretches = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert greeting == {"ready": loop, "variant": "full", "vgg": "float32", "network": "float32"}
    assert [len(stretch["seconds"]) for stretch in stretches] == [1, 1]
    assert all(seconds > 0 for stretch in stretches for seconds in stretch["seconds"])


def test_what_cannot_be_trained_is_answered_with_the_reason(
    painting: Path, photographs: Path, base: Path, tmp_path: Path
) -> None:
    answers = StringIO()
    words = _words(painting, photographs, base, tmp_path / "run")
    assert main(["plain", *words, "--scales", "2"], StringIO(), answers) > 0
    assert "plain loop" in json.loads(answers.getvalue().splitlines()[-1])["failed"]
