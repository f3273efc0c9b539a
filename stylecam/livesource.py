"""What every live source is: frames that come by themselves, and word of how it is doing. Loads nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stylecam.frame import Frame

__all__ = ["PROBLEM_TEXTS", "LiveSource", "Problem", "SourceState", "SourceStatus"]


class SourceState(StrEnum):
    """Where a live source stands."""

    opening = "opening"
    """Being opened, or waiting for its first frame."""
    running = "running"
    waiting = "waiting"
    """No picture at present; `problem` says why. It is tried again by itself, more and more rarely."""
    ended = "ended"
    """No frame will come any more."""


class Problem(StrEnum):
    """What is wrong with a source, as far as can be told."""

    missing = "missing"
    busy = "busy"
    denied = "denied"
    disconnected = "disconnected"
    frozen = "frozen"
    black = "black"
    unreachable = "unreachable"
    unreadable = "unreadable"


PROBLEM_TEXTS: Final[dict[Problem, str]] = {
    Problem.missing: "{name} is not connected. Plug it in, or choose another camera; it is looked for meanwhile.",
    Problem.busy: "{name} is used by another program. Close that program; the picture then comes by itself.",
    Problem.denied: (
        "stylecam is not allowed to use {name}. Allow it in the system's privacy settings "
        "(on Linux: add yourself to the group “video” and log in again)."
    ),
    Problem.disconnected: "{name} was disconnected. It is looked for; a recording goes on with the last picture.",
    Problem.frozen: "{name} sends the same picture over and over. It is being opened again.",
    Problem.black: "{name} sends black pictures. Is its cover closed, or a privacy switch on?",
    Problem.unreachable: "{name} does not answer. Check its address and that it is switched on; it is tried again.",
    Problem.unreadable: "{name} gives no picture that can be read. Choose another one.",
}
"""What happened, why, and what helps; `name` is the source's. One text for the window and the command line."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One piece of news from a live source."""

    state: SourceState
    name: str
    problem: Problem | None = None
    detail: str = ""
    """Technical, for the log; may be empty."""

    @property
    def text(self) -> str:
        """The problem for people, in English; empty without one."""
        return PROBLEM_TEXTS[self.problem].format(name=self.name) if self.problem else ""


class LiveSource(Protocol):
    """Frames that come by themselves and are lost if not taken: a camera, a clip at its own pace, a test pattern.

    Making one is quick and never fails for the device's sake; all waiting happens in the iteration.
    """

    @property
    def name(self) -> str:
        """For people: a camera's name, a file's name."""

    on_status: Callable[[SourceStatus], None] | None
    """Called in the source's own threads, on every change; set before the iteration starts."""

    def __iter__(self) -> Iterator[Frame]:
        """The frames, each with `captured_at`, pts from the first frame on and rising. One iteration, in one thread.

        Problems that may pass (unplugged, busy) are told through `on_status` and waited out here. The iteration ends
        after `close`, or raises a `SourceError` for what cannot pass.
        """

    def close(self) -> None:
        """End the iteration, from any thread; it ends within half a second even if a device does not answer."""
