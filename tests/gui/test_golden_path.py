"""What a person does in the first five minutes, by mouse and by keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QToolButton

from stylecam.sources import VideoFileSource
from tests.clips import make_clip, video_pts
from tests.gui.conftest import painted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from pytestqt.qtbot import QtBot

    from stylecam.gui.app import Studio
    from stylecam.gui.settings import Settings


def _recordings(studio: Studio) -> list[Path]:
    folder = studio.recordings.folder
    return sorted(folder.glob("*.mp4")) if folder.is_dir() else []


def test_by_mouse_choose_a_style_record_and_take_a_snapshot(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")

    view = window.gallery.view
    beta = window.gallery.index_of("beta")
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(beta).center())
    painted(qtbot, window, "beta")
    assert "beta" in window.status.device_text
    assert window.settings.style == "beta"

    record = window.findChild(QToolButton, "recordButton")
    assert record is not None
    qtbot.mouseClick(record, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.preview.recording, timeout=20_000)
    qtbot.waitUntil(lambda: window.record_bar.text.startswith("00:00:01"), timeout=30_000)
    qtbot.mouseClick(record, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(_recordings(studio)) and not window.preview.recording, timeout=20_000)
    times = video_pts(_recordings(studio)[0])
    assert times == sorted(set(times))
    assert times[-1] > 0.9
    assert "Recording saved" in window.banner.text

    snapshot = window.findChild(QToolButton, "snapshotButton")
    assert snapshot is not None
    qtbot.mouseClick(snapshot, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(list(studio.recordings.folder.glob("*.png"))), timeout=20_000)


def test_by_keyboard_alone(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")

    def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        qtbot.keyClick(QApplication.focusWidget() or window, key, modifier)

    press(Qt.Key.Key_2)
    painted(qtbot, window, "beta")
    press(Qt.Key.Key_BracketRight)
    painted(qtbot, window, window.gallery.names[2])
    press(Qt.Key.Key_BracketLeft)
    painted(qtbot, window, "beta")

    before = window.controls.strength
    press(Qt.Key.Key_Minus)
    press(Qt.Key.Key_Minus)
    assert window.controls.strength == before - 10
    assert window.settings.strength == before - 10
    press(Qt.Key.Key_Backslash)
    assert window.preview.split
    press(Qt.Key.Key_M)
    assert not window.settings.mirror

    control = Qt.KeyboardModifier.ControlModifier
    press(Qt.Key.Key_R, control)
    qtbot.waitUntil(lambda: window.preview.recording, timeout=20_000)
    qtbot.waitUntil(lambda: studio.session.recording_state() is not None, timeout=20_000)
    qtbot.wait(600)  # a second press within half a second is taken for a bounce
    press(Qt.Key.Key_R, control)
    qtbot.waitUntil(lambda: not window.preview.recording and bool(_recordings(studio)), timeout=20_000)
    press(Qt.Key.Key_S, control)
    qtbot.waitUntil(lambda: bool(list(studio.recordings.folder.glob("*.png"))), timeout=20_000)

    press(Qt.Key.Key_F11)
    assert window.isFullScreen()
    assert not window.gallery.isVisible()
    press(Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    assert window.gallery.isVisible()


def test_every_control_is_reached_by_tab(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    window.activateWindow()
    window.gallery.view.setFocus()
    reached: list[str] = []
    for _ in range(40):
        widget = QApplication.focusWidget()
        if widget is not None:
            assert widget.accessibleName(), f"{widget!r} has no name for a screen reader"
            reached.append(widget.accessibleName())
        window.focusNextChild()
    wanted = {"Camera or video", "Record", "Save a snapshot", "Strength", "Steadiness", "Styles"}
    assert wanted <= set(reached), f"never reached: {wanted - set(reached)}"


def test_holding_b_shows_the_original(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)
    qtbot.keyPress(window, Qt.Key.Key_B)
    assert window.preview.show_original
    qtbot.keyRelease(window, Qt.Key.Key_B)
    assert not window.preview.show_original


def test_a_dropped_video_plays_and_is_exported_while_the_window_is_usable(
    qtbot: QtBot, open_studio: Callable[..., Studio], tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "holiday.mp4", frames=20, size=(96, 64))
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    assert not window.actions_.export.isEnabled()

    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(clip))])
    window.dropEvent(
        QDropEvent(
            QPointF(50, 50),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    qtbot.waitUntil(lambda: window.actions_.export.isEnabled(), timeout=20_000)
    qtbot.waitUntil(lambda: window.painting is not None and window.painting.frame.size == (96, 64), timeout=20_000)
    assert "holiday.mp4" in window.windowTitle()

    window.actions_.export.trigger()
    dialog = studio.exports.dialogs[-1]
    dialog.start()
    window.gallery.select_number(2)  # the window stays usable
    painted(qtbot, window, "beta")
    qtbot.waitUntil(lambda: dialog.finished_path is not None, timeout=60_000)
    assert dialog.finished_path is not None
    with VideoFileSource(clip) as source, VideoFileSource(dialog.finished_path) as result:
        before, after = [frame.pts for frame in source], [frame.pts for frame in result]
    assert after == before
    dialog.close()


def test_settings_survive(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    # On a busy computer the style takes longer than the moment after which what was moved before is saved.
    with_gamma = {"check_params_cb": lambda settings: settings.style == "gamma"}
    with qtbot.waitSignal(window.settings_changed, timeout=30_000, **with_gamma) as saved:
        window.gallery.select_number(window.gallery.names.index("gamma") + 1)
        window.controls.steadiness_changed.emit(10)
        painted(qtbot, window, "gamma")
    settings: Settings = saved.args[0]
    assert (settings.steadiness, settings.style) == (10, "gamma")


def test_a_style_that_cannot_be_loaded_leaves_the_one_before(
    qtbot: QtBot, open_studio: Callable[..., Studio], styles: Path
) -> None:
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    (styles / "beta.safetensors").write_bytes(b"nothing of the kind")
    window.gallery.select_number(2)
    qtbot.waitUntil(lambda: "could not be loaded" in window.banner.text, timeout=20_000)
    assert window.gallery.current == "alpha"
    painted(qtbot, window, "alpha")
    assert window.settings.style == "alpha"


def test_the_picture_in_every_style_is_painted_aside(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    got: dict[str, np.ndarray] = {}
    studio.stills.thumbnail_painted.connect(lambda name, image: got.update({name: image}))
    window.actions_.live_pictures.trigger()
    names = set(window.gallery.names)
    qtbot.waitUntil(lambda: set(got) == names, timeout=60_000)
    assert all(image is not None and max(image.shape) <= 400 for image in got.values())
    window.actions_.live_pictures.trigger()
