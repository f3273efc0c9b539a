"""The preferences: they show the settings, change only their own, and can be filled in by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from stylecam.gui.preferences import PreferencesDialog
from stylecam.gui.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot


def dialog(qtbot: QtBot, settings: Settings) -> PreferencesDialog:
    made = PreferencesDialog(settings)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def part(made: QWidget, name: str) -> QWidget:
    return next(
        widget
        for widget in made.findChildren(QWidget)
        if widget.accessibleName() == name and widget.focusProxy() is None
    )


FOLDER, RATE, DEVICE = "Folder for recordings and snapshots", "Rate that the size Auto keeps", "Device"
EXACT = "Exact: compute in full precision (slower)"


def test_untouched_it_gives_back_what_it_was_given(qtbot: QtBot, tmp_path: Path) -> None:
    settings = Settings(recordings_folder=str(tmp_path), fps=31, device="cuda", exact=True, style="candy")
    assert dialog(qtbot, settings).result_settings == settings


def test_everything_is_changed_by_keyboard(qtbot: QtBot, tmp_path: Path) -> None:
    made = dialog(qtbot, Settings(style="candy", fps=24))
    folder, rate, device = (part(made, name) for name in (FOLDER, RATE, DEVICE))
    assert isinstance(folder, QLineEdit)
    assert isinstance(rate, QSpinBox)
    assert isinstance(device, QComboBox)
    folder.selectAll()
    qtbot.keyClicks(folder, f" {tmp_path} ")
    qtbot.keyClick(rate, Qt.Key.Key_Up)
    qtbot.keyClick(device, Qt.Key.Key_Down)
    with qtbot.waitSignal(made.accepted):
        qtbot.keyClick(folder, Qt.Key.Key_Return)
    result = made.result_settings
    assert (result.recordings_folder, result.fps, result.device) == (str(tmp_path), 25, "cpu")
    assert result.style == "candy"


def test_escape_and_cancel_reject(qtbot: QtBot) -> None:
    made = dialog(qtbot, Settings())
    with qtbot.waitSignal(made.rejected):
        qtbot.keyClick(made, Qt.Key.Key_Escape)
    made = dialog(qtbot, Settings())
    buttons = made.findChild(QDialogButtonBox)
    assert isinstance(buttons, QDialogButtonBox)
    with qtbot.waitSignal(made.rejected):
        qtbot.mouseClick(buttons.button(QDialogButtonBox.StandardButton.Cancel), Qt.MouseButton.LeftButton)


def test_browsing_fills_the_folder_in_and_giving_up_leaves_it(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = dialog(qtbot, Settings(recordings_folder="/old"))
    browse = next(button for button in made.findChildren(QPushButton) if button.text() == "Browse…")
    for answer, expected in (("", "/old"), (str(tmp_path), str(tmp_path))):
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args, answer=answer: answer)
        qtbot.mouseClick(browse, Qt.MouseButton.LeftButton)
        assert made.result_settings.recordings_folder == expected


@pytest.mark.parametrize(("stored", "shown"), [(24, 24), (1000, 60), (1, 5)])
def test_a_rate_out_of_range_is_brought_into_it(qtbot: QtBot, stored: int, shown: int) -> None:
    assert dialog(qtbot, Settings(fps=stored)).result_settings.fps == shown


@pytest.mark.parametrize(
    ("device", "name"), [("cuda:2", "NVIDIA graphics card 2"), ("tpu", "tpu"), ("cpu", "Processor")]
)
def test_a_device_that_is_not_in_the_list_stays_what_it_is(qtbot: QtBot, device: str, name: str) -> None:
    made = dialog(qtbot, Settings(device=device))
    box = part(made, DEVICE)
    assert isinstance(box, QComboBox)
    assert box.currentText() == name
    assert made.result_settings.device == device


@pytest.mark.parametrize(("inexact", "possible"), [(True, True), (None, True), (False, False)])
def test_exact_can_be_chosen_where_it_changes_something(qtbot: QtBot, inexact: bool | None, possible: bool) -> None:
    made = PreferencesDialog(Settings(device="cpu"), inexact=inexact)
    qtbot.addWidget(made)
    made.show()
    box = part(made, EXACT)
    assert isinstance(box, QCheckBox)
    assert box.isEnabled() == possible
    assert ("anyhow" in box.toolTip()) != possible
    box.click()
    assert made.result_settings.exact == possible
    device = part(made, DEVICE)
    assert isinstance(device, QComboBox)
    device.setCurrentIndex(device.findData("cuda"))
    assert box.isEnabled(), "of a device that does not run yet, nothing is known"


def test_every_field_has_a_name_and_a_label_with_a_key(qtbot: QtBot) -> None:
    made = dialog(qtbot, Settings())
    buddies = {label.buddy() for label in made.findChildren(QLabel) if "&" in label.text()}
    assert buddies == {part(made, name) for name in (FOLDER, RATE, DEVICE)}
    for widget in made.findChildren(QWidget):
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.isVisible():
            interface = QAccessible.queryAccessibleInterface(widget)
            assert interface is not None
            assert interface.text(QAccessible.Text.Name) or widget.accessibleName() or widget is made
