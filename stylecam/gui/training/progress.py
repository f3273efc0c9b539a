"""RunPage: a training as it goes on - how far, how well, what it paints by now - and what can be wished of it.

Invariant: it shows what the run's events say and nothing else, so that a window that is opened later shows the same.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from stylecam.gui.icons import icon
from stylecam.gui.training.emphasis import EmphasisSliders
from stylecam.gui.training.loss_plot import LossPlot
from stylecam.gui.training.parts import Content, faint, heading, plain, push_button
from stylecam.gui.training.preview_strip import PreviewStrip
from stylecam.gui.training.progress_bar import TrainingBar
from stylecam.gui.training.story import RunStory
from stylecam.gui.training.story_words import held_out_text, notice_text, phase_text, times_text
from stylecam.gui.training.wishes import is_nearly_done
from stylecam.gui.words import sentence

__all__ = ["RunPage"]

_SHOW_MS: Final = 100
"""After an event; a run of hours that is opened again tells thousands at once."""
_SECOND_MS: Final = 1000
_SLOW_START_S: Final = 8.0
"""Without a word from the trainer; after that it is not the trainer's own slowness."""
_NOTICE_LINES: Final = 4
_NOTICES_KEPT: Final = 200


class RunPage(Content):
    """Feed it with `begin`, and then with every event.

    Signals:
        try_changed(Path): paint with this style file; ``Path("")``: with the style before.
        use_requested(): make the style of the preview that is chosen.
        emphasis_changed(float, float, float): style, content, steady.
        shown(): `story` is shown as it is now.
    """

    shown = Signal()
    try_changed = Signal(object)
    use_requested = Signal()
    emphasis_changed = Signal(float, float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = Path()
        self._name = ""
        self._story = RunStory()
        self._waiting = ""
        self._makes = False
        """Whether the run has ended, and the style of a preview is being made."""
        self._ended = False
        self._expected_s: float | None = None
        self._silent_since: float | None = None
        """When the run was begun of which nothing was heard yet."""
        self._tried: Path | None = None
        self._pictures: dict[int, Path] = {}
        self._plotted = ""
        """The network whose losses and previews are shown."""
        self._soon = QTimer(self, singleShot=True, interval=_SHOW_MS)
        self._soon.timeout.connect(self._show)
        self._second = QTimer(self, interval=_SECOND_MS)
        self._second.timeout.connect(self._show_times)
        self._heading = heading(self, scale=1.2)
        self._phase = plain(self)
        self._bar = TrainingBar(self)
        self._bar.setAccessibleName(self.tr("Progress of the training"))
        self._times = faint(self)
        self._plot = LossPlot(self)
        self._emphasis = EmphasisSliders(self)
        self._emphasis.changed.connect(self.emphasis_changed)
        self._held_out = faint(self)
        self._held_out.setToolTip(self.tr("How it paints photographs that it does not learn from; less is better"))
        self._strip = PreviewStrip(self)
        self._strip.current_changed.connect(self._on_current_changed)
        self._try = push_button(self, self.tr("&Try it live"))
        self._try.setCheckable(True)
        self._try.setIcon(icon("play"))
        self._try.setToolTip(self.tr("Paint the window's picture with this preview's style, and with each newer one"))
        self._try.toggled.connect(self._on_try)
        self._use = push_button(self, self.tr("&Use this one…"), self.use_requested)
        self._use.setToolTip(self.tr("Make the style as it was at this preview"))
        self._hint = faint(self)
        self._notices = QPlainTextEdit(self)
        self._notices.setReadOnly(True)
        self._notices.setTabChangesFocus(True)
        self._notices.setMaximumBlockCount(_NOTICES_KEPT)
        self._notices.setPlaceholderText(self.tr("What happens is told here"))
        self._notices.setAccessibleName(self.tr("What happened during the training"))
        self._notices.setMinimumHeight(_NOTICE_LINES * self.fontMetrics().lineSpacing() + 16)
        self._notices.setMaximumHeight(2 * self._notices.minimumHeight())
        self._lay_out()

    @property
    def story(self) -> RunStory:
        """What the events came to."""
        return self._story

    @property
    def trying(self) -> bool:
        """Whether "Try it live" is pressed."""
        return self._try.isChecked()

    @property
    def chosen_step(self) -> int | None:
        """Of the preview that is shown; None before the first."""
        return self._strip.current_step if self._strip.count else None

    @property
    def shows_newest(self) -> bool:
        """Whether the preview that is shown is the newest."""
        return self._strip.current == self._strip.count - 1

    @property
    def chosen_picture(self) -> Path | None:
        """The preview that is shown; None before the first."""
        return self._pictures.get(self._strip.current_step)

    @property
    def notices(self) -> str:
        """What happened, a line each."""
        return self._notices.toPlainText()

    def begin(
        self, folder: Path, name: str, factors: tuple[float, float, float], *, expected_s: float | None = None
    ) -> None:
        """Show another run, of which nothing was heard yet.

        Args:
            folder: the run's.
            name: of the style.
            factors: what the trainer was told last of style, content and steadiness.
            expected_s: the most seconds that it was foretold to take; None where nothing was.
        """
        self.stop_trying()
        self._folder, self._name, self._story = folder, name, RunStory()
        self._waiting, self._makes, self._ended, self._plotted = "", False, False, ""
        self._expected_s = expected_s
        self._silent_since = time.monotonic()
        self._pictures = {}
        self._heading.setText(self.tr("Training “{name}”").format(name=name))
        self._emphasis.factors = factors
        self._plot.clear()
        self._strip.clear()
        self._notices.clear()
        self._second.start()
        self._show()

    def hear(self, event: dict[str, Any]) -> None:
        """Take in an event of the run."""
        if event.get("event") != "asked":  # that is the window's own
            self._silent_since = None
        self._story.hear(event)
        kind = str(event.get("event"))
        if kind in ("started", "step"):
            self._plot_network()
        if kind == "preview":
            self._add_preview(event)
        elif kind == "step":
            self._add_losses(event)
        elif kind == "rolled_back":
            self._plot.mark(self._story.step, self.tr("rolled back"))
        text = notice_text(event)
        if text:
            self.tell(text)
        if not self._soon.isActive():
            self._soon.start()

    def wait_for(self, text: str) -> None:
        """Say what was asked for and has not happened yet; empty: nothing is waited for."""
        self._waiting, self._makes = text, False
        self._show()

    def wait_for_style(self, text: str) -> None:
        """Say that the run has ended, and what is being made of it."""
        self._waiting, self._makes = text, True
        self._show()

    def tell(self, text: str) -> None:
        """Add to what happened."""
        self._notices.appendPlainText(f"• {sentence(text)}")

    def end(self) -> None:
        """Nothing more comes: what can be tried and wished is over."""
        self._ended = True
        self.stop_trying()
        self._second.stop()
        self._show()

    def stop_trying(self) -> None:
        """Back to the style before, if one is tried."""
        self._try.setChecked(False)

    def _plot_network(self) -> None:
        """A new network begins at step 1 again, with losses and previews of its own."""
        if self._story.variant != self._plotted:
            if self._plotted:
                self._plot.clear()
                self._strip.clear()
                self._pictures = {}
            self._plotted = self._story.variant
        self._plot.set_steps(self._story.steps)

    def _add_losses(self, event: dict[str, Any]) -> None:
        content, style = event.get("content"), event.get("style")
        if isinstance(content, int | float) and isinstance(style, int | float):
            self._plot.add(self._story.step, float(content), float(style))

    def _add_preview(self, event: dict[str, Any]) -> None:
        step, path, style = event.get("step"), event.get("path"), event.get("style")
        if not isinstance(step, int) or not isinstance(path, str) or not isinstance(style, str):
            return
        # The third photograph may be another by now: it is the camera's.
        self._strip.set_source(self._folder / "previews" / "source.jpg")
        self._pictures[step] = self._folder / path
        self._strip.add(step, self._folder / path, self._folder / style)
        self._on_current_changed()

    def _on_try(self, on: bool) -> None:
        self._try.setIcon(icon("stop" if on else "play"))
        self._try.setText(self.tr("Stop &trying") if on else self.tr("&Try it live"))
        if on:
            self._on_current_changed()
        elif self._tried is not None:
            self._tried = None
            self.try_changed.emit(Path())

    def _on_current_changed(self) -> None:
        style = self._strip.current_style
        if self._try.isChecked() and style is not None and style != self._tried:
            self._tried = style
            self.try_changed.emit(style)
        self._show_buttons()

    def _show(self) -> None:
        story = self._story
        self._phase.setText(self._waiting or phase_text(story))
        # What was asked for and has not happened yet leaves the run where it is.
        number, count = story.measured
        if self._makes or story.finishing:
            if count:
                self._bar.show_step(number - 1, count)  # which is being looked at
            else:
                self._bar.show_busy()
        elif story.begun and story.steps > 0:
            self._bar.show_step(story.step, story.steps)
        else:
            self._bar.show_busy()
        self._emphasis.show_in_force((story.style, story.content, story.steady), story.emphasis_step)
        self._emphasis.setEnabled(not self._ended and not self._waiting and not is_nearly_done(story))
        # It has its place from the beginning: a slider does not move away from the mouse.
        self._held_out.setText(held_out_text(story) or self.tr("Unseen pictures: measured at each checkpoint"))
        self._show_times()
        self._show_buttons()
        self.shown.emit()

    def _show_times(self) -> None:
        text = times_text(
            self._story, time.time(), with_left=not (self._waiting or self._ended), expected_s=self._expected_s
        )
        if self._silent_since is not None and not self._ended:
            slow = time.monotonic() - self._silent_since > _SLOW_START_S
            text = self.tr("The trainer is being started…")
            if slow:
                text = self.tr("The trainer is being started; on a busy computer that takes a while.")
        self._times.setText(text)

    def _show_buttons(self) -> None:
        there = self._strip.current_style is not None and not self._ended and not self._waiting
        self._use.setEnabled(there)
        # What is being tried stays until it is let go of, also while the training is ending.
        self._try.setEnabled(there or self._try.isChecked())
        text = ""
        if self._strip.count and not self.shows_newest:
            text = self.tr("This is an older preview; at the right end is the newest.")
        elif self.trying:
            text = self.tr("The window's picture is painted with each new preview.")
        self._hint.setText(text)

    def _lay_out(self) -> None:
        """The previews have most of the room; figures and wishes stand beside them."""
        self._try.setIconSize(QSize(14, 14))
        self._strip.setMinimumHeight(200)
        self._plot.setMinimumSize(QSize(290, 130))
        buttons = QHBoxLayout()
        buttons.addWidget(self._try)
        buttons.addWidget(self._use)
        buttons.addWidget(self._hint, 1)
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addWidget(self._strip, 1)
        left.addLayout(buttons)
        right = QVBoxLayout()
        right.setSpacing(10)
        right.addWidget(self._plot, 3)
        right.addWidget(self._held_out)
        right.addWidget(self._emphasis)
        right.addWidget(self._notices, 1)
        columns = QHBoxLayout()
        columns.setSpacing(18)
        columns.addLayout(left, 17)
        columns.addLayout(right, 10)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        for widget in (self._heading, self._phase, self._bar, self._times):
            column.addWidget(widget)
        column.addLayout(columns, 1)
