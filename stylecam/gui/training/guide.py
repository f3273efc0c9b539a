"""RunGuide: what a person wishes of a training, step by step: a pause, an end with a style, an older one, none at all.

Invariant: one wish for an end at a time; whatever way the run ends after it, exactly one of `finished`, `failed`,
`cancelled` and `interrupted` is sent.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal

from stylecam.errors import TrainError
from stylecam.gui.training.command import TrainerCommand
from stylecam.gui.words import sentence
from stylecam.runs import delete_run
from stylecam.styles import style_path, user_styles_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from stylecam.frame import Image
    from stylecam.gui.background import Background
    from stylecam.gui.training.process import TrainingRun

__all__ = ["Aim", "RunGuide"]

Aim: TypeAlias = Literal["", "keep", "export", "stop", "cancel"]
"""How a run is being ended; `export`: with the style of a preview; `stop`: with none, to go on some other day."""

_STILL_EVERY_MS: Final = 20_000
_STILL_LONGEST: Final = 640
_DELETE_TRIES: Final = 50
_DELETE_AGAIN_S: Final = 0.1


class RunGuide(QObject):
    """Guides one run after the other.

    Signals:
        event_read(dict): an event of the run, or of the command that makes a style of a preview.
        waiting(str): what was asked for and has not happened yet; empty: it has.
        making(str): the run has ended, and what is being made of it now.
        interrupted(Path | None, str): the run ended for the style of a preview, and is to be taken up again now; the
            style, or why there is none.
        finished(Path): the style is there.
        failed(str): the run ended without one, and why.
        cancelled(str): it ended because it was cancelled; what a person should know of that.
    """

    event_read = Signal(object)
    waiting = Signal(str)
    making = Signal(str)
    interrupted = Signal(object, str)
    finished = Signal(object)
    failed = Signal(str)
    cancelled = Signal(str)

    def __init__(
        self, still: Callable[[], Image | None], background: Background, parent: QObject | None = None
    ) -> None:
        """Prepare.

        Args:
            still: the camera's picture of now, for the previews; H×W×3 uint8 RGB.
            background: writes and deletes.
            parent: the owner.
        """
        super().__init__(parent)
        self._still, self._background = still, background
        self._run: TrainingRun | None = None
        self._name = ""
        self._aim: Aim = ""
        self._chosen = ("", 0)
        self._goes_on = False
        """Whether the run is to be taken up again when the style of a preview is made."""
        self._exported = ""
        self._stays = ""
        """What the trainer says of a cancel that could not undo everything."""
        self._export = TrainerCommand(self)
        self._export.said.connect(self._on_said)
        self._export.ended.connect(self._on_exported)
        self._still_timer = QTimer(self, interval=_STILL_EVERY_MS)
        self._still_timer.timeout.connect(self._write_still)

    @property
    def run(self) -> TrainingRun | None:
        """What is followed, or was last."""
        return self._run

    @property
    def aim(self) -> Aim:
        """How the run is being ended; empty while it is not."""
        return self._aim

    @property
    def wants_pause(self) -> bool:
        """Whether the run was told to pause, and has or will."""
        return self._run is not None and self._run.control.state == "pause"

    def follow(self, run: TrainingRun, name: str) -> None:
        """Guide this run, which makes the style of this name; the one before is let go of.

        A run that was told to keep, by whichever window, ends so.
        """
        self.forget()
        self._run, self._name = run, name
        self._aim = "keep" if run.control.state == "keep" else ""
        run.event_read.connect(self._on_event)
        run.ended.connect(self._on_ended)
        if self._aim:
            self._tell_keeping()
        self._still_timer.start()
        self._write_still()

    def forget(self) -> None:
        """Follow it no longer; the trainer lives on."""
        self._export.stop()
        self._still_timer.stop()
        run, self._run = self._run, None
        if run is not None:
            run.event_read.disconnect(self._on_event)
            run.ended.disconnect(self._on_ended)
            run.detach()
            if run.parent() is self.parent():
                run.deleteLater()

    def pause_or_go_on(self) -> None:
        """Pause; or go on, if it has paused or is about to."""
        if self._run is None or self._aim:
            return
        if self.wants_pause:
            self._run.go_on()
            self.waiting.emit("")
        else:
            self._run.pause()
            self.waiting.emit(self.tr("Pausing, when this step is done…"))

    def keep(self) -> None:
        """End, with the style as it is now."""
        if self._run is not None and not self._aim:
            self._aim = "keep"
            self._run.keep()
            self._tell_keeping()

    def use(self, variant: str, step: int, *, go_on: bool) -> None:
        """Make the style as this network painted at this step. For that its trainer has to let go of the run.

        With `go_on`, `interrupted` follows; else the run ends so.
        """
        if self._run is not None and not self._aim:
            self._aim, self._chosen, self._goes_on = "export", (variant, step), go_on
            told = self.tr("Stopping; then the style is made as it was at step {n}…")
            if go_on:
                told = self.tr("Interrupting the training; then the style is made as it was at step {n}…")
            self.waiting.emit(told.format(n=f"{step:,}"))
            self._run.stop()

    def stop(self) -> None:
        """End without a style; it can go on later. One that is interrupted for a preview is not taken up again."""
        self._goes_on = False
        if self._run is not None and self._run.running and self._aim in ("", "keep"):
            self._aim = "stop"
            self.waiting.emit(self.tr("Stopping, as soon as what is being done is saved…"))
            self._run.stop()

    def cancel(self) -> None:
        """End, and delete the run."""
        if self._run is None or self._aim == "cancel":
            return
        self._export.stop()
        self._still_timer.stop()
        self._aim, self._stays = "cancel", ""
        self.waiting.emit(self.tr("Cancelling…"))
        if self._run.running:
            self._run.cancel()
        else:
            self._delete(self._run.folder)

    def set_emphasis(self, style: float, content: float, steady: float) -> None:
        """Factors from the next step on."""
        if self._run is not None:
            self._run.set_emphasis(style, content, steady)

    def _on_event(self, event: dict[str, Any]) -> None:
        if event.get("event") == "paused" and self._aim in ("", "stop"):
            self._aim = ""  # of a trainer that can only be paused, this is the stop
            self.waiting.emit("")
        elif event.get("event") == "notice" and self._aim == "cancel":
            self._stays = sentence(str(event.get("text", "")))
        self.event_read.emit(event)

    def _on_ended(self, done: bool, text: str) -> None:
        self._still_timer.stop()
        if self._run is None:
            return
        if done:  # also where it was quicker than the wish to end it otherwise
            self._aim = ""
            self.finished.emit(Path(text))
        elif self._aim == "cancel":
            self._delete(self._run.folder)
        elif self._aim == "export":
            variant, step = self._chosen
            self.making.emit(
                self.tr("The style is being made and measured as it was at step {n}…").format(n=f"{step:,}")
            )
            self._exported = ""
            self._export.start(["export", str(self._run.folder), "--variant", variant, "--step", str(step)])
        else:
            self._aim = ""
            self.failed.emit(text)

    def _on_said(self, event: dict[str, Any]) -> None:
        if isinstance(event.get("path"), str) and event.get("event") == "exported":
            self._exported = event["path"]
        self.event_read.emit(event)

    def _on_exported(self, done: bool, text: str) -> None:
        self._aim = ""
        path = Path(self._exported) if self._exported else style_path(self._name, user_styles_folder())
        if self._goes_on:
            self.interrupted.emit(path if done else None, text)
        elif done:
            self.finished.emit(path)
        else:
            self.failed.emit(text)

    def _tell_keeping(self) -> None:
        self.waiting.emit(self.tr("The training ends here; the style is being made and measured…"))

    def _write_still(self) -> None:
        """Give the previews the camera's picture of now."""
        run, still = self._run, self._still()
        if run is None or still is None or self._aim == "cancel":
            return
        folder = run.folder

        def write() -> None:
            from stylecam.pictures import Picture, resized, write_picture

            if folder.is_dir():
                write_picture(folder / "still.jpg", Picture(resized(still, longest=_STILL_LONGEST)), force=True)

        # One that cannot be written is no loss: the previews show the photographs.
        self._background.ask("still", write, lambda _: None)

    def _delete(self, folder: Path) -> None:
        def work() -> None:
            for left in reversed(range(_DELETE_TRIES)):
                try:
                    delete_run(folder)
                except TrainError:  # its trainer is ending
                    if not left:
                        raise
                    time.sleep(_DELETE_AGAIN_S)
                else:
                    return

        def end(text: str) -> None:
            self._aim = ""
            self.cancelled.emit(f"{text} {self._stays}".rstrip())

        self._background.ask(
            "delete",
            work,
            lambda _: end(self.tr("The training was cancelled, and what it made is deleted.")),
            otherwise=lambda why: end(
                self.tr("The training was cancelled, but not all of it was deleted: {why}").format(why=why)
            ),
        )
