"""What is asked of the system's file manager, by system."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QDesktopServices

from stylecam.gui.filemanager import open_folder, show_in_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_a_file_is_selected_where_the_system_can(monkeypatch: pytest.MonkeyPatch, system: str, tmp_path: Path) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("stylecam.gui.filemanager.sys.platform", system)
    monkeypatch.setattr("stylecam.gui.filemanager.subprocess.Popen", started.append)
    show_in_folder(tmp_path / "film.mp4")
    assert started[0][-1] == str(tmp_path / "film.mp4")


def test_elsewhere_the_folder_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[str] = []
    monkeypatch.setattr("stylecam.gui.filemanager.sys.platform", "linux")
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    show_in_folder(tmp_path / "film.mp4")
    open_folder(tmp_path / "styles")
    assert opened == [str(tmp_path), str(tmp_path / "styles")]
