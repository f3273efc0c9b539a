"""DropControl: files that are let fall on the window, and pictures that are opened - what will happen, and what did.

Invariant: while something is dragged over the window, the words on the picture are what letting go does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from stylecam.gui.source_control import VIDEO_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stylecam.gui.main_window import MainWindow
    from stylecam.gui.record_control import RecordControl
    from stylecam.gui.session import Session
    from stylecam.gui.source_control import SourceControl
    from stylecam.gui.stills import Stills
    from stylecam.gui.style_control import StyleControl
    from stylecam.gui.training.control import TrainingControl

__all__ = ["DropControl", "Dropped", "sort_files"]

_STYLE_SUFFIXES: Final = frozenset((".safetensors", ".pth", ".pt", ".model"))


@dataclass(frozen=True, slots=True)
class Dropped:
    """Files by what can be done with them."""

    videos: tuple[Path, ...]
    """None or one: the first."""
    pictures: tuple[Path, ...]
    styles: tuple[Path, ...]
    others: tuple[Path, ...]
    """What cannot be opened, further videos among them."""


def sort_files(paths: Sequence[Path]) -> Dropped:
    """Each by its ending; a folder is none of them, whatever it is called."""
    from stylecam.pictures import PICTURE_SUFFIXES

    def of(suffixes: frozenset[str]) -> tuple[Path, ...]:
        return tuple(path for path in paths if path.suffix.lower() in suffixes and path.is_file())

    videos, pictures, styles = of(VIDEO_SUFFIXES)[:1], of(PICTURE_SUFFIXES), of(_STYLE_SUFFIXES)
    return Dropped(videos, pictures, styles, tuple(path for path in paths if path not in (*videos, *pictures, *styles)))


class DropControl(QObject):
    """Wires what is dropped, and "Open a picture"."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        sources: SourceControl,
        styles: StyleControl,
        stills: Stills,
        training: TrainingControl,
        recordings: RecordControl,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._stills = window, session, stills
        self._sources, self._styles, self._training, self._recordings = sources, styles, training, recordings
        window.describe_drop = self.describe
        window.dropped.connect(self._on_dropped)
        window.actions_.open_picture.triggered.connect(self._on_open_picture)
        stills.picture_painted.connect(self._on_picture_painted)

    def open_picture(self, path: Path) -> None:
        """Paint this picture into the recordings folder, and show it being painted.

        What is being recorded, or seen by other programs, is not replaced by it.
        """
        seen = self._window.actions_.virtual_camera.isChecked()
        if self._session.recording_state() is None and not seen:
            self._sources.open(str(path))
        self._stills.paint_picture(path, self._recordings.folder)

    def describe(self, paths: Sequence[Path]) -> str:
        """What will happen to these files when they are let go, a line each."""
        found = sort_files(paths)
        lines = [self.tr("{name} is played").format(name=path.name) for path in found.videos]
        if found.pictures:
            learns = self._training_waits
            if learns:
                lines.append(self.tr("A style is learnt from {name}").format(name=found.pictures[0].name))
            painted = found.pictures[1:] if learns else found.pictures
            if len(painted) == 1:
                lines.append(self.tr("{name} is painted and saved").format(name=painted[0].name))
            elif painted:
                lines.append(self.tr("{count} pictures are painted and saved").format(count=len(painted)))
        lines += [self.tr("The style {name} is imported").format(name=path.name) for path in found.styles]
        return "\n".join(lines) or self.tr("Only videos, pictures (JPEG, PNG, WebP) and style files can be opened")

    @property
    def _training_waits(self) -> bool:
        """Whether the training's dialog takes the next picture."""
        dialog = self._training.dialog
        return dialog is not None and dialog.isVisible() and not dialog.busy

    def _on_dropped(self, paths: Sequence[Path]) -> None:
        """One video is opened, pictures are painted, styles are taken in; what is neither is said.

        While the training's dialog waits for a picture, the first one is what to learn from.
        """
        found = sort_files(paths)
        for video in found.videos:
            self._sources.open(str(video))
        pictures = found.pictures
        if pictures and self._training.take_picture(pictures[0]):
            pictures = pictures[1:]
        for at, picture in enumerate(pictures):
            if at or found.videos:
                self._stills.paint_picture(picture, self._recordings.folder)
            else:
                self.open_picture(picture)
        for style in found.styles:
            self._styles.ask_import(style)
        if found.others:
            names = ", ".join(f"“{path.name}”" for path in found.others)
            told = (
                self.tr("{names} was not opened. One video, pictures and style files can be dropped here.")
                if len(found.others) == 1
                else self.tr("{names} were not opened. One video, pictures and style files can be dropped here.")
            )
            self._window.banner.show_message(told.format(names=names), level="warning", timeout_s=12)

    def _on_open_picture(self) -> None:
        from stylecam.pictures import PICTURE_SUFFIXES

        suffixes = " ".join(f"*{suffix}" for suffix in sorted(PICTURE_SUFFIXES))
        path, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Open a picture"),
            "",
            self.tr("Pictures ({suffixes});;All files (*)").format(suffixes=suffixes),
        )
        if path:
            self.open_picture(Path(path))

    def _on_picture_painted(self, source: str, target: str) -> None:
        picture, painting = Path(source), Path(target)
        self._window.banner.show_message(
            self.tr("{name} was painted, and saved as {painting}.").format(name=picture.name, painting=painting.name),
            level="info",
            actions=[
                (self.tr("Show in folder"), lambda: self._window.show_folder(painting.parent)),
                (self.tr("Train a style of it…"), lambda: self._train(picture)),
            ],
        )

    def _train(self, picture: Path) -> None:
        """Ask for a training of this picture; one that goes on is shown instead."""
        self._training.train()
        if not self._training.take_picture(picture):
            self._window.banner.show_message(
                self.tr("One training at a time: {name} can be learnt from when this one has ended.").format(
                    name=picture.name
                ),
                level="info",
                timeout_s=10,
            )
