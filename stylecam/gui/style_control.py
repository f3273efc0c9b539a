"""StyleControl: the gallery's styles - read, chosen, tried, failed, imported, and shown with the present picture.

While a style is tried that is in no library, the gallery marks none, and the settings keep the one before.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog

from stylecam.gui.looks import TRIAL
from stylecam.gui.savedfiles import make_folder
from stylecam.stylename import style_name_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stylecam.frame import Image
    from stylecam.gui.looks import Look
    from stylecam.gui.main_window import MainWindow
    from stylecam.gui.session import Session
    from stylecam.gui.stills import Stills
    from stylecam.styles import Style

__all__ = ["StyleControl"]

_FIRST: Final = "candy"
"""What a first start paints with, if it is there."""
_NEXT_THUMBNAIL_MS: Final = 350
"""Between two live thumbnails: the gallery is fresh every few seconds, and the picture keeps its rate."""


class StyleControl(QObject):
    """Wires the styles. `begin` reads them and loads the first.

    Signals:
        trial_ended(): a style of the library paints again, whoever chose it.
    """

    trial_ended = Signal()

    def __init__(self, window: MainWindow, session: Session, stills: Stills) -> None:
        super().__init__(window)
        self._window, self._session, self._stills = window, session, stills
        self._look: Look | None = None
        """The last that came from the library: in place, or what there is to go back to while one is tried."""
        self._trial = ""
        """What paints on trial, in words; empty while it is a style of the library."""
        self._words = ("", "")
        """Of the style that was asked for last on trial: its name in a look, and in words."""
        self._said = ""
        """What the banner said last of the trial."""
        self._wanted = ""
        self._choose_when_loaded = ""
        self._live = QTimer(self, singleShot=True, interval=_NEXT_THUMBNAIL_MS)
        self._live.timeout.connect(self._on_next_thumbnail)
        self._last_live = ""
        self._hovered = ""
        actions, gallery = window.actions_, window.gallery
        session.styles_loaded.connect(self._on_styles_loaded)
        session.style_changed.connect(self._on_style_changed)
        session.style_failed.connect(self._on_style_failed)
        stills.thumbnail_painted.connect(self._on_thumbnail_painted)
        stills.imported.connect(self._on_imported)
        gallery.import_requested.connect(self.ask_import)
        gallery.live_pictures_toggled.connect(actions.live_pictures.setChecked)
        gallery.hovered.connect(self._on_hovered)
        actions.import_style.triggered.connect(lambda: self.ask_import())
        actions.styles_folder.triggered.connect(self._on_styles_folder)
        actions.live_pictures.toggled.connect(self._on_live_pictures)

    def begin(self, style: str) -> None:
        """Read the library, and load this style, or the first there is."""
        self._wanted = style
        self._session.load_styles()

    def shutdown(self) -> None:
        """Ask for no more thumbnails."""
        self._live.stop()

    def choose_when_loaded(self, name: str) -> None:
        """Read the library anew, and paint with this style, which has just come into it."""
        self._choose_when_loaded = name
        self._session.load_styles()

    def try_style(self, path: Path, words: str) -> None:
        """Paint with the style in this file, which is in no library; `words` say which it is: “x, step 400”."""
        self._words = (TRIAL + path.stem, words)
        self._session.try_style(path)

    def end_trial(self) -> None:
        """Go back to the style before, in the mix that is set; nothing if none is tried or another was chosen since."""
        wanted, names = self._session.wanted, self._window.gallery.names
        if wanted is None or not wanted[0].startswith(TRIAL):
            return
        before = self._look[0] if self._look else ""
        if names:
            self._window.choose_style(before if before in names else names[0])

    def ask_import(self, path: Path | None = None) -> None:
        """Take a style file or a checkpoint in, after asking which and under which name."""
        window = self._window
        if path is None:
            chosen, _ = QFileDialog.getOpenFileName(
                window,
                self.tr("Import a style"),
                "",
                self.tr("Styles and checkpoints (*.safetensors *.pth *.pt *.model);;All files (*)"),
            )
            if not chosen:
                return
            path = Path(chosen)
        name, accepted = QInputDialog.getText(
            window,
            self.tr("Import a style"),
            self.tr("Name of the style (a–z, 0–9, - and _):"),
            text=style_name_from(path.stem),
        )
        if accepted and name.strip():
            self._stills.import_style(path, name.strip())

    def _on_styles_loaded(self, styles: Sequence[Style], problems: Sequence[str]) -> None:
        window = self._window
        window.show_styles(list(styles))
        names = [style.name for style in styles]
        self._show_current()
        if self._choose_when_loaded in names:
            window.gallery.current = self._choose_when_loaded
            window.choose_style(self._choose_when_loaded)
            self._choose_when_loaded = ""
        elif self._look is None and not self._trial and names:
            wanted = self._wanted or window.settings.style
            name = wanted if wanted in names else _FIRST if _FIRST in names else names[0]
            if wanted and wanted not in names:
                window.banner.show_message(
                    self.tr("There is no style “{wanted}” any more, so this is {name}.").format(
                        wanted=wanted, name=name
                    ),
                    level="info",
                    timeout_s=10,
                )
            window.gallery.current = name
            window.choose_style(name)
        if problems:
            window.banner.show_message(
                self.tr("A style file cannot be used and was left out.")
                if len(problems) == 1
                else self.tr("{count} style files cannot be used and were left out.").format(count=len(problems)),
                level="warning",
                actions=[(self.tr("Show the folder"), self._on_styles_folder)],
                details="\n".join(problems),
            )

    def _on_style_changed(self, look: Look, description: str) -> None:
        window = self._window
        if look[0].startswith(TRIAL):
            self._trial = self._in_words(look[0])
            self._show_current()
            # The style's own name, which comes first, is the trial file's.
            how = description.partition(", ")[2] or description
            window.status.show_device(self.tr("Trying {what} – {how}").format(what=self._trial, how=how))
            self._say_trial()
            return
        was_trial, self._trial = bool(self._trial), ""
        self._look = look
        window.status.show_device(description)
        window.change(style=look[0])
        if was_trial:
            if window.gallery.current is None:  # else another was clicked meanwhile
                self._show_current()
            if window.banner.text == self._said:
                window.banner.hide_message()
            self.trial_ended.emit()

    def _in_words(self, name: str) -> str:
        known, words = self._words
        return words if name == known else name.removeprefix(TRIAL)

    def _show_current(self) -> None:
        """Mark in the gallery what paints."""
        if self._trial:
            self._window.gallery.current = None
        elif self._look is not None:
            self._window.show_look(self._look)

    def _say_trial(self) -> None:
        banner, before = self._window.banner, self._said
        self._said = self.tr("Trying {what}.").format(what=self._trial)
        if banner.reword(before, self._said):
            return
        back = self.tr("Back to {style}").format(style=self._look[0]) if self._look else self.tr("Back to the gallery")
        banner.show_message(self._said, level="info", actions=[(back, self.end_trial)])

    def _on_style_failed(self, look: Look, why: str) -> None:
        window = self._window
        self._show_current()
        window.banner.show_message(
            self.tr("“{name}” could not be loaded; the style before stays.").format(name=self._in_words(look[0]))
            if self._look or self._trial
            else self.tr("“{name}” could not be loaded.").format(name=self._in_words(look[0])),
            level="error",
            actions=[(self.tr("Show the styles folder"), self._on_styles_folder)],
            details=why,
        )

    def _on_imported(self, name: str) -> None:
        self.choose_when_loaded(name)
        self._window.banner.show_message(self.tr("“{name}” was imported.").format(name=name), level="info", timeout_s=6)

    def _on_styles_folder(self) -> None:
        from stylecam.styles import user_styles_folder

        self._window.show_folder(make_folder(user_styles_folder()))

    # The present picture in every style: one thumbnail at a time, the hovered style first.

    def _on_live_pictures(self, on: bool) -> None:
        self._window.change(live_pictures=on)
        self._window.gallery.live_pictures = on
        if on:
            self._live.start()
        elif not self._hovered:
            self._stop_live()

    def _on_hovered(self, name: str) -> None:
        self._hovered = name
        if name:
            self._live.start(0)
        elif not self._window.actions_.live_pictures.isChecked():
            self._stop_live()

    def _stop_live(self) -> None:
        self._live.stop()
        self._window.gallery.clear_live_pictures()

    def _on_next_thumbnail(self) -> None:
        painting, name = self._window.painting, self._next_thumbnail()
        if painting is not None and name:
            self._stills.paint_thumbnail(name, painting.source.image)
        elif self._wants_live():
            self._live.start()

    def _next_thumbnail(self) -> str:
        if self._hovered:
            return self._hovered
        names = self._window.gallery.names
        if not names:
            return ""
        after = names.index(self._last_live) + 1 if self._last_live in names else 0
        self._last_live = names[after % len(names)]
        return self._last_live

    def _wants_live(self) -> bool:
        return bool(self._hovered) or self._window.actions_.live_pictures.isChecked()

    def _on_thumbnail_painted(self, name: str, image: Image | None) -> None:
        if not self._wants_live():
            return
        if image is not None:
            self._window.gallery.set_live_picture(name, image)
        self._live.start()
