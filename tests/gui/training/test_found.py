"""What a start of the window finds among the trainings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stylecam.gui.training.found import find, note_offered
from stylecam.runs import hold, runs_folder
from tests.gui.training.faketrainer import stopped, write_run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STYLECAM_RUNS", str(tmp_path / "runs"))


def test_where_nothing_was_trained_nothing_is_found() -> None:
    found = find()
    assert (found.living, found.stopped) == (None, None)
    note_offered()  # there is no folder for it, and no harm done


def test_a_training_that_goes_on_and_one_that_was_stopped_are_told_apart() -> None:
    write_run(runs_folder() / "wave", *stopped())
    with hold(write_run(runs_folder() / "sea", *stopped())):
        found = find()
    assert found.living is not None
    assert found.living.name == "sea"
    assert found.stopped is not None
    assert found.stopped.name == "wave"


def test_what_was_offered_is_not_found_again() -> None:
    write_run(runs_folder() / "wave", *stopped())
    note_offered()
    assert find().stopped is None


def test_what_was_stopped_for_the_style_of_a_preview_is_not_offered() -> None:
    exported = {"event": "exported", "variant": "fast", "step": 40, "path": "/styles/wave.safetensors"}
    write_run(runs_folder() / "wave", *stopped(), exported)
    assert find().stopped is None
