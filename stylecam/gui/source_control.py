"""SourceControl: cameras, videos and the test pattern - chosen, opened, lost, found again - and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFileDialog, QInputDialog

from stylecam.bundled import bundled_path
from stylecam.gui.source_bar import TEST_PATTERN
from stylecam.gui.words import sentence
from stylecam.livesource import PROBLEM_TEXTS, Problem, SourceState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stylecam.cameras import CameraInfo
    from stylecam.gui.main_window import MainWindow
    from stylecam.gui.session import Session
    from stylecam.livesource import LiveSource, SourceStatus
    from stylecam.playback import PacedClip

__all__ = ["VIDEO_SUFFIXES", "SourceControl"]

VIDEO_SUFFIXES: Final = frozenset(
    (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp")
)
_ANY_CAMERA: Final = "camera"
_RECENT: Final = 10


class SourceControl(QObject):
    """Wires the sources. `begin` opens the first one."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._source: LiveSource | None = None
        self._spec = ""
        self._said = ""
        self._missed = ""
        """Why the first source cannot be had, until what takes its place is known: it is said together with that."""
        self._wanted = _ANY_CAMERA
        self._cameras = QActionGroup(self)
        self._clip: PacedClip | None = None
        """The source, if it is a video file."""
        actions = window.actions_
        actions.open_video.triggered.connect(self._on_open_video)
        actions.test_pattern.triggered.connect(lambda: self.open(TEST_PATTERN))
        actions.network_camera.triggered.connect(self._on_network_camera)
        actions.refresh_cameras.triggered.connect(session.list_cameras)
        actions.pause.toggled.connect(self._on_pause)
        self._cameras.triggered.connect(lambda action: self.open(str(action.data())))
        window.source_bar.source_chosen.connect(self.open)
        session.cameras_listed.connect(self._on_cameras_listed)
        session.source_opened.connect(self._on_source_opened)
        session.source_failed.connect(self._on_source_failed)
        session.source_status.connect(self._on_source_status)
        self._fill_menu([])
        self._show_kind()

    @property
    def video(self) -> Path | None:
        """The file that is playing, if it is one."""
        return self._clip.path if self._clip else None

    def begin(self, spec: str) -> None:
        """Open the first source: as asked for, or the first camera there is, or the sample clip."""
        self._wanted = spec
        self._window.preview.clear(self.tr("Looking for a camera…") if spec == _ANY_CAMERA else "")
        if spec == _ANY_CAMERA:
            self._session.list_cameras()
        else:
            self.open(spec)
            self._session.list_cameras()

    def open(self, spec: str) -> None:
        """Show this source, as soon as it opens."""
        self._wanted = ""
        self._session.open(spec)

    def _on_cameras_listed(self, cameras: Sequence[CameraInfo]) -> None:
        self._window.source_bar.show_cameras(cameras)
        self._fill_menu(cameras)
        if self._wanted != _ANY_CAMERA:
            return
        self._wanted = ""
        missed, self._missed = self._missed, ""
        # Not by _say: that another source runs is no reason to take this back.
        if cameras:
            self.open(f"camera:{cameras[0].id}")
            if missed:
                self._window.banner.show_message(
                    self.tr("{why} So this is {camera}.").format(why=missed, camera=cameras[0].name),
                    level="warning",
                    actions=[(self.tr("Choose another…"), self._window.source_bar.show_list)],
                )
            return
        self._session.open(str(bundled_path("demo.mp4")))
        self._window.banner.show_message(
            self.tr("{why} No camera was found either, so this is the sample clip.").format(why=missed)
            if missed
            else self.tr("No camera was found, so this is the sample clip. Plug a camera in, or open a video."),
            level="warning" if missed else "info",
            actions=[
                (self.tr("Look again"), self._look_again),
                (self.tr("Open a video…"), self._on_open_video),
            ],
        )

    def _look_again(self) -> None:
        self._wanted = _ANY_CAMERA
        self._session.list_cameras()

    def _fill_menu(self, cameras: Sequence[CameraInfo]) -> None:
        actions, menu = self._window.actions_, self._window.actions_.cameras
        for action in self._cameras.actions():
            self._cameras.removeAction(action)
            action.deleteLater()
        menu.clear()
        for camera in cameras:
            action = QAction(camera.name.replace("&", "&&"), self, checkable=True)
            action.setData(f"camera:{camera.id}")
            action.setChecked(action.data() == self._spec)
            self._cameras.addAction(action)
            menu.addAction(action)
        if not cameras:
            nothing = menu.addAction(self.tr("No camera found"))
            nothing.setEnabled(False)
        menu.addSeparator()
        for entry in (actions.test_pattern, actions.network_camera, actions.refresh_cameras):
            menu.addAction(entry)
        menu.addSeparator()
        for entry in (actions.mirror, actions.pause):
            menu.addAction(entry)

    def _on_open_video(self) -> None:
        recent = self._window.settings.recent
        folder = str(Path(recent[0]).parent) if recent else ""
        suffixes = " ".join(f"*{suffix}" for suffix in sorted(VIDEO_SUFFIXES))
        path, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Open a video"),
            folder,
            self.tr("Videos ({suffixes});;All files (*)").format(suffixes=suffixes),
        )
        if path:
            self.open(path)

    def _on_network_camera(self) -> None:
        address, accepted = QInputDialog.getText(
            self._window,
            self.tr("Network camera"),
            self.tr("Address of the camera (rtsp://… or http://…, as its app shows it):"),
            text="http://",
        )
        if accepted and address.strip() not in ("", "http://"):
            self.open(address.strip())

    def _on_source_opened(self, source: LiveSource, spec: str) -> None:
        from stylecam.playback import PacedClip
        from stylecam.stillpicture import StillPicture

        self._source, self._spec = source, spec
        self._clip = source if isinstance(source, PacedClip) else None
        window = self._window
        window.source_bar.select(spec, source.name)
        window.setWindowTitle(f"{source.name} — stylecam")
        if isinstance(source, StillPicture):
            self._unsay()  # the next start is not for this one again
        elif self._clip is None:
            window.change(source=spec)
            self._unsay()
        elif self._clip.path != bundled_path("demo.mp4"):
            recent = [spec, *(path for path in window.settings.recent if path != spec)]
            window.change(source=spec, recent=tuple(recent[:_RECENT]))
        for action in self._cameras.actions():
            action.setChecked(action.data() == self._spec)
        self._show_kind()

    def _show_kind(self) -> None:
        """What makes sense for a file only can be chosen for a file only."""
        actions = self._window.actions_
        actions.pause.setEnabled(self._clip is not None)
        actions.pause.setChecked(False)
        actions.export.setEnabled(self._clip is not None)

    def _on_source_failed(self, spec: str, why: str) -> None:
        if self._source is None:
            self._window.preview.clear(self.tr("No picture"))
        else:
            self._window.source_bar.select(self._spec, self._source.name)
        self._say(sentence(why), "error", (self.tr("Choose another…"), self._window.source_bar.show_list))
        if self._source is None and spec != str(bundled_path("demo.mp4")):
            self._wanted, self._missed = _ANY_CAMERA, sentence(why)
            self._session.list_cameras()

    def _on_source_status(self, status: SourceStatus) -> None:
        window = self._window
        if status.problem is None:
            if status.state is SourceState.running:
                self._unsay()
            elif status.state is SourceState.opening and window.painting is None:
                window.preview.clear(self.tr("Starting {name}…").format(name=status.name))
            return
        text = QCoreApplication.translate("LiveSource", PROBLEM_TEXTS[status.problem]).format(name=status.name)
        if window.painting is None:
            window.preview.clear(self.tr("No picture yet"))
        self._say(
            text,
            "warning",
            (self.tr("Choose another…"), window.source_bar.show_list),
            details=status.detail,
        )
        if status.problem is Problem.missing:
            self._session.list_cameras()

    def _on_pause(self, paused: bool) -> None:
        if self._clip is not None:
            self._clip.paused = paused

    def _say(self, text: str, level: str, *actions: tuple[str, object], details: str = "") -> None:
        self._said = text
        self._window.banner.show_message(text, level=level, actions=actions, details=details)  # type: ignore[arg-type]

    def _unsay(self) -> None:
        """Take back what was said of a source, if it still stands there."""
        if self._said and self._window.banner.text == self._said:
            self._window.banner.hide_message()
        self._said = ""
