"""Stills: single pictures made beside the live one - snapshots, dropped pictures, and the gallery's live thumbnails."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from stylecam.errors import StylecamError
from stylecam.gui.savedfiles import make_folder, unused_path

if TYPE_CHECKING:
    from pathlib import Path

    from stylecam.devices import Device
    from stylecam.frame import Image
    from stylecam.gui.jobs import Jobs
    from stylecam.gui.session import Session
    from stylecam.styles import Style
    from stylecam.stylizer import Stylizer

__all__ = ["Stills"]

_THUMBNAIL: Final = (400, 300)
"""The size that live thumbnails are painted at; shown smaller, their strokes look as they do in the picture."""


class Stills(QObject):
    """Makes pictures as jobs; every method returns at once.

    Signals:
        saved(str): a snapshot lies there.
        picture_painted(str, str): a picture file, and where its painting lies.
        thumbnail_painted(str, Image): a style's name, and the present picture in it; the Image may be None.
        imported(str): a style of this name came into the user's folder.
    """

    saved = Signal(str)
    picture_painted = Signal(str, str)
    thumbnail_painted = Signal(str, object)
    imported = Signal(str)

    def __init__(self, jobs: Jobs, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._session = session
        self._painters: dict[str, tuple[tuple[Style, Device, bool], Stylizer]] = {}
        """By a style's name: what each was made of, and what paints with it."""

    def save_snapshot(self, image: Image, size: tuple[int, int], folder: Path) -> None:
        """Write the picture, at this size, as a PNG named by date and time."""
        self._jobs.submit(lambda: self._save_snapshot(image, size, folder))

    def paint_picture(self, path: Path, folder: Path) -> None:
        """Paint a picture file as the preview is painted, at its own size, into this folder."""
        self._jobs.submit(lambda: self._paint_picture(path, folder))

    def import_style(self, path: Path, name: str) -> None:
        """Take a style file or a checkpoint into the user's folder; `imported` follows."""
        self._jobs.submit(lambda: self._import_style(path, name))

    def paint_thumbnail(self, name: str, image: Image) -> None:
        """The picture, small, in another style. Ask for one at a time, so that a click never waits for many."""
        self._jobs.submit(lambda: self._paint_thumbnail(name, image))

    def _save_snapshot(self, image: Image, size: tuple[int, int], folder: Path) -> None:
        from stylecam.compositing import resize
        from stylecam.pictures import Picture, write_picture

        path = unused_path(make_folder(folder) / f"stylecam {datetime.now():%Y-%m-%d %H.%M.%S}.png")
        write_picture(path, Picture(resize(image, size)))
        self._jobs.tell(self.saved, str(path))

    def _paint_picture(self, path: Path, folder: Path) -> None:
        from stylecam.pictures import stylize_picture

        stylizer = self._session.copy_of_stylizer()
        target = unused_path(make_folder(folder) / f"{path.stem} in {stylizer.style}.png")
        stylize_picture(path, target, stylizer)
        self._jobs.tell(self.picture_painted, str(path), str(target))

    def _import_style(self, path: Path, name: str) -> None:
        from stylecam.importers import import_checkpoint

        style = import_checkpoint(path, name=name)
        self._jobs.tell(self.imported, style.name)

    def _paint_thumbnail(self, name: str, image: Image) -> None:
        from stylecam.compositing import fit_within, resize

        height, width = image.shape[:2]
        painting: Image | None = None
        # A style may be damaged where only the painting looks; the others shall have their pictures all the same.
        with contextlib.suppress(StylecamError):
            painter = self._painter(name)
            if painter is not None:
                painting = painter(resize(image, fit_within((width, height), _THUMBNAIL, least=16)))
        self._jobs.tell(self.thumbnail_painted, name, painting)

    def _painter(self, name: str) -> Stylizer | None:
        """One for this style as it was read last, on the device that paints; None while there is none.

        Raises:
            StylecamError: it cannot be had.
        """
        from stylecam.stylizer import Stylizer

        library, running = self._session.library, self._session.stylizer
        if library is None or running is None or name not in library:
            return None
        parts = library[name], running.device, self._session.exact
        if name not in self._painters or self._painters[name][0] != parts:
            style, device, exact = parts
            self._painters = {kept: painter for kept, painter in self._painters.items() if kept in library}
            self._painters[name] = parts, Stylizer(style, device=device, quality="fast", exact=exact)
        return self._painters[name][1]
