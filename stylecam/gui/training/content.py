"""ContentChoice: what the network learns to paint - bundled photographs, a folder, a video, or the camera.

The pictures themselves are read by the trainer; here they are counted, and a video is opened, beside the window.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QButtonGroup, QFileDialog, QGridLayout, QRadioButton, QWidget

from stylecam.gui.training.parts import faint, push_button
from stylecam.gui.words import clock, sentence

if TYPE_CHECKING:
    from PySide6.QtWidgets import QLabel, QPushButton

    from stylecam.gui.background import Background

__all__ = ["ENOUGH", "FEWEST", "ContentChoice", "count_pictures"]

FEWEST: Final = 8
"""With fewer photographs the trainer does not begin."""
ENOUGH: Final = 16
"""With fewer a network begins to learn the photographs instead of the painting."""
_COUNTED: Final = 5000
_LOOKED_AT: Final = 200_000
"""Of a whole drive, chosen by mistake, no more is looked through."""
_KINDS: Final = ("bundled", "folder", "video", "camera")


class ContentChoice(QWidget):
    """Four ways, one chosen.

    Signals:
        changed(): `value` or `problem` may be another.
    """

    changed = Signal()

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._folder: Path | None = None
        self._video: Path | None = None
        self._video_problem: str | None = ""
        """Why it cannot be learned on; None until it was opened."""
        self._video_length: float | None = None
        """In seconds; None where the file does not tell."""
        self._count: int | None = None
        """Of the pictures in the folder; None until counted."""
        self._has_camera = False
        words = {
            "bundled": self.tr("Bundled &photographs"),
            "folder": self.tr("A folder with photographs"),
            "video": self.tr("Frames of a video"),
            "camera": self.tr("Half a minute of &my camera"),
        }
        self._radios: dict[str, QRadioButton] = {}
        self._notes: dict[str, QLabel] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        group = QButtonGroup(self)
        for row, kind in enumerate(_KINDS):
            radio = QRadioButton(words[kind], self)
            radio.setAccessibleName(words[kind].replace("&", ""))
            radio.toggled.connect(self._on_toggled)
            note = faint(self)
            note.setContentsMargins(26, 0, 0, 4)
            group.addButton(radio)
            self._grid.addWidget(radio, 2 * row, 0)
            self._grid.addWidget(note, 2 * row + 1, 0, 1, 2)
            self._radios[kind], self._notes[kind] = radio, note
        self._choose_folder = self._chooser("folder", self.tr("Choose a folder with photographs"))
        self._choose_video = self._chooser("video", self.tr("Choose a video"))
        self._choose_folder.clicked.connect(self._on_choose_folder)
        self._choose_video.clicked.connect(self._on_choose_video)
        self._radios["bundled"].setChecked(True)

    @property
    def kind(self) -> str:
        """One of "bundled", "folder", "video" and "camera"."""
        return next(kind for kind, radio in self._radios.items() if radio.isChecked())

    @property
    def value(self) -> str:
        """As `TrainRequest.content` has it; empty while nothing is chosen."""
        kind = self.kind
        if kind in ("bundled", "camera"):
            return kind
        path = self._folder if kind == "folder" else self._video
        return str(path) if path is not None else ""

    @property
    def problem(self) -> str:
        """Why it cannot be learned on; empty if it can."""
        kind = self.kind
        if kind == "folder":
            if self._folder is None:
                return self.tr("Choose the folder with the photographs.")
            if self._count is None:
                return self.tr("The photographs are being counted…")
            if self._count < FEWEST:
                return self.tr("The folder has {n} pictures; {least} or more are needed.").format(
                    n=self._count, least=FEWEST
                )
        elif kind == "video":
            if self._video is None:
                return self.tr("Choose the video.")
            if not self._video.is_file():
                return self.tr("The video {name} is not there any more.").format(name=self._video.name)
            if self._video_problem is None:
                return self.tr("The video is being opened…")
            return self._video_problem
        elif kind == "camera" and not self._has_camera:
            return self.tr("There is no picture of a camera now: open one in the window first.")
        return ""

    def choose(self, kind: str) -> None:
        """Choose one of the four ways."""
        self._radios[kind].setChecked(True)

    def choose_folder(self, folder: Path) -> None:
        """Learn on the pictures in this folder and those below it."""
        self._folder, self._count = folder, None
        self._radios["folder"].setChecked(True)
        self._background.ask("count", lambda: count_pictures(folder), self._on_counted, otherwise=self._on_not_counted)
        self._tell()

    def choose_video(self, path: Path) -> None:
        """Learn on frames of this video; it is opened, to see whether there are any."""
        self._video, self._video_problem, self._video_length = path, None, None
        self._radios["video"].setChecked(True)
        self._background.ask("video", lambda: _length_of(path), self._on_opened, otherwise=self._on_not_opened)
        self._tell()

    def set_camera_there(self, there: bool) -> None:
        """Whether the window has a picture of a camera now."""
        if there != self._has_camera:
            self._has_camera = there
            self._tell()

    def _chooser(self, kind: str, name: str) -> QPushButton:
        button = push_button(self, self.tr("Choose…"))
        button.setAccessibleName(name)
        self._grid.addWidget(button, 2 * _KINDS.index(kind), 1)
        self.setTabOrder(self._radios[kind], button)
        return button

    def _on_toggled(self, on: bool) -> None:
        if on:
            self._tell()

    def _on_choose_folder(self) -> None:
        start = str(self._folder or "")
        chosen = QFileDialog.getExistingDirectory(self, self.tr("A folder with photographs to learn on"), start)
        if chosen:
            self.choose_folder(Path(chosen))

    def _on_choose_video(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("A video to learn on"),
            str(self._video or ""),
            self.tr("Videos (*.mp4 *.m4v *.mov *.mkv *.avi *.webm);;All files (*)"),
        )
        if chosen:
            self.choose_video(Path(chosen))

    def _on_counted(self, count: int) -> None:
        self._count = count
        self._tell()

    def _on_not_counted(self, text: str) -> None:
        self._on_counted(0)
        self._notes["folder"].setText(text)

    def _on_opened(self, length: float | None) -> None:
        self._video_problem, self._video_length = "", length
        self._tell()

    def _on_not_opened(self, text: str) -> None:
        self._video_problem = sentence(text)
        self._tell()

    def _tell(self) -> None:
        """Explain the one that is chosen; of the others, what was chosen for them."""
        kind = self.kind
        notes = {
            "bundled": self.tr("A few photographs that come with stylecam; nothing has to be found."),
            "folder": self._folder_text(),
            "video": self._video_text(),
            "camera": self.tr(
                "Move, and let the room be seen. The pictures stay in the training's folder on this computer."
            ),
        }
        known = {"folder": self._folder is not None, "video": self._video is not None}
        for name, note in self._notes.items():
            note.setText(notes[name])
            note.setVisible(name == kind or known.get(name, False))
        self.changed.emit()

    def _video_text(self) -> str:
        if self._video is None:
            return self.tr("Best is what the style is meant for.")
        if self._video_problem is None:
            return self.tr("{name}: being opened…").format(name=self._video.name)
        if self._video_problem:
            return self.tr("{name}: cannot be used").format(name=self._video.name)
        if self._video_length is None:
            return self._video.name
        return self.tr("{name}: {time}").format(name=self._video.name, time=clock(self._video_length))

    def _folder_text(self) -> str:
        if self._folder is None:
            return self.tr("{n} or more, of all kinds; those that cannot serve are named.").format(n=ENOUGH)
        if self._count is None:
            return self.tr("{name}: counting…").format(name=self._folder.name)
        if self._count < FEWEST:
            told = self.tr("{name}: {n} pictures are too few; {least} or more are needed.")
        elif self._count < ENOUGH:
            told = self.tr("{name}: {n} pictures. That is few: with {enough} or more it learns less by heart.")
        elif self._count >= _COUNTED:
            told = self.tr("{name}: more than {n} pictures")
        else:
            told = self.tr("{name}: {n} pictures")
        return told.format(name=self._folder.name, n=self._count, least=FEWEST, enough=ENOUGH)


def _length_of(path: Path) -> float | None:
    """How long the video is, in seconds, if it tells; its first picture is decoded for that.

    Raises:
        SourceOpenError: it cannot be opened, or there is no picture in it.
    """
    from stylecam.probe import probe_video

    return probe_video(path).duration


def count_pictures(folder: Path) -> int:
    """How many JPEG, PNG and WebP files lie in the folder and below it, up to 5000; none is opened.

    Raises:
        SourceOpenError: there is no such folder, or it may not be read.
    """
    from stylecam.errors import SourceOpenError
    from stylecam.pictures import PICTURE_SUFFIXES

    def refuse(error: OSError) -> None:
        if error.filename is None or Path(error.filename) == folder:
            told = QCoreApplication.translate("ContentChoice", "The folder cannot be read ({reason}).")
            raise SourceOpenError(told.format(reason=error.strerror)) from error

    names = (name for _, _, files in os.walk(folder, onerror=refuse) for name in files)
    found = (1 for name in itertools.islice(names, _LOOKED_AT) if Path(name).suffix.lower() in PICTURE_SUFFIXES)
    return sum(itertools.islice(found, _COUNTED))
