"""What is told of a style's painting and training, whatever its record holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stylecam.bundled import bundled_path
from stylecam.gui.style_facts import style_facts
from stylecam.gui.style_model import StyleCard
from stylecam.styles import read_style, user_styles_folder
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from pathlib import Path


def test_painting_training_and_base_are_told(tmp_path: Path) -> None:
    record = {"fast": {"steps": 1400, "seconds": 515, "photographs": 392, "held_out": {"style": 0.4}}}
    style = write_tiny_style(
        tmp_path / "a.safetensors", origin="A Boat, 1900; public domain", base="candy", record=record
    )
    assert style_facts(style) == (
        "Painting: A Boat, 1900; public domain",
        "Network “fast”: 1,400 steps in 9 min on 392 photographs",
        "Trained from: candy",
    )


@pytest.mark.parametrize(
    "entry", [None, 7, [], {"steps": "many"}, {"steps": True}, {"steps": -1}, {"steps": 10**12}, {"photographs": 3}]
)
def test_a_record_that_no_trainer_wrote_tells_nothing(tmp_path: Path, entry: Any) -> None:
    assert style_facts(write_tiny_style(tmp_path / "a.safetensors", record={"fast": entry})) == ()


@pytest.mark.parametrize("extra", [{}, {"seconds": "long", "photographs": None}, {"seconds": -3, "photographs": 1.5}])
def test_what_is_right_in_a_record_is_told_alone(tmp_path: Path, extra: dict[str, Any]) -> None:
    style = write_tiny_style(tmp_path / "a.safetensors", record={"fast": {"steps": 12, **extra}})
    assert style_facts(style) == ("Network “fast”: 12 steps",)


def test_a_bundled_style_has_no_file_to_delete_and_one_of_the_users_own_folder_is_own(tmp_path: Path) -> None:
    bundled = StyleCard.of(read_style(bundled_path("styles") / "candy.safetensors"))
    assert (bundled.path, bundled.own) == (None, False)
    assert any("steps" in fact for fact in bundled.facts)
    elsewhere = write_tiny_style(tmp_path / "a.safetensors")
    assert (StyleCard.of(elsewhere).path, StyleCard.of(elsewhere).own) == (elsewhere.path, False)
    assert StyleCard.of(write_tiny_style(user_styles_folder() / "b.safetensors")).own
