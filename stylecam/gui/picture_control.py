"""PictureControl: how the picture is painted - strength, steadiness, colours, mix, size, mirror, split - as it is set.

Invariant: each of these is set in one place, from which the widgets, the menu's checks, the session and the settings
have it, whichever of them a person has used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from stylecam.gui.main_window import MainWindow
    from stylecam.gui.session import Session

__all__ = ["PictureControl"]

_STEP: Final = 5
"""Percent of strength for each press of a key."""


class PictureControl(QObject):
    """Puts the window's settings in place, and wires what changes them."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._begin()
        controls, actions = window.controls, window.actions_
        controls.strength_changed.connect(self._on_strength)
        controls.steadiness_changed.connect(self._on_steadiness)
        controls.keep_colors_changed.connect(self._on_keep_colors)
        controls.mix_changed.connect(self._on_mix)
        controls.size_changed.connect(self._on_size)
        controls.mirror_changed.connect(self._on_mirror)
        actions.keep_colors.toggled.connect(self._on_keep_colors)
        actions.mirror.toggled.connect(self._on_mirror)
        actions.split.toggled.connect(self._on_split)
        actions.weaker.triggered.connect(lambda: self._step_strength(-_STEP))
        actions.stronger.triggered.connect(lambda: self._step_strength(_STEP))
        window.preview.split_moved.connect(lambda at: window.change(split_position=at))
        session.size_changed.connect(self._on_size_changed)

    def set_size(self, size: str) -> None:
        """Work at "auto", "native" or "WxH"."""
        if size == "auto":
            self._session.set_size(None, hold_fps=float(self._window.settings.fps))
        elif size == "native":
            self._session.set_size(None)
        else:
            width, height = size.split("x")
            self._session.set_size((int(width), int(height)))

    def _begin(self) -> None:
        window, session = self._window, self._session
        settings, controls, actions, preview = window.settings, window.controls, window.actions_, window.preview
        controls.strength, controls.steadiness = settings.strength, settings.steadiness
        controls.keep_colors, controls.mirror, controls.working_size = (
            settings.keep_colors,
            settings.mirror,
            settings.size,
        )
        actions.keep_colors.setChecked(settings.keep_colors)
        actions.mirror.setChecked(settings.mirror)
        actions.split.setChecked(settings.split)
        preview.split, preview.split_position = settings.split, settings.split_position
        session.set_strength(settings.strength)
        session.set_steadiness(settings.steadiness)
        session.set_keep_colors(settings.keep_colors)
        session.set_mirror(settings.mirror)
        self.set_size(settings.size)

    def _on_strength(self, percent: int) -> None:
        self._session.set_strength(percent)
        self._window.change(strength=percent)

    def _step_strength(self, step: int) -> None:
        controls = self._window.controls
        percent = max(0, min(100, controls.strength + step))
        controls.strength = percent
        self._on_strength(percent)

    def _on_steadiness(self, amount: int) -> None:
        self._session.set_steadiness(amount)
        self._window.change(steadiness=amount)

    def _on_keep_colors(self, keep: bool) -> None:
        self._window.controls.keep_colors = keep
        self._window.actions_.keep_colors.setChecked(keep)
        self._session.set_keep_colors(keep)
        self._window.change(keep_colors=keep)

    def _on_mix(self, second: str, share: int) -> None:
        self._window.change(mix=second, mix_share=share)
        if self._window.gallery.current:
            self._session.set_look(self._window.gallery.current, second, share)

    def _on_size(self, size: str) -> None:
        self._window.change(size=size)
        self.set_size(size)

    def _on_size_changed(self, width: int, height: int, for_memory: bool) -> None:
        if for_memory:
            self._window.banner.show_message(
                self.tr("The memory is full, so the network works at {size} now.").format(size=f"{width}×{height}"),
                level="warning",
            )

    def _on_mirror(self, mirror: bool) -> None:
        self._window.controls.mirror = mirror
        self._window.actions_.mirror.setChecked(mirror)
        self._session.set_mirror(mirror)
        self._window.change(mirror=mirror)

    def _on_split(self, split: bool) -> None:
        self._window.preview.split = split
        self._window.change(split=split)
