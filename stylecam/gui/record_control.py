"""RecordControl: recordings, snapshots, the virtual camera, and recordings that a crash left unfinished."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from stylecam.errors import StylecamError
from stylecam.gui.icons import icon
from stylecam.gui.savedfiles import make_folder
from stylecam.gui.words import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stylecam.gui.jobs import Jobs
    from stylecam.gui.main_window import MainWindow
    from stylecam.gui.session import Session
    from stylecam.gui.stills import Stills
    from stylecam.recording import RecordingReport
    from stylecam.recovery import Unfinished

__all__ = ["RecordControl"]

_DEBOUNCE_S: Final = 0.5


class RecordControl(QObject):
    """Wires what is saved.

    Signals:
        unfinished_found(list[Unfinished]): recordings that were cut off.
        recovered(str): one of them plays again, there.
    """

    unfinished_found = Signal(object)
    recovered = Signal(str)

    def __init__(self, window: MainWindow, session: Session, stills: Stills, jobs: Jobs) -> None:
        super().__init__(window)
        self._window, self._session, self._stills, self._jobs = window, session, stills, jobs
        self._pressed_at = 0.0
        actions = window.actions_
        actions.record.triggered.connect(self._on_record)
        actions.snapshot.triggered.connect(self._on_snapshot)
        actions.recordings_folder.triggered.connect(self._on_folder)
        actions.virtual_camera.triggered.connect(session.set_virtual_camera)
        session.recording_started.connect(self._on_recording_started)
        session.recording_ended.connect(self._on_recording_ended)
        session.output_changed.connect(self._on_output_changed)
        stills.saved.connect(self._on_saved)
        self.unfinished_found.connect(self._on_unfinished)
        self.recovered.connect(self._on_saved)

    @property
    def folder(self) -> Path:
        """Where recordings and snapshots go."""
        return self._window.settings.recordings_path

    def record_to(self, path: Path) -> None:
        """Record into this very file, from the first picture on."""
        self._session.record_to(path)

    def look_for_unfinished(self) -> None:
        """Offer to recover what a crash left behind."""
        folder = self.folder

        def look() -> None:
            from stylecam.recovery import find_unfinished

            found = find_unfinished([folder]) if folder.is_dir() else []
            if found:
                self._jobs.tell(self.unfinished_found, found)

        self._jobs.submit(look)

    def _on_record(self, on: bool) -> None:
        action = self._window.actions_.record
        now = time.monotonic()
        if now - self._pressed_at < _DEBOUNCE_S:  # a double click, or a key that bounced
            action.setChecked(not on)
            return
        self._pressed_at = now
        if on and self._window.painting is None:
            action.setChecked(False)
            self._window.banner.show_message(self.tr("There is no picture to record yet."), level="info", timeout_s=6)
        elif on:
            self._session.record(self.folder)
        else:
            self._session.stop_recording()

    def _on_recording_started(self, path: str) -> None:
        self._window.actions_.record.setChecked(True)
        self._window.actions_.record.setText(self.tr("Stop &recording"))
        self._window.actions_.record.setIcon(icon("stop"))
        self._window.preview.recording = True

    def _on_recording_ended(self, report: RecordingReport) -> None:
        window = self._window
        window.actions_.record.setChecked(False)
        window.actions_.record.setText(self.tr("&Record"))
        window.actions_.record.setIcon(icon("record"))
        window.preview.recording = False
        if report.error is not None and report.path is None:
            known = isinstance(report.error, StylecamError)
            window.banner.show_message(
                sentence(str(report.error))
                if known
                else self.tr("The recording stopped because of a bug in stylecam."),
                level="error",
                actions=[(self.tr("Show the folder"), self._on_folder)],
                details="" if known else repr(report.error),
            )
        elif report.path is not None:
            text = self.tr("Recording saved as {name}.").format(name=report.path.name)
            if report.error is not None:
                text = f"{sentence(str(report.error))} {text}"
            if report.dropped:
                text += " " + self.tr("{count} pictures were left out: the encoder was too slow for them.").format(
                    count=report.dropped
                )
            window.banner.show_message(
                text,
                level="info" if report.error is None else "warning",
                actions=[(self.tr("Show in folder"), self._on_folder)],
                timeout_s=None if report.error else 15,
            )

    def _on_snapshot(self) -> None:
        painting = self._window.painting
        if painting is not None:
            self._stills.save_snapshot(painting.frame.image, painting.source.size, self.folder)

    def _on_saved(self, path: str) -> None:
        self._window.banner.show_message(
            self.tr("Saved as {name}.").format(name=Path(path).name),
            level="info",
            actions=[(self.tr("Show in folder"), lambda: self._window.show_folder(Path(path).parent))],
            timeout_s=8,
        )

    def _on_folder(self) -> None:
        try:
            self._window.show_folder(make_folder(self.folder))
        except StylecamError as error:
            self._window.banner.show_message(sentence(str(error)), level="error")

    def _on_output_changed(self, on: bool, text: str) -> None:
        self._window.actions_.virtual_camera.setChecked(on)
        if on:
            self._window.banner.show_message(
                self.tr("Other programs see the painting as the camera “{name}”.").format(name=text),
                level="info",
                timeout_s=10,
            )
        elif text:
            self._window.banner.show_message(sentence(text), level="error")

    def _on_unfinished(self, found: Sequence[Unfinished]) -> None:
        first = found[0]
        when = first.modified.strftime("%Y-%m-%d %H:%M")
        if first.seconds > 0:
            text = self.tr("A recording of {when} was cut off; {seconds} seconds of it can be kept.").format(
                when=when, seconds=f"{first.seconds:.0f}"
            )
            keep = [(self.tr("Recover"), lambda: self._recover(first))]
        else:
            text = self.tr("A recording of {when} was cut off before anything of it was saved.").format(when=when)
            keep = []
        self._window.banner.show_message(
            text,
            level="warning",
            actions=[
                *keep,
                (self.tr("Show in folder"), lambda: self._window.show_folder(first.path.parent)),
                (self.tr("Delete"), lambda: self._discard(first)),
            ],
        )

    def _recover(self, unfinished: Unfinished) -> None:
        self._window.banner.hide_message()

        def work() -> None:
            from stylecam.recovery import recover

            self._jobs.tell(self.recovered, str(recover(unfinished)))

        self._jobs.submit(work)

    def _discard(self, unfinished: Unfinished) -> None:
        self._window.banner.hide_message()

        def work() -> None:
            from stylecam.recovery import discard

            discard(unfinished)

        self._jobs.submit(work)
        self.look_for_unfinished()
