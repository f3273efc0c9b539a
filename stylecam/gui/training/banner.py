"""TrainingBanner: the one line that stands for a training while its dialog is closed.

Invariant: it never speaks over another message, and never again once a person has closed it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from stylecam.gui.words import counted, duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from stylecam.gui.banner import Banner

__all__ = ["TrainingBanner"]


class TrainingBanner(QObject):
    """Says how far a training is, in the window's banner."""

    def __init__(self, banner: Banner, show: Callable[[], object], stop: Callable[[], object], parent: QObject) -> None:
        """`show` and `stop` are what its buttons do."""
        super().__init__(parent)
        self._banner, self._on_show, self._on_stop = banner, show, stop
        self.name = ""
        """Of the style that is trained."""
        self._how = ""
        self._shown = ""
        """What it said last."""
        self._was_replaced = False
        self._stops = False
        """Whether it was told to stop: until it has, nothing else is worth a word."""

    def begin(self, name: str) -> None:
        """Another training, of which nothing has been heard yet; says nothing."""
        self.name, self._how, self._shown, self._was_replaced = name, self.tr("getting ready"), "", False
        self._stops = False

    def stop(self, *, may_speak: bool) -> None:
        """It was told to stop: say so at once, in place of its line or where nothing stands."""
        self._stops = True
        if may_speak and (not self._banner.text or self._banner.text == self._shown):
            self.show()

    def hear(self, event: dict[str, Any], *, may_speak: bool) -> None:
        """Take in an event of the run; reword the line that stands there, or show it where others have gone."""
        how = self._in_words(event)
        if not how:
            return
        self._how, before = how, self._shown
        if self._stops and event["event"] == "paused":  # a trainer that can only be paused
            self._stops = False
            if may_speak and self._banner.text == before:
                self.show()
        if not may_speak:
            return
        self._shown = self._line()
        if self._banner.reword(before, self._shown):
            return
        if self._banner.text:
            self._was_replaced = True
        elif self._was_replaced:
            self.show()

    def show(self) -> None:
        """Say it now, whatever stands there."""
        self._shown, self._was_replaced = self._line(), False
        actions = [(self.tr("Show"), self._on_show)]
        if not self._stops:
            actions.append((self.tr("Stop"), self._on_stop))
        self._banner.show_message(self._shown, level="info", actions=actions)

    def show_when_free(self) -> None:
        """Say it now, or when what stands there has gone."""
        if self._banner.text:
            self._was_replaced = True
        else:
            self.show()

    def hide(self) -> None:
        """Say it no more, until `show`."""
        if self._shown and self._banner.text == self._shown:
            self._banner.hide_message()
        self._was_replaced = False

    def _line(self) -> str:
        if self._stops:
            return self.tr("Stopping the training of “{name}”…").format(name=self.name)
        return self.tr("Training “{name}”: {how}.").format(name=self.name, how=self._how)

    def _in_words(self, event: dict[str, Any]) -> str:
        """How far the run is, as an event tells it; empty for one that says nothing of it."""
        kind, step = event["event"], event.get("step")
        if kind == "phase":
            words = {
                "base": self.tr("looking for a style to begin with"),
                "reconstruction": self.tr("learning to see, before it paints"),
                "painting": self.tr("learning to paint"),
                "finishing": self.tr("making the style"),
            }
            return words.get(str(event.get("phase")), self.tr("getting ready"))
        if kind == "paused":
            return self.tr("paused at step {step}").format(step=counted(step))
        if kind == "resumed":
            return self.tr("going on from step {step}").format(step=counted(step))
        if kind != "step" or not isinstance(step, int):
            return ""
        text = self.tr("step {step} of {steps}").format(step=counted(step), steps=counted(event.get("steps")))
        left = event.get("seconds_left")
        if isinstance(left, int | float) and 0 <= left < 1e9:
            text = self.tr("{step}, about {time} left").format(step=text, time=duration(left))
        return text
