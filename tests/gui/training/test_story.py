"""What a training's events come to; the same whether they are heard as they come or all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stylecam.gui.training.story import RunStory


def story_of(*events: dict[str, Any]) -> RunStory:
    story = RunStory()
    for event in events:
        story.hear(event)
    return story


def step(number: int, time: float, **fields: Any) -> dict[str, Any]:
    return {
        "event": "step",
        "time": time,
        "variant": "fast",
        "step": number,
        "steps": 100,
        "seconds_left": 9.0,
        **fields,
    }


def test_the_first_words_tell_the_phase() -> None:
    story = story_of({"event": "phase", "phase": "photographs", "variant": "", "time": 1.0})
    assert (story.phase, story.begun, story.steps) == ("photographs", False, 0)


def test_steps_tell_how_far_it_is() -> None:
    place = {"variant": "full", "network": 2, "networks": 2, "step": 0, "steps": 500}
    story = story_of(
        {"event": "started", "time": 1.0, **place, "device": "cuda:0", "photographs": 30},
        {"event": "step", "time": 3.0, **{**place, "step": 7}, "seconds_left": 61.5, "seconds_per_step": 0.25},
    )
    assert (story.variant, story.network, story.networks, story.step, story.steps) == ("full", 2, 2, 7, 500)
    assert (story.seconds_left, story.seconds_per_step, story.device, story.photographs) == (61.5, 0.25, "cuda:0", 30)
    assert story.begun


def test_the_next_network_ends_the_making_of_the_one_before() -> None:
    story = story_of(step(100, 1.0), {"event": "phase", "phase": "finishing", "variant": "fast"})
    assert story.finishing
    story.hear({"event": "started", "variant": "full", "network": 2, "networks": 2, "step": 0, "steps": 50})
    assert (story.finishing, story.phase) == (False, "")


def test_pauses_and_the_time_between_two_lives_are_no_training() -> None:
    story = story_of(
        step(1, 100.0),
        step(2, 110.0),
        {"event": "paused", "step": 2, "time": 111.0},
        {"event": "resumed", "step": 2, "time": 161.0},
        step(3, 163.0),
        step(4, 9000.0),  # it was killed in between, without a word
        {"event": "stopped", "step": 4, "text": "enough", "time": 9002.0},
        step(5, 9050.0),
    )
    assert story.elapsed == pytest.approx(10 + 1 + 2 + 2)
    assert story.elapsed_at(9053.0) == pytest.approx(15 + 3)
    assert story.elapsed_at(99999.0) == pytest.approx(15 + 120)


def test_a_paused_run_s_clock_stands_still() -> None:
    story = story_of(step(1, 10.0), {"event": "paused", "time": 12.0})
    assert story.paused
    assert story.elapsed_at(50.0) == pytest.approx(2.0)
    story.hear({"event": "resumed", "time": 60.0})
    assert not story.paused


def test_what_was_measured_is_kept_by_network() -> None:
    figures = {"content": 0.4, "style": 0.1, "flicker": 1.5, "half_db": 50.0, "milliseconds": 30.0, "spread": 0.3}
    story = story_of(
        {"event": "held_out", "variant": "fast", "step": 9, "content": 0.5, "style": 0.2, "flicker": 2.0},
        {"event": "report", "variant": "fast", **figures},
        {"event": "report", "variant": "full", **{**figures, "half_db": None, "flicker": float("nan")}},
    )
    assert story.held_out is not None
    assert (story.held_out.content, story.held_out.half_db) == (0.5, None)
    assert story.reports["fast"].milliseconds == 30.0
    assert (story.reports["full"].half_db, story.reports["full"].flicker) == (None, None)


def test_an_end_is_forgotten_when_it_goes_on() -> None:
    story = story_of(
        step(5, 1.0), {"event": "checkpoint", "step": 5}, {"event": "failed", "text": "no room", "time": 2.0}
    )
    assert (story.end, story.reason, story.checkpoint, story.seconds_left) == ("failed", "no room", 5, None)
    story.hear({"event": "phase", "phase": "painting", "variant": "fast"})
    assert (story.end, story.reason) == ("", "")
    story.hear({"event": "finished", "path": "/styles/mine.safetensors"})
    assert (story.end, story.finished) == ("finished", Path("/styles/mine.safetensors"))


def test_emphasis_and_a_roll_back_change_it() -> None:
    story = story_of(
        step(50, 1.0),
        {"event": "emphasis", "step": 50, "style": 2.0, "content": 0.5, "steady": 1.0},
        {"event": "rolled_back", "step": 60, "to_step": 40},
    )
    assert (story.style, story.content, story.steady, story.emphasis_step, story.step) == (2.0, 0.5, 1.0, 50, 40)


def test_garbage_changes_nothing() -> None:
    story = story_of(step(5, 1.0))
    before = repr(story)
    for event in (
        {},
        {"event": 5},
        {"event": "tomorrow's"},
        {"event": "step", "step": "six", "steps": None, "variant": 7, "seconds_left": 9.0},
        {"event": "held_out_of_reach"},
        {"event": "__init__"},
        {"event": "place"},
        {"event": "started", "photographs": -3, "device": None},
    ):
        story.hear(event)
    assert repr(story) == before


def test_the_clock_starts_with_the_asking() -> None:
    story = story_of({"event": "asked", "time": 100.0})
    assert story.elapsed_at(130.0) == pytest.approx(30.0)
    story.hear({"event": "phase", "phase": "photographs", "variant": "", "time": 141.0})
    assert story.elapsed == pytest.approx(41.0)
    story.hear({"event": "stopped", "step": 4, "text": "enough", "time": 150.0})
    story.hear({"event": "asked", "time": 900.0})
    assert (story.end, story.phase) == ("", "")
    story.hear({"event": "phase", "phase": "painting", "time": 920.0})
    assert story.elapsed == pytest.approx(50.0 + 20.0)
    assert story.phase_since == 920.0


def test_of_which_step_the_style_is_is_known() -> None:
    assert story_of(step(50, 1.0), {"event": "exported", "variant": "fast", "step": 40}).made == {"fast": 40}


def test_how_far_the_measuring_is_is_known_until_it_is_done() -> None:
    measuring = {"event": "measuring", "variant": "fast", "number": 3, "count": 8}
    story = story_of({"event": "phase", "phase": "finishing", "variant": "fast"}, measuring)
    assert story.measured == (3, 8)
    for garbage in ({"event": "measuring"}, {"event": "measuring", "number": 1, "count": 0}):
        story.hear(garbage)
    assert story.measured == (3, 8)
    story.hear({"event": "report", "variant": "fast"})
    assert story.measured == (0, 0)
