"""What the window says in numbers: the line at the bottom, and the bar beside the record button."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QToolButton

from stylecam.gui.record_bar import RecordBar
from stylecam.gui.status_line import StatusLine
from stylecam.live import LiveStats
from stylecam.recording import RecordingState

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("dark")

STATS = LiveStats(
    camera_fps=29.97,
    paint_fps=24.0,
    latency_p50_ms=33.6,
    latency_p95_ms=51.2,
    paint_ms=30.0,
    painted=80,
    not_painted=20,
    not_shown=0,
    source_size=(1280, 720),
    working_size=(640, 360),
)
RECORDING = RecordingState(seconds=3723.9, frames=9, dropped=0, bytes=12_345_678, seconds_left=None)
DEVICE = "candy, fast, on CPU (no CUDA device found: no NVIDIA driver is installed), float32"


@pytest.fixture
def line(qtbot: QtBot) -> StatusLine:
    widget = StatusLine()
    qtbot.addWidget(widget)
    widget.resize(1200, 26)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


@pytest.fixture
def bar(qtbot: QtBot) -> RecordBar:
    record, snapshot = QAction("&Record"), QAction("Save a &snapshot")
    record.setCheckable(True)
    widget = RecordBar(record, snapshot)
    record.setParent(widget)
    snapshot.setParent(widget)
    qtbot.addWidget(widget)
    widget.resize(900, 40)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def field(line: StatusLine, name: str) -> QLabel:
    return next(label for label in line.findChildren(QLabel) if label.accessibleName() == name)


def test_the_line_shows_the_figures(line: StatusLine) -> None:
    line.update_stats(STATS, 10)
    assert field(line, "Shown").text().endswith(" fps")
    assert field(line, "Camera").text() == "camera 30.0 fps"
    assert field(line, "Latency").text() == "34 ms (95 %: 51)"
    assert field(line, "Size").text() == "1280×720 → 640×360"
    assert field(line, "Skipped").text() == "20 % skipped"
    assert all(label.toolTip() for label in line.findChildren(QLabel))


def test_the_share_of_skipped_frames_is_that_since_the_last_time(line: StatusLine) -> None:
    line.update_stats(STATS, 0)
    line.update_stats(replace(STATS, painted=90, not_painted=50), 0)
    assert field(line, "Skipped").text() == "75 % skipped"
    line.update_stats(replace(STATS, painted=99, not_painted=50), 0)
    assert field(line, "Skipped").text() == ""
    # Another source counts from the beginning.
    line.update_stats(replace(STATS, painted=1, not_painted=3), 0)
    assert field(line, "Skipped").text() == "75 % skipped"


def test_without_a_source_no_old_figures_stay(line: StatusLine) -> None:
    line.update_stats(STATS, 10)
    line.update_stats(None, 10)
    assert [field(line, name).text() for name in ("Shown", "Camera", "Latency", "Size", "Skipped")] == [""] * 5


def test_what_is_not_known_is_left_out(line: StatusLine) -> None:
    line.update_stats(replace(STATS, latency_p50_ms=None, latency_p95_ms=None, source_size=None), 0)
    assert field(line, "Latency").text() == field(line, "Size").text() == ""
    line.update_stats(replace(STATS, working_size=(1280, 720)), 0)
    assert field(line, "Size").text() == "1280×720"


def test_the_device_is_cut_off_where_there_is_no_room_and_whole_in_the_tooltip(line: StatusLine, qtbot: QtBot) -> None:
    line.update_stats(STATS, 10)
    line.show_device(DEVICE)
    qtbot.waitUntil(lambda: field(line, "Device").text() == DEVICE)
    assert field(line, "Size").isVisible()
    line.resize(760, 26)
    qtbot.waitUntil(lambda: not field(line, "Size").isVisible())
    qtbot.waitUntil(lambda: field(line, "Device").text().startswith("candy, fast, on"))
    assert field(line, "Device").text().endswith("…")
    assert line.device_text == DEVICE
    assert DEVICE in field(line, "Device").toolTip()
    assert line.minimumSizeHint().width() <= 760


def test_a_style_s_name_is_no_markup(line: StatusLine) -> None:
    line.show_device("<img src='x'>, on CPU")
    assert field(line, "Device").textFormat() == Qt.TextFormat.PlainText
    assert "&lt;img" in field(line, "Device").toolTip()


def test_the_bar_says_how_a_recording_is_doing(bar: RecordBar) -> None:
    assert bar.text == ""
    bar.show_state(RECORDING)
    assert bar.text == "01:02:03  ·  12.3 MB"
    bar.show_state(replace(RECORDING, seconds_left=7800.0, dropped=4))
    assert bar.text == "01:02:03  ·  12.3 MB  ·  4 dropped: the encoder is too slow  ·  2 h 10 min left on the disk"
    bar.show_state(None)
    assert bar.text == bar.shown_text == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(59.9, "0 min 59 s"), (119.9, "1 min 59 s"), (3600.0, "1 h 00 min"), (47 * 3600.0, "47 h 00 min"), (2e5, "2 d")],
)
def test_the_time_left_is_rough(bar: RecordBar, seconds: float, text: str) -> None:
    bar.show_state(replace(RECORDING, seconds_left=seconds))
    assert f"  ·  {text} left" in bar.text


def test_where_there_is_no_room_the_least_needed_parts_go(bar: RecordBar, qtbot: QtBot) -> None:
    bar.show_state(replace(RECORDING, seconds_left=7800.0))
    assert bar.shown_text == bar.text
    bar.resize(bar.minimumSizeHint().width() + 170, 40)
    qtbot.waitUntil(lambda: bar.shown_text == "01:02:03  ·  12.3 MB")
    assert "left on the disk" in bar.text
    bar.resize(bar.minimumSizeHint())
    qtbot.waitUntil(lambda: bar.shown_text == "01:02:03")
    bar.resize(900, 40)
    qtbot.waitUntil(lambda: bar.shown_text == bar.text)


def test_the_record_button_is_called_what_it_does_and_takes_no_focus_from_a_click(bar: RecordBar, qtbot: QtBot) -> None:
    button = bar.findChild(QToolButton, "recordButton")
    assert isinstance(button, QToolButton)
    assert button.accessibleName() == "Record"
    bar.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    bar.setFocus()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.isChecked()
    assert not button.hasFocus()
    button.defaultAction().setText("Stop &recording")
    assert button.accessibleName() == "Stop recording"
