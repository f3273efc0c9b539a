"""The system's own file manager, asked to show what was saved."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["open_folder", "show_in_folder"]


def open_folder(folder: Path) -> None:
    """Show what is in a folder."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def show_in_folder(path: Path) -> None:
    """Show the file's folder, with the file selected where the system can do so."""
    if sys.platform == "win32":
        subprocess.Popen(["explorer", "/select,", str(path)])
    elif sys.platform == "darwin":
        subprocess.Popen(["open", "-R", str(path)])
    else:
        open_folder(path.parent)
