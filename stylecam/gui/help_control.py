"""HelpControl: preferences, themes, the list of keys, the log, and about."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QApplication, QMessageBox

from stylecam import __version__
from stylecam.gui.preferences import PreferencesDialog
from stylecam.gui.theme import apply_theme

if TYPE_CHECKING:
    from pathlib import Path

    from stylecam.gui.main_window import MainWindow
    from stylecam.gui.session import Session

__all__ = ["HelpControl"]


class HelpControl(QObject):
    """Wires what is about the program itself."""

    def __init__(self, window: MainWindow, session: Session, log: Path | None) -> None:
        super().__init__(window)
        self._window, self._session, self._log = window, session, log
        actions = window.actions_
        session.device_failed.connect(self._on_device_failed)
        actions.preferences.triggered.connect(self._on_preferences)
        actions.themes.triggered.connect(self._on_theme)
        actions.shortcuts.triggered.connect(self._on_shortcuts)
        actions.open_log.triggered.connect(self._on_open_log)
        actions.open_log.setEnabled(log is not None)
        actions.about.triggered.connect(self._on_about)

    def key_list(self) -> list[tuple[str, str]]:
        """Every command that has a key: its words and its keys."""
        rows = [
            (action.text().replace("&", "").rstrip("…"), ", ".join(key.toString() for key in action.shortcuts()))
            for action in self._window.actions()
            if action.shortcuts()
        ]
        return [*rows, (self.tr("Show the original while held"), "B"), (self.tr("Leave full screen"), "Esc")]

    def _on_preferences(self) -> None:
        window = self._window
        dialog = PreferencesDialog(window.settings, window, inexact=self._session.has_sixteen_bits)
        if dialog.exec():
            wanted = dialog.result_settings
            before = window.settings
            window.change(
                recordings_folder=wanted.recordings_folder, fps=wanted.fps, device=wanted.device, exact=wanted.exact
            )
            if wanted.fps != before.fps and window.settings.size == "auto":
                window.pictures.set_size("auto")
            if wanted.device != before.device:
                self._session.set_device(wanted.device)
            if wanted.exact != before.exact:
                self._session.set_exact(wanted.exact)
        dialog.deleteLater()

    def _on_device_failed(self, wanted: str, other: str, why: str) -> None:
        """Never in silence: who asked for a graphics card shall know that something else paints."""
        text = self.tr(
            "The device “{wanted}” cannot be used, so the network runs on {other}. "
            "Another one can be chosen in the preferences."
        )
        preferences = self._window.actions_.preferences
        self._window.banner.show_message(
            text.format(wanted=wanted, other=other),
            level="warning",
            actions=[(self.tr("Preferences…"), preferences.trigger)],
            details=why,
        )

    def _on_theme(self, action: QAction) -> None:
        application = cast("QApplication", QApplication.instance())
        apply_theme(application, action.data())
        self._window.change(theme=action.data())

    def _on_shortcuts(self) -> None:
        text = "\n".join(f"{keys}\t{words}" for words, keys in self.key_list())
        self._box(self.tr("Keys"), text)

    def _on_open_log(self) -> None:
        if self._log is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log)))

    def _on_about(self) -> None:
        self._box(
            self.tr("About stylecam"),
            self.tr("stylecam {version}\nA webcam, a video or a picture as a moving painting. MIT licence.").format(
                version=__version__
            ),
        )

    def _box(self, title: str, text: str) -> None:
        box = QMessageBox(QMessageBox.Icon.NoIcon, title, text, QMessageBox.StandardButton.Close, self._window)
        box.open()
