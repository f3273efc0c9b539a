"""ExportControl: the video that plays, painted into a file by the very engine of `stylecam video`."""

from __future__ import annotations

import itertools
import os
import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from stylecam.bundled import bundled_path
from stylecam.gui.background import Background
from stylecam.gui.export_dialog import ExportDialog
from stylecam.gui.looks import TRIAL
from stylecam.gui.savedfiles import unused_path
from stylecam.videofiles import CONTAINERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stylecam.encoders import Encoder
    from stylecam.gui.main_window import MainWindow
    from stylecam.gui.session import Session
    from stylecam.gui.source_control import SourceControl
    from stylecam.pipeline import Progress, VideoReport

__all__ = ["ExportControl"]


class ExportControl(QObject):
    """Opens export dialogs and ends them with the window."""

    def __init__(self, window: MainWindow, session: Session, sources: SourceControl) -> None:
        super().__init__(window)
        self._window, self._session, self._sources = window, session, sources
        self.dialogs: list[ExportDialog] = []
        # In threads of their own: where a driver hangs, a trial takes half a minute, and styles shall not wait for it.
        self._background = Background(self)
        self._numbers = itertools.count()
        self._ended = threading.Event()
        window.actions_.export.triggered.connect(self.export)

    def export(self) -> None:
        """Ask where to, and paint the video that plays with what the preview is painted with now."""
        video = self._sources.video
        if video is None:
            return
        style = self._session.look[0].removeprefix(TRIAL) if self._session.look else "painted"
        suffix = video.suffix.lower() if video.suffix.lower() in CONTAINERS else ".mp4"
        # The sample clip lies among the program's own files, where nobody would look for a video of theirs.
        beside = video != bundled_path("demo.mp4") and os.access(video.parent, os.W_OK)
        folder = video.parent if beside else self._window.settings.recordings_path
        suggestion = unused_path(folder / f"{video.stem} in {style}{suffix}")
        steadiness = self._window.settings.steadiness

        def run(
            output: Path, force: bool, encoder: str, on_progress: Callable[[Progress], None], stop: threading.Event
        ) -> VideoReport:
            """In the dialog's thread."""
            from stylecam.pipeline import stylize_video

            stylizer = self._session.copy_of_stylizer()
            return stylize_video(
                video,
                output,
                stylizer,
                steadiness=steadiness,
                force=force,
                encoder=encoder,
                on_progress=on_progress,
                stop=stop,
            )

        def offer(encoder: Encoder | None) -> None:
            if encoder is not None:
                dialog.offer_hardware(encoder.name, encoder.title)

        dialog = ExportDialog(video, suggestion, run, self._window)
        self.dialogs = [other for other in self.dialogs if other.isVisible()]
        self.dialogs.append(dialog)
        dialog.show()
        self._background.ask(f"encoders-{next(self._numbers)}", lambda: self._find_encoder(video), offer)

    def shutdown(self) -> None:
        """Finish running exports with what is there."""
        self._ended.set()
        for dialog in self.dialogs:
            dialog.shutdown()
        self._background.shut()

    def _find_encoder(self, video: Path) -> Encoder | None:
        """One in hardware that works for this video; in a thread."""
        from stylecam.encoders import first_working_encoder
        from stylecam.probe import probe_video

        return first_working_encoder(probe_video(video).size, stop=self._ended)
