"""What can be wished of a training as it stands, and why something cannot. No Qt windows here.

Invariant: what would come to nothing is not offered (see `stylecam.runcontrol.Wish`). Once the last network is
measured and made a style, there is no step before which the run could pause, and it is being kept as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from stylecam.gui.training.guide import Aim
    from stylecam.gui.training.story import RunStory

__all__ = ["Wish", "Wishes", "is_nearly_done", "wishes_for"]


class Wish(NamedTuple):
    """Whether it can be wished; if not, why, as far as that needs to be said."""

    possible: bool
    why_not: str = ""


class Wishes(NamedTuple):
    """By the buttons of the train dialog."""

    pause: Wish
    keep: Wish
    cancel: Wish


def is_nearly_done(story: RunStory, aim: Aim = "") -> bool:
    """Whether the style is being made with which the run ends: nothing is learned any more."""
    return story.finishing and (story.network >= story.networks or aim == "keep")


def wishes_for(story: RunStory, aim: Aim) -> Wishes:
    """What can be wished of a run that is being ended in this way, if at all."""
    pause, keep = Wish(not aim), Wish(not aim and story.begun)
    if is_nearly_done(story, aim) and aim in ("", "keep"):
        pause = keep = Wish(False, _tr("Nearly done: the style is being made and measured."))
    return Wishes(pause, keep, cancel=Wish(aim != "cancel"))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Wishes", text)
