"""Is everything here that stylecam needs, and does it work? Small checks, each of which stands alone.

Invariant: nothing is changed, and no check's failure, whatever it is, keeps another from being made. What a check needs
is imported in it: a library that cannot be loaded is a finding. Here stand the checks of what is installed, those of
files in `doctorfiles.py`.
"""

from __future__ import annotations

import importlib.metadata
import io
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from stylecam import __version__
from stylecam.bundled import bundled_path
from stylecam.doctorfiles import check_folders, check_recordings, check_settings, check_styles, check_vgg
from stylecam.errors import DeviceError, StylecamError
from stylecam.findings import AGAIN, PIP, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["CHECKS", "Check", "examine"]

_AV_AGAIN: Final = f'{PIP} --force-reinstall "av>=18,<20"'
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
        return Finding("painting", "bad", "there is no bundled style to paint with", AGAIN)
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
    mend = f"python -m pip uninstall -y {' '.join(there)}; {PIP} --force-reinstall opencv-python-headless"
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
        remedy = f'{PIP} "pyside6-essentials"' if "PySide6" in str(exc) and ".so" not in str(exc) else _LIBRARIES
        return Finding("qt", "bad", f"Qt cannot be loaded, so there is no window ({exc})", remedy)
    try:
        check_qt()
    except DeviceError as exc:
        return Finding("qt", "bad", _first_sentence(exc), f'{PIP} "pyside6-essentials<6.12"')
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


CHECKS: Final[tuple[Check, ...]] = (
    ("python", _check_python, AGAIN),
    ("torch", _check_torch, f"{PIP} --force-reinstall torch"),
    ("painting", _check_painting, f"{PIP} --force-reinstall torch"),
    ("opencv", _check_opencv, f"{PIP} --force-reinstall opencv-python-headless"),
    ("qt", _check_qt, f"{PIP} --force-reinstall pyside6-essentials"),
    ("screen", _check_screen, f"{PIP} --force-reinstall pyside6-essentials"),
    ("video", _check_video, _AV_AGAIN),
    ("encoders", _check_encoders, _AV_AGAIN),
    ("styles", check_styles, AGAIN),
    ("folders", check_folders, "see that your own folders can be read and written to"),
    ("settings", check_settings, AGAIN),
    ("training", check_vgg, AGAIN),
    ("recordings", check_recordings, _AV_AGAIN),
)
"""In the order in which one failure explains the next."""


def _first_sentence(error: Exception) -> str:
    return str(error).split(". ", maxsplit=1)[0]
