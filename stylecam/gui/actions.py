"""Every command of the window, once: its words, its key, its icon, and where it stands in the menus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from stylecam.gui.icons import icon

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow, QMenu

__all__ = ["Actions", "make_actions"]

_NUMBERS: Final = 9


@dataclass(frozen=True, slots=True, eq=False)
class Actions:
    """The window's commands; who owns the window connects them."""

    open_video: QAction
    open_picture: QAction
    export: QAction
    snapshot: QAction
    record: QAction
    recordings_folder: QAction
    preferences: QAction
    quit: QAction
    pause: QAction
    test_pattern: QAction
    network_camera: QAction
    refresh_cameras: QAction
    mirror: QAction
    virtual_camera: QAction
    next_style: QAction
    previous_style: QAction
    numbers: tuple[QAction, ...]
    """Choose the first nine styles."""
    weaker: QAction
    stronger: QAction
    keep_colors: QAction
    import_style: QAction
    train: QAction
    delete_style: QAction
    stop_training: QAction
    trainings: QAction
    styles_folder: QAction
    live_pictures: QAction
    split: QAction
    full_screen: QAction
    themes: QActionGroup
    """Its actions carry "system", "light" and "dark" as data."""
    shortcuts: QAction
    open_log: QAction
    about: QAction
    cameras: QMenu
    """Filled by who knows the cameras."""
    styles: QMenu


def make_actions(window: QMainWindow) -> Actions:
    """Make the commands and the menus that hold them."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("Actions", text)

    def action(text: str, keys: str = "", *, picture: str = "", checkable: bool = False) -> QAction:
        made = QAction(text, window)
        if keys:
            made.setShortcut(QKeySequence(keys))
        if picture:
            made.setIcon(icon(picture))
        made.setCheckable(checkable)
        window.addAction(made)  # so that keys work while the menu bar is hidden
        return made

    themes = QActionGroup(window)
    for text, name in ((tr("As the system"), "system"), (tr("Light"), "light"), (tr("Dark"), "dark")):
        theme = QAction(text, window)
        theme.setCheckable(True)
        theme.setData(name)
        themes.addAction(theme)

    bar = window.menuBar()
    file, camera, style, view, help_ = (
        bar.addMenu(title) for title in (tr("&File"), tr("&Camera"), tr("&Style"), tr("&View"), tr("&Help"))
    )
    actions = Actions(
        open_video=action(tr("&Open a video…"), "Ctrl+O", picture="open"),
        open_picture=action(tr("Open a pi&cture…"), "Ctrl+Shift+O"),
        export=action(tr("&Export this video…"), "Ctrl+E"),
        snapshot=action(tr("Save a &snapshot"), "Ctrl+S", picture="snapshot"),
        record=action(tr("&Record"), "Ctrl+R", picture="record", checkable=True),
        recordings_folder=action(tr("Show the recordings &folder")),
        preferences=action(tr("&Preferences…"), "Ctrl+,", picture="settings"),
        quit=action(tr("&Quit"), "Ctrl+Q"),
        pause=action(tr("&Pause the video"), "P", picture="pause", checkable=True),
        test_pattern=action(tr("&Test pattern")),
        network_camera=action(tr("&Network camera…")),
        refresh_cameras=action(tr("&Look for cameras again"), "F5"),
        mirror=action(tr("&Mirror"), "M", picture="mirror", checkable=True),
        virtual_camera=action(tr("&Virtual camera for other programs"), checkable=True),
        next_style=action(tr("&Next style"), "]"),
        previous_style=action(tr("Pre&vious style"), "["),
        numbers=tuple(action(tr("Style {n}").format(n=n), str(n)) for n in range(1, _NUMBERS + 1)),
        weaker=action(tr("&Weaker"), "-"),
        stronger=action(tr("&Stronger"), "="),
        keep_colors=action(tr("&Keep the camera's colours"), "K", checkable=True),
        import_style=action(tr("&Import a style…"), "Ctrl+I", picture="import"),
        train=action(tr("&Train a new style…"), "Ctrl+T", picture="train"),
        delete_style=action(tr("&Delete this style…")),
        stop_training=action(tr("S&top the training")),
        trainings=action(tr("T&rainings…")),
        styles_folder=action(tr("Show the styles &folder")),
        live_pictures=action(tr("Show &my picture in every style"), "G", checkable=True),
        split=action(tr("&Before and after, side by side"), "\\", picture="split", checkable=True),
        full_screen=action(tr("&Full screen"), "F11", picture="fullscreen", checkable=True),
        themes=themes,
        shortcuts=action(tr("&Keys"), "F1"),
        open_log=action(tr("Show the &log")),
        about=action(tr("&About stylecam")),
        cameras=camera,
        styles=style,
    )
    actions.quit.setMenuRole(QAction.MenuRole.QuitRole)
    actions.preferences.setMenuRole(QAction.MenuRole.PreferencesRole)
    actions.about.setMenuRole(QAction.MenuRole.AboutRole)
    actions.stronger.setShortcuts([QKeySequence("="), QKeySequence("+")])
    for number in actions.numbers:
        number.setAutoRepeat(False)
    for toggled in (actions.record, actions.snapshot):
        toggled.setAutoRepeat(False)

    _fill(file, actions.open_video, actions.open_picture, actions.export, None, actions.record, actions.snapshot)
    _fill(file, actions.recordings_folder, None, actions.virtual_camera, None, actions.preferences, None, actions.quit)
    _fill(style, actions.next_style, actions.previous_style, None, actions.weaker, actions.stronger)
    _fill(style, actions.keep_colors, None, actions.import_style, None, actions.train, actions.stop_training)
    _fill(style, actions.trainings, None, actions.delete_style, actions.styles_folder)
    _fill(view, actions.split, actions.live_pictures, actions.full_screen, None)
    theme_menu = view.addMenu(tr("&Theme"))
    theme_menu.addActions(themes.actions())
    _fill(help_, actions.shortcuts, actions.open_log, None, actions.about)
    actions.full_screen.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
    return actions


def _fill(menu: QMenu, *actions: QAction | None) -> None:
    for entry in actions:
        if entry is None:
            menu.addSeparator()
        else:
            menu.addAction(entry)
