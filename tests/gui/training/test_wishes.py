"""What is offered of a training is what its trainer would hear; the rest has a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stylecam.gui.training.story import RunStory
from stylecam.gui.training.wishes import is_nearly_done, wishes_for

if TYPE_CHECKING:
    from stylecam.gui.training.guide import Aim


def story(phase: str, *, step: int = 50, network: int = 1, networks: int = 1, begun: bool = True) -> RunStory:
    return RunStory(phase=phase, begun=begun, step=step, network=network, networks=networks)


def possible(story: RunStory, aim: Aim = "") -> set[str]:
    return {name for name, wish in wishes_for(story, aim)._asdict().items() if wish.possible}


def test_before_the_first_step_there_is_nothing_to_keep() -> None:
    assert possible(story("photographs", begun=False, step=0)) == {"pause", "cancel"}
    assert possible(story("painting", step=0, network=2, networks=2)) == {"pause", "keep", "cancel"}, "the one before"


def test_while_it_learns_everything_can_be_wished() -> None:
    assert possible(story("painting")) == {"pause", "keep", "cancel"}


@pytest.mark.parametrize(("aim", "left"), [("keep", {"cancel"}), ("export", {"cancel"}), ("cancel", set())])
def test_a_run_that_is_being_ended_can_only_be_cancelled(aim: Aim, left: set[str]) -> None:
    assert possible(story("painting"), aim) == left
    assert possible(story("finishing"), aim) == left


@pytest.mark.parametrize(
    ("network", "aim", "nearly"), [(2, "", True), (1, "keep", True), (1, "", False), (1, "cancel", False)]
)
def test_what_is_made_last_ends_the_run(network: int, aim: Aim, nearly: bool) -> None:
    assert is_nearly_done(story("finishing", network=network, networks=2), aim) is nearly
    assert not is_nearly_done(story("painting", network=network, networks=2), aim)


@pytest.mark.parametrize("aim", ["", "keep"])
def test_at_the_end_it_can_neither_pause_nor_be_kept_and_that_is_said(aim: Aim) -> None:
    wishes = wishes_for(story("finishing"), aim)
    assert wishes.cancel.possible
    for wish in (wishes.pause, wishes.keep):
        assert wish == (False, "Nearly done: the style is being made and measured.")


def test_between_two_networks_everything_is_heard() -> None:
    assert possible(story("finishing", network=1, networks=2)) == {"pause", "keep", "cancel"}
