"""The window as a program: how it starts and ends, what it says when something is missing, and on a real X display."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog, QInputDialog

from stylecam import cameras, virtualcamera
from stylecam.errors import DeviceError, SinkError
from stylecam.frame import Frame
from stylecam.gui.app import Options, check_display
from stylecam.gui.settings import Settings, load_settings, save_settings
from stylecam.pictures import Picture, read_picture, write_picture
from stylecam.sinks import VideoFileSink
from tests.clips import make_clip, video_pts
from tests.gui.conftest import painted
from tests.live import wait_until
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from stylecam.gui.app import Studio


def _script(path: Path, *events: dict[str, object]) -> str:
    path.write_text(json.dumps({"name": "Webcam", "width": 64, "height": 48, "fps": 20, "events": events}))
    return f"fake:{path}"


def test_options_go_before_settings_and_leave_the_others() -> None:
    settings = Settings(style="a", mix="b", strength=70, mirror=True)
    asked = Options(source="test", style="c", mirror=False).over(settings)
    assert (asked.source, asked.style, asked.mix, asked.strength, asked.mirror) == ("test", "c", "", 70, False)
    assert Options().over(settings) == settings
    assert Options(style="c", mix=("d", 30)).over(settings).mix_share == 30


def test_without_a_screen_it_is_said_before_qt_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(DeviceError, match="no screen here"):
        check_display()


def test_without_a_camera_the_sample_clip_plays_and_it_is_said(
    qtbot: QtBot, open_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cameras, "list_cameras", lambda: [])
    studio = open_studio(Settings(style="alpha", size="160x120"))
    painted(qtbot, studio.window, "alpha")
    assert "No camera was found" in studio.window.banner.text
    assert studio.sources.video is not None
    assert studio.sources.video.name == "demo.mp4"
    assert studio.window.settings.source == "camera"  # the next start looks for one again


def test_a_device_that_is_not_there_is_replaced_and_the_banner_says_so(
    qtbot: QtBot, open_studio: Callable[..., Studio]
) -> None:
    studio = open_studio(Settings(source="test", style="alpha", size="160x120", device="cuda:99"))
    window = studio.window
    painted(qtbot, window, "alpha")
    qtbot.waitUntil(lambda: bool(window.banner.text), timeout=20_000)
    running = studio.session.stylizer
    assert running is not None
    assert window.banner.text == (
        f"The device “cuda:99” cannot be used, so the network runs on {running.device.name}. "
        "Another one can be chosen in the preferences."
    )
    assert window.banner.level == "warning"
    assert window.settings.device == "cuda:99", "it is asked for again at the next start"
    asked: list[str] = []
    QTimer.singleShot(0, lambda: asked.append(_close_dialog()))
    next(button for button in window.banner.action_buttons if button.text() == "Preferences…").click()
    assert asked == ["Preferences"]


def _close_dialog() -> str:
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QDialog)
    dialog.reject()
    return dialog.windowTitle()


def test_a_camera_that_goes_and_comes_back_is_told_and_taken_back(
    qtbot: QtBot, open_studio: Callable[..., Studio], tmp_path: Path
) -> None:
    script = _script(tmp_path / "a.json", {"at": 3, "do": "unplug"}, {"at": 5, "do": "replug"})
    studio = open_studio(Settings(style="alpha", size="native"), source=script)
    window = studio.window
    painted(qtbot, window, "alpha")
    qtbot.waitUntil(lambda: "Webcam was disconnected" in window.banner.text, timeout=30_000)
    assert window.banner.level == "warning"
    qtbot.waitUntil(lambda: window.banner.text == "", timeout=30_000)
    before = window.preview.frames_painted
    qtbot.waitUntil(lambda: window.preview.frames_painted > before + 3, timeout=20_000)


def test_a_busy_camera_is_told_while_nothing_is_shown(
    qtbot: QtBot, open_studio: Callable[..., Studio], tmp_path: Path
) -> None:
    script = _script(tmp_path / "a.json", {"at": 0, "do": "busy", "for": 2})
    studio = open_studio(Settings(style="alpha", size="native"), source=script)
    qtbot.waitUntil(lambda: "used by another program" in studio.window.banner.text, timeout=20_000)
    painted(qtbot, studio.window, "alpha")
    assert studio.window.banner.text == ""


def test_a_camera_is_mirrored_and_a_video_is_not(
    qtbot: QtBot, open_studio: Callable[..., Studio], tmp_path: Path
) -> None:
    studio = open_studio(Settings(style="alpha", size="native", mirror=True), source=_script(tmp_path / "a.json"))
    painted(qtbot, studio.window, "alpha")
    image = studio.window.painting.source.image  # type: ignore[union-attr]
    assert image[:, :8].mean() > image[:, -8:].mean() + 50  # the script's gradient is dark at the left
    clip = make_clip(tmp_path / "clip.mp4", frames=20)
    studio.sources.open(str(clip))
    qtbot.waitUntil(lambda: studio.sources.video == clip, timeout=20_000)
    shown = studio.window.painting
    qtbot.waitUntil(lambda: studio.window.painting is not shown, timeout=20_000)
    image = studio.window.painting.source.image  # type: ignore[union-attr]
    assert image[36, :8, 2].mean() < image[36, -8:, 2].mean()


def test_a_video_that_cannot_be_opened_leaves_the_source_before(
    qtbot: QtBot, open_studio: Callable[..., Studio], tmp_path: Path
) -> None:
    studio = open_studio()
    painted(qtbot, studio.window, "alpha")
    studio.sources.open(str(tmp_path / "none.mp4"))
    qtbot.waitUntil(lambda: "none.mp4" in studio.window.banner.text, timeout=20_000)
    before = studio.window.preview.frames_painted
    qtbot.waitUntil(lambda: studio.window.preview.frames_painted > before + 3, timeout=20_000)
    assert studio.window.source_bar.current == "test"


def test_what_a_crash_left_is_offered_and_recovered(
    qtbot: QtBot, open_studio: Callable[..., Studio], tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    sink = VideoFileSink(folder / "cut off.mp4", size=(64, 48))
    for index in range(40):
        sink.write(Frame(np.full((48, 64, 3), index, np.uint8), index / 20, index))
    sink.abort()
    assert (folder / ".cut off.part.mp4").exists()
    studio = open_studio()
    banner = studio.window.banner
    qtbot.waitUntil(lambda: "was cut off" in banner.text, timeout=20_000)
    next(button for button in banner.action_buttons if button.text() == "Recover").click()
    qtbot.waitUntil(lambda: "Saved as cut off" in banner.text, timeout=20_000)
    (video,) = [path for path in folder.iterdir() if not path.name.startswith(".")]
    assert len(video_pts(video)) == 40
    assert not (folder / ".cut off.part.mp4").exists()


def test_a_virtual_camera_without_a_driver_says_what_to_do(
    qtbot: QtBot, open_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise SinkError("No driver for a virtual camera was found. Install v4l2loopback.")

    monkeypatch.setattr(virtualcamera, "VirtualCameraSink", refuse)
    studio = open_studio()
    painted(qtbot, studio.window, "alpha")
    studio.window.actions_.virtual_camera.trigger()
    qtbot.waitUntil(lambda: "v4l2loopback" in studio.window.banner.text, timeout=20_000)
    assert not studio.window.actions_.virtual_camera.isChecked()


def test_a_dropped_picture_is_painted_and_a_dropped_style_taken_in(
    qtbot: QtBot, open_studio: Callable[..., Studio], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_picture(tmp_path / "photo.png", Picture(np.full((40, 60, 3), 90, np.uint8)))
    style = write_tiny_style(tmp_path / "Mine.safetensors".lower(), seed=9)
    (tmp_path / "notes.txt").write_text("no picture")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("delta", True))
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    window.dropped.emit([tmp_path / "photo.png", style.path, tmp_path / "notes.txt"])
    assert "notes.txt" in window.banner.text
    painted(qtbot, window, "delta")
    assert "delta" in window.gallery.names
    result = studio.recordings.folder / "photo in alpha.png"
    qtbot.waitUntil(result.exists, timeout=20_000)
    assert read_picture(result).size == (60, 40)


def test_a_bug_in_a_job_reaches_the_hook_once(
    qtbot: QtBot, open_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    caught: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, *_: caught.append(kind))
    studio = open_studio()
    studio.jobs.submit(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    qtbot.waitUntil(lambda: caught == [ZeroDivisionError], timeout=20_000)
    painted(qtbot, studio.window, "alpha")


def test_closing_finishes_the_recording_and_ends_every_thread(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    window.actions_.record.trigger()
    qtbot.waitUntil(lambda: window.preview.recording, timeout=20_000)
    state = studio.session.recording_state
    qtbot.waitUntil(lambda: (state() or state()) is not None and state().frames > 10, timeout=20_000)  # type: ignore[union-attr]
    window.close()
    assert studio.ended_in_time
    (video,) = studio.recordings.folder.glob("*.mp4")
    assert len(video_pts(video)) > 10
    wait_until(lambda: not [t for t in threading.enumerate() if t.name.startswith("stylecam")])


def test_closing_while_everything_is_still_loading_ends_in_order(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio()
    studio.window.close()
    assert not studio.window.isVisible()


def test_settings_are_saved_and_read(tmp_path: Path) -> None:
    save_settings(Settings(style="x", window_geometry="AAAA"), tmp_path / "settings.json")
    assert load_settings(tmp_path / "settings.json")[0].style == "x"


@pytest.fixture
def display() -> Iterator[str]:
    """A real X display of the test's own."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    server.terminate()
    server.wait(20)


_LOOK = """
import sys, time
from PySide6.QtWidgets import QApplication
from stylecam.gui.app import Options, Studio, check_display
from stylecam.gui.settings import Settings
check_display()
app = QApplication([])
studio = Studio(Settings(style="alpha", size="160x120"), Options(source="test"))
window = studio.window
studio.begin()
deadline = time.monotonic() + 60
while (window.painting is None or not window.painting.style) and time.monotonic() < deadline:
    app.processEvents()
for _ in range(20):
    app.processEvents()
    time.sleep(0.01)
screen = app.primaryScreen().grabWindow(0)
where = window.preview.mapToGlobal(window.preview.picture_rect.center())
print(app.platformName(), screen.width(), window.isVisible())
image = screen.toImage()
colours = {image.pixel(where.x() + dx, where.y() + dy) for dx in range(-60, 60, 4) for dy in range(-60, 60, 4)}
print(len(colours))
window.close()
print(studio.ended_in_time)
"""


def test_on_a_real_display_the_painting_is_on_the_screen(display: str, styles: Path) -> None:
    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    run = subprocess.run([sys.executable, "-c", _LOOK], capture_output=True, text=True, env=environment, timeout=120)
    assert run.returncode == 0, run.stderr
    platform, colours, ended = run.stdout.splitlines()[-3:]
    assert platform == "xcb 1400 True"
    assert int(colours) > 100
    assert ended == "True"


def test_the_command_opens_the_window_and_a_signal_closes_it(display: str, styles: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "XDG_STATE_HOME": str(state)}
    command = [sys.executable, "-m", "stylecam", "live", "--source", "test", "--style", "beta", "--size", "160x120"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)

    def logged() -> str:
        return "".join(path.read_text() for path in state.rglob("stylecam.log"))

    try:
        wait_until(lambda: "a painting is on the screen" in logged(), seconds=60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
    finally:
        process.kill()
        _, said = process.communicate()
    assert "Traceback" not in said
    assert load_settings()[0].style == "beta"
    lines = logged().splitlines()
    shown = [line for line in lines if "on the screen" in line]
    # First the window, then the source as it is, then the painting.
    assert [line.rsplit(": ", 1)[-1].split(" is ")[0] for line in shown] == ["the window", "a picture", "a painting"]
