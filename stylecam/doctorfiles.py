"""Of the doctor's checks those of what lies on the disk: styles, folders, settings, weights, recordings.

Invariant: files are read and none is changed; whether a folder can be written to is tried with a file without a name.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING

from stylecam.bundled import bundled_path
from stylecam.findings import AGAIN, Finding, State
from stylecam.gui.settings import Settings, settings_path
from stylecam.printable import printable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_folders", "check_recordings", "check_settings", "check_styles", "check_vgg"]


def check_styles() -> Finding:
    from stylecam.styles import StyleLibrary

    bundled = StyleLibrary([bundled_path("styles")], check_weights=True)
    if bundled.problems or not bundled:
        reasons = "; ".join(reason for _, reason in bundled.problems) or "there is none"
        return Finding("styles", "bad", f"the bundled styles are not as they should be: {reasons}", AGAIN)
    yours = StyleLibrary(check_weights=True)
    damaged = "; ".join(reason for _, reason in yours.problems)
    if damaged:
        remedy = f"import or train it anew, or delete the file; yours are in {yours.user_folder}"
        return Finding("styles", "note", f"{len(bundled)} bundled ones are sound; skipped: {damaged}", remedy)
    return Finding("styles", "good", f"{len(bundled)} bundled ones and {len(set(yours) - set(bundled))} of your own")


def check_folders() -> Finding:
    from stylecam.runs import runs_folder
    from stylecam.styles import user_styles_folder

    folders = (user_styles_folder(), runs_folder(), settings_path().parent, _recordings_folder())
    for folder in folders:
        there = _nearest_existing(folder)
        if not there.is_dir():
            words = f"{there} is a file, where the folder {folder} belongs"
            return Finding("folders", "bad", words, f'mv "{there}" "{there}.old"')
        try:
            with tempfile.TemporaryFile(dir=there):  # gone when it is closed
                pass
        except OSError as exc:
            words = f"{there} cannot be written to ({exc.strerror}), which is needed for {folder}"
            return Finding("folders", "bad", words, _let_write(there))
    least, where = min((shutil.disk_usage(_nearest_existing(folder)).free, folder) for folder in folders)
    words = f"{least / 1e9:.1f} GB are free where {where} is"
    if least < 1e9:
        state: State = "bad" if least < 50e6 else "note"
        return Finding("folders", state, words, f"free some room on that disk, or choose another folder than {where}")
    return Finding("folders", "good", f"all can be written to; {words}")


def check_settings() -> Finding:
    """Only read here: `load_settings` would set a damaged file aside."""
    path = settings_path()
    try:
        if _read_settings() is None:
            words = f"{path} is damaged; the next start of the window sets it aside and takes the last good ones"
            return Finding("settings", "note", words, "stylecam")
    except OSError as exc:
        return Finding("settings", "bad", f"{path} cannot be read ({exc.strerror})", _let_write(path))
    return Finding("settings", "good", str(path) if path.exists() else "none yet")


def check_vgg() -> Finding:
    from safetensors import safe_open

    path = bundled_path("vgg16_features.safetensors")
    if not path.is_file():
        words = f"{path} is missing: a training would download VGG-16's weights, 528 MB"
        return Finding("training", "note", words, AGAIN)
    with safe_open(path, framework="numpy") as weights:
        count = len(weights.keys())
    return Finding("training", "good", f"VGG-16's weights are there ({count} tensors)")


def check_recordings() -> Finding:
    from stylecam.recovery import find_unfinished

    folder = _recordings_folder()
    left = find_unfinished([folder])
    if left:
        names = ", ".join(f"{printable(part.name)} ({part.seconds:.0f} s)" for part in left)
        words = f"a crash left unfinished recordings in {folder}: {names}"
        return Finding("recordings", "note", words, "stylecam  (the window offers to recover them)")
    return Finding("recordings", "good", f"nothing unfinished in {folder}")


def _let_write(path: Path) -> str:
    if sys.platform == "win32":
        return f'icacls "{path}" /grant "%USERNAME%:(OI)(CI)M"'
    return f'sudo chown "$USER" "{path}"; chmod u+rwX "{path}"'


def _read_settings() -> dict[str, object] | None:
    """The settings file's object, empty without a file; None if it holds something else."""
    try:
        read = json.loads(settings_path().read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _recordings_folder() -> Path:
    try:
        folder = (_read_settings() or {}).get("recordings_folder")
    except OSError:  # another check's finding
        folder = None
    return Settings(recordings_folder=folder if isinstance(folder, str) else "").recordings_path


def _nearest_existing(folder: Path) -> Path:
    return next((path for path in (folder, *folder.parents) if path.exists()), folder)
