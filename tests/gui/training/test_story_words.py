"""A training in words: also where its events say little, or nonsense."""

from __future__ import annotations

import pytest

from stylecam.gui.training.story import Report, RunStory
from stylecam.gui.training.story_words import held_out_text, notice_text, phase_text, times_text


@pytest.mark.parametrize(
    ("story", "text"),
    [
        (RunStory(), "Getting ready…"),
        (RunStory(phase="tomorrow's"), "Getting ready…"),
        (RunStory(phase="base"), "Choosing the style to start from…"),
        (RunStory(phase="reconstruction", begun=True, step=5, steps=1500), "Learning to see – step 5 of 1,500"),
        (
            RunStory(phase="painting", begun=True, step=1234, steps=5000, network=1, networks=2),
            "Learning to paint – step 1,234 of 5,000, network 1 of 2",
        ),
        (RunStory(phase="painting", begun=True, paused=True, step=7, steps=9), "Paused – step 7 of 9"),
        (RunStory(phase="finishing", begun=True, step=9, steps=9), "Measuring how it paints, and making the style…"),
    ],
)
def test_the_phase(story: RunStory, text: str) -> None:
    assert phase_text(story) == text


def test_the_times() -> None:
    story = RunStory(elapsed=62.0, seconds_left=450.0, photographs=24, device="cpu")
    assert times_text(story, 0.0, with_left=True) == "1:02 so far · about 8 min left · 24 photographs · on CPU"
    assert times_text(story, 0.0, with_left=False) == "1:02 so far · 24 photographs · on CPU"
    assert times_text(RunStory(), 0.0, with_left=True) == "0:00 so far"


def test_held_out_figures() -> None:
    assert held_out_text(RunStory()) == ""
    report = Report("fast", 0.41, 0.112, None, None, None, None)
    assert held_out_text(RunStory(held_out=report)) == "Unseen pictures: style 0.112, content 0.41"


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"event": "step", "text": "no notice"},
        {"event": "base"},
        {"event": "started", "skipped": "none"},
        {"event": "started", "skipped": [5, "x"]},
    ],
)
def test_most_events_are_no_news(event: dict[str, object]) -> None:
    assert notice_text(event) == ""


def test_what_happened() -> None:
    assert notice_text({"event": "notice", "text": "the disk is nearly full"}) == "the disk is nearly full"
    assert "went back to step 40" in notice_text({"event": "rolled_back", "step": 60, "to_step": 40})
    skipped = [{"path": "/photos/a.jpg", "reason": "too small"}, {"path": "/photos/b.jpg", "reason": "torn"}]
    assert notice_text({"event": "started", "skipped": skipped}) == (
        "2 pictures were left out: a.jpg (too small), b.jpg (torn)"
    )


def test_how_long_the_style_itself_takes_is_told() -> None:
    story = RunStory(phase="finishing", begun=True, phase_since=100.0, elapsed=62.0)
    assert times_text(story, 183.0, with_left=True) == "1:02 so far · 1:23 of it for the style"


@pytest.mark.parametrize(
    ("expected_s", "step", "slow"), [(600.0, 40, True), (900.0, 40, False), (600.0, 5, False), (None, 40, False)]
)
def test_a_training_that_is_much_slower_than_foretold_says_why(expected_s: float | None, step: int, slow: bool) -> None:
    story = RunStory(step=step, steps=1500, elapsed=100.0, seconds_left=900.0)
    text = times_text(story, 0.0, with_left=True, expected_s=expected_s)
    assert ("slower than foreseen: the computer is busy with other things" in text) is slow
