"""Is everything here that stylecam needs, and does it work? Small checks, each of which stands alone.

Invariant: nothing is changed, and no check's failure, whatever it is, keeps another from being made. What a check needs
is imported in it: a library that cannot be loaded is a finding.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from stylecam import __version__
from stylecam.bundled import bundled_path
from stylecam.errors import DeviceError, StylecamError
from stylecam.gui.settings import Settings, settings_path
from stylecam.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["CHECKS", "Check", "Finding", "State", "examine"]

State = Literal["good", "note", "bad"]
"""In order, worth knowing, does not work."""

_PIP: Final = "python -m pip install"
_AGAIN: Final = f"{_PIP} --force-reinstall --no-deps stylecam"
_AV_AGAIN: Final = f'{_PIP} --force-reinstall "av>=18,<20"'
_OPENCVS: Final = [
    f"opencv-{kind}" for kind in ("python-headless", "python", "contrib-python", "contrib-python-headless")
]
_LIBRARIES: Final = (
    "sudo apt install libegl1 libgl1 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 libxcb-cursor0 libxcb-icccm4 "
    "libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xkb1"
)
_TRIAL: Final = 48, 64
"""Height and width of the picture that is painted and encoded."""
_FRAMES: Final = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check came to."""

    name: str
    state: State
    words: str
    remedy: str = ""
    """The command that mends it, or what else does; empty where nothing needs to be."""


Check = tuple[str, Callable[[], Finding], str]
"""A name, what is done, and the remedy if that raises: for most, a library that cannot be loaded."""


def examine(checks: Sequence[Check] | None = None) -> Iterator[Finding]:
    """Make the checks (by default all) one after another; an exception is that check's finding."""
    for name, check, remedy in CHECKS if checks is None else checks:
        try:
            yield check()
        except Exception as exc:
            reason = " ".join(str(exc).split())
            words = reason if isinstance(exc, StylecamError) else f"{type(exc).__name__}: {reason}"
            yield Finding(name, "bad", words, remedy)


def _check_python() -> Finding:
    words = f"stylecam {__version__}, Python {platform.python_version()}, {platform.platform()}, {platform.machine()}"
    return Finding("python", "good", words)


def _check_torch() -> Finding:
    from stylecam.devices import choose_device

    device = choose_device()
    words = f"torch {importlib.metadata.version('torch')}; networks run on {device}"
    if device.kind == "cpu" and shutil.which("nvidia-smi"):
        remedy = (
            "see that `nvidia-smi` lists the card; a build of torch for it: https://pytorch.org/get-started/locally"
        )
        return Finding("torch", "note", f"{words}; yet there is an NVIDIA driver", remedy)
    return Finding("torch", "good", words)


def _check_painting() -> Finding:
    """One picture of 64×48, the second of two, since the first one pays for what is set up once."""
    import numpy as np

    from stylecam.styles import StyleLibrary
    from stylecam.stylizer import Stylizer

    style = next(iter(StyleLibrary([bundled_path("styles")]).values()), None)
    if style is None:
        return Finding("painting", "bad", "there is no bundled style to paint with", _AGAIN)
    stylizer = Stylizer(style)
    picture = np.random.default_rng(0).integers(0, 256, (*_TRIAL, 3), dtype=np.uint8)
    stylizer(picture)
    began = time.perf_counter()
    painted = stylizer(picture)
    took = 1000 * (time.perf_counter() - began)
    if painted.std() < 1:
        words = f"{style.name} paints one flat colour ({stylizer.describe()})"
        return Finding("painting", "bad", words, "stylecam live --device cpu")
    return Finding("painting", "good", f"{style.name} painted 64×48 in {took:.0f} ms ({stylizer.describe()})")


def _check_opencv() -> Finding:
    there = [name for name in _OPENCVS if any(importlib.metadata.distributions(name=name))]
    mend = f"python -m pip uninstall -y {' '.join(there)}; {_PIP} --force-reinstall opencv-python-headless"
    if len(there) > 1:
        words = f"{' and '.join(there)} are installed at once: they overwrite each other's files"
        return Finding("opencv", "bad", words, mend)
    from stylecam.opencv import cv2

    if there and "headless" not in there[0]:
        words = f"{there[0]} brings a Qt of its own, which can keep the window from opening"
        return Finding("opencv", "note", words, mend)
    return Finding("opencv", "good", f"OpenCV {cv2.__version__}")


def _check_qt() -> Finding:
    try:
        from stylecam.gui.app import check_qt
    except ImportError as exc:
        remedy = f'{_PIP} "pyside6-essentials"' if "PySide6" in str(exc) and ".so" not in str(exc) else _LIBRARIES
        return Finding("qt", "bad", f"Qt cannot be loaded, so there is no window ({exc})", remedy)
    try:
        check_qt()
    except DeviceError as exc:
        return Finding("qt", "bad", _first_sentence(exc), f'{_PIP} "pyside6-essentials<6.12"')
    return Finding("qt", "good", f"PySide6 {importlib.metadata.version('pyside6-essentials')}")


def _check_screen() -> Finding:
    needs_one = sys.platform == "linux" and os.environ.get("QT_QPA_PLATFORM") not in ("offscreen", "minimal", "vnc")
    if needs_one and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        words = "there is no screen here, so no window can be opened"
        return Finding("screen", "note", words, "stylecam live --no-window")
    from stylecam.gui.app import check_display

    try:
        check_display()
    except DeviceError as exc:
        return Finding("screen", "bad", _first_sentence(exc), _LIBRARIES)
    return Finding("screen", "good", "a window can be opened")


def _check_video() -> Finding:
    """H.264 by x264 and AAC, as exports and recordings are written, for real: builds of FFmpeg differ."""
    import av
    import numpy as np

    height, width = _TRIAL
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        video = output.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        sound = output.add_stream("aac", rate=48000)
        for index in range(_FRAMES):
            picture = np.full((height, width, 3), 20 * index, np.uint8)
            output.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            silence.sample_rate, silence.pts = 48000, 1024 * index
            output.mux(sound.encode(silence))
        output.mux(video.encode(None))
        output.mux(sound.encode(None))
    file.seek(0)
    with av.open(file, "r") as written:
        counted = len(list(written.decode(video=0)))
    if counted != _FRAMES:
        return Finding("video", "bad", f"of {_FRAMES} frames that were encoded, {counted} came back", _AV_AGAIN)
    return Finding("video", "good", f"PyAV {av.__version__} encodes H.264 with x264, and AAC")


def _check_encoders() -> Finding:
    """None in hardware is no failure: exports are encoded with x264 unless another one is asked for."""
    from stylecam.encoders import USUAL_SIZE, built_in_encoders, try_encoder

    tried = [(encoder, try_encoder(encoder, USUAL_SIZE)) for encoder in built_in_encoders()]
    working = ", ".join(f"{encoder.name} ({encoder.title})" for encoder, problem in tried if not problem)
    if working:
        return Finding("encoders", "good", f"in hardware, for `stylecam video --encoder`: {working}")
    reasons = "; ".join(f"{encoder.name}: {problem}" for encoder, problem in tried)
    return Finding("encoders", "good", f"none in hardware{f' ({reasons})' if reasons else ''}, so x264 encodes")


def _check_styles() -> Finding:
    from stylecam.styles import StyleLibrary

    bundled = StyleLibrary([bundled_path("styles")])
    if bundled.problems or not bundled:
        reasons = "; ".join(reason for _, reason in bundled.problems) or "there is none"
        return Finding("styles", "bad", f"the bundled styles are not as they should be: {reasons}", _AGAIN)
    yours = StyleLibrary()
    damaged = "; ".join(reason for _, reason in yours.problems)
    if damaged:
        remedy = f"import or train it anew, or delete the file; yours are in {yours.user_folder}"
        return Finding("styles", "note", f"{len(bundled)} bundled ones are sound; skipped: {damaged}", remedy)
    return Finding("styles", "good", f"{len(bundled)} bundled ones and {len(set(yours) - set(bundled))} of your own")


def _check_folders() -> Finding:
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


def _check_settings() -> Finding:
    """Only read here: `load_settings` would set a damaged file aside."""
    path = settings_path()
    try:
        if _read_settings() is None:
            words = f"{path} is damaged; the next start of the window sets it aside and takes the last good ones"
            return Finding("settings", "note", words, "stylecam")
    except OSError as exc:
        return Finding("settings", "bad", f"{path} cannot be read ({exc.strerror})", _let_write(path))
    return Finding("settings", "good", str(path) if path.exists() else "none yet")


def _check_vgg() -> Finding:
    from safetensors import safe_open

    path = bundled_path("vgg16_features.safetensors")
    if not path.is_file():
        words = f"{path} is missing: a training would download VGG-16's weights, 528 MB"
        return Finding("training", "note", words, _AGAIN)
    with safe_open(path, framework="numpy") as weights:
        count = len(weights.keys())
    return Finding("training", "good", f"VGG-16's weights are there ({count} tensors)")


def _check_recordings() -> Finding:
    from stylecam.recovery import find_unfinished

    folder = _recordings_folder()
    left = find_unfinished([folder])
    if left:
        names = ", ".join(f"{printable(part.name)} ({part.seconds:.0f} s)" for part in left)
        words = f"a crash left unfinished recordings in {folder}: {names}"
        return Finding("recordings", "note", words, "stylecam  (the window offers to recover them)")
    return Finding("recordings", "good", f"nothing unfinished in {folder}")


CHECKS: Final[tuple[Check, ...]] = (
    ("python", _check_python, _AGAIN),
    ("torch", _check_torch, f"{_PIP} --force-reinstall torch"),
    ("painting", _check_painting, f"{_PIP} --force-reinstall torch"),
    ("opencv", _check_opencv, f"{_PIP} --force-reinstall opencv-python-headless"),
    ("qt", _check_qt, f"{_PIP} --force-reinstall pyside6-essentials"),
    ("screen", _check_screen, f"{_PIP} --force-reinstall pyside6-essentials"),
    ("video", _check_video, _AV_AGAIN),
    ("encoders", _check_encoders, _AV_AGAIN),
    ("styles", _check_styles, _AGAIN),
    ("folders", _check_folders, "see that your own folders can be read and written to"),
    ("settings", _check_settings, _AGAIN),
    ("training", _check_vgg, _AGAIN),
    ("recordings", _check_recordings, _AV_AGAIN),
)
"""In the order in which one failure explains the next."""


def _first_sentence(error: Exception) -> str:
    return str(error).split(". ", maxsplit=1)[0]


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
