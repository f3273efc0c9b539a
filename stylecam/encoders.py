"""Hardware encoders: which ones stylecam knows, and which of them really work here.

A driver that is half there tells so only once a picture is encoded, and then some crash and some never answer. So an
encoder works when a child process has encoded pictures of the very size with it. Nothing is tried unless asked for.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av

from stylecam.bundled import child_environment
from stylecam.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "HARDWARE",
    "TRIAL_S",
    "USUAL_SIZE",
    "Encoder",
    "built_in_encoders",
    "choose_encoder",
    "first_working_encoder",
    "try_encoder",
]

TRIAL_S: Final = 30.0
"""Seconds that a trial may take: on a busy machine, with a graphics card that first has to wake up."""
USUAL_SIZE: Final = 1280, 720
"""What is tried where there is no video at hand."""
_LOOK_AGAIN_S: Final = 0.1
_UNTIL_KILLED_S: Final = 5.0
"""A process that a driver holds in the kernel survives even being killed; it is left behind then."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """An H.264 encoder in hardware, with how it is set up."""

    name: str
    """FFmpeg's, and what `--encoder` takes."""
    title: str
    """Whose it is, for people."""
    pixel_format: str
    """How it takes its pictures: ``"yuv420p"`` or ``"nv12"``, which is the same with the two colour planes in one."""
    options: tuple[tuple[str, str], ...]
    """FFmpeg's. Constant quality near x264's crf 18, forced key pictures as real ones, and nothing held back: what an
    encoder holds is lost in a kill."""


HARDWARE: Final[tuple[Encoder, ...]] = (
    Encoder(
        "h264_nvenc",
        "NVIDIA",
        "yuv420p",
        (
            ("preset", "p5"),
            ("tune", "hq"),
            ("profile", "high"),
            ("rc", "vbr"),
            ("cq", "19"),
            ("b", "0"),  # else its default of 2 Mbit/s is kept to
            ("spatial-aq", "1"),
            ("forced-idr", "1"),
            ("delay", "0"),
        ),
    ),
    Encoder(
        "h264_qsv",
        "Intel",
        "nv12",
        (
            ("preset", "medium"),
            ("profile", "high"),
            ("global_quality", "20"),  # its ICQ mode
            ("forced_idr", "1"),
            ("async_depth", "1"),
        ),
    ),
    Encoder(
        "h264_amf",
        "AMD",
        "nv12",
        (
            ("usage", "transcoding"),
            ("quality", "quality"),
            ("profile", "high"),
            ("rc", "cqp"),
            ("qp_i", "18"),
            ("qp_p", "20"),
            ("bf", "0"),
            ("forced_idr", "1"),
            ("async_depth", "1"),
        ),
    ),
    Encoder(
        "h264_videotoolbox",
        "Apple",
        "nv12",
        # Of 100, in units of FF_QP2LAMBDA. Intel Macs have no constant quality and fail the trial.
        (("profile", "high"), ("flags", "+qscale"), ("global_quality", str(70 * 118))),
    ),
)
"""In the order in which they are tried. Left out: h264_vaapi, which takes only pictures that lie in video memory and is
in no wheel of PyAV; h264_mf, which reaches the same chips by a way that may drop frames; h264_v4l2m2m, which knows no
constant quality; HEVC and AV1, which play in fewer places than H.264."""

_problems: dict[tuple[Encoder, tuple[int, int]], str] = {}
"""What trials came to, for as long as this process lives: a driver may be mended until the next."""


def built_in_encoders() -> tuple[Encoder, ...]:
    """Those that the FFmpeg here was built with. It loads no driver, and says nothing of whether one is there."""
    return tuple(encoder for encoder in HARDWARE if _is_built_in(encoder.name))


def try_encoder(encoder: Encoder, size: tuple[int, int], *, stop: threading.Event | None = None) -> str:
    """Why an encoder cannot be used for pictures of this width and height; empty if it can.

    Takes half a second the first time, and up to `TRIAL_S` where a driver hangs. From any thread.

    Args:
        encoder: one that is built in.
        size: width and height in pixels.
        stop: once set, the trial is given up.
    """
    if size[0] % 2 or size[1] % 2:
        return "it takes no odd width or height"
    stop = stop or threading.Event()
    problem = _problems.get((encoder, size))
    if problem is None and not stop.is_set():
        problem = _try_in_child(encoder, size, stop)
        if not stop.is_set():
            _problems[encoder, size] = problem
    return "its trial was given up" if problem is None else problem


def first_working_encoder(size: tuple[int, int], *, stop: threading.Event | None = None) -> Encoder | None:
    """The first that passes its trial, what ``"hardware"`` stands for; None if there is none."""
    for encoder in built_in_encoders():
        if not try_encoder(encoder, size, stop=stop):
            return encoder
    return None


def choose_encoder(name: str, size: tuple[int, int]) -> Encoder | None:
    """The encoder that a name stands for, tried out. Nothing else is taken in its place.

    Args:
        name: ``"software"`` (x264 on the processor), ``"hardware"`` (the first that works), or an encoder's own name.
        size: width and height of the pictures to encode.

    Returns:
        The encoder; None for x264.

    Raises:
        SinkError: it cannot be had; says what was tried, and what works.
    """
    if name == "software":
        return None
    if name == "hardware":
        found = first_working_encoder(size)
        if found is None:
            tried = _what_was_tried(size)
            raise SinkError(f"no hardware encoder works here for {_words(size)} ({tried}); use the software encoder")
        return found
    encoder = next((encoder for encoder in HARDWARE if encoder.name == name), None)
    if encoder is None:
        known = ", ".join(encoder.name for encoder in HARDWARE)
        problem = f"there is no encoder {name!r}; known are software, hardware, {known}"
    elif encoder not in built_in_encoders():
        problem = f"the FFmpeg in this installation is built without {name}"
    else:
        trouble = try_encoder(encoder, size)
        if not trouble:
            return encoder
        problem = f"{name} cannot be used for {_words(size)}: {trouble}"
    working = ["software", *(other.name for other in built_in_encoders() if not try_encoder(other, size))]
    raise SinkError(f"{problem}; what works here: {', '.join(working)}")


def _is_built_in(name: str) -> bool:
    try:
        av.codec.Codec(name, "w")
    except ValueError:  # UnknownCodecError
        return False
    return True


def _what_was_tried(size: tuple[int, int]) -> str:
    tried = [f"{encoder.name}: {try_encoder(encoder, size)}" for encoder in built_in_encoders()]
    return "; ".join(tried) or "the FFmpeg in this installation is built without any"


def _words(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _try_in_child(encoder: Encoder, size: tuple[int, int], stop: threading.Event) -> str:
    with tempfile.TemporaryDirectory(prefix="stylecam-", ignore_cleanup_errors=True) as folder:
        task = json.dumps({"encoder": asdict(encoder), "size": size, "folder": folder})
        # A file and no pipe: what a child that hangs, or a child of its own, keeps open is not waited for.
        said = Path(folder) / "said.txt"
        try:
            with said.open("wb") as out:
                process = subprocess.Popen(
                    _command(task),
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.DEVNULL,
                    env=child_environment(),
                    start_new_session=True,
                    creationflags=_without_window(),
                )
            code = _wait(process, stop)
        except OSError as exc:
            return f"it could not be tried ({exc.strerror or exc})"
        return _verdict(code, said.read_bytes())


def _without_window() -> int:
    """Where the program has no terminal, Windows would open one for the child."""
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW
    return 0


def _command(task: str) -> Sequence[str]:
    return [sys.executable, "-P", "-m", "stylecam.encodertrial", task]


def _wait(process: subprocess.Popen[bytes], stop: threading.Event) -> int | None:
    """Its exit code; None if it was killed by us."""
    deadline = time.monotonic() + TRIAL_S
    try:
        while time.monotonic() < deadline and not stop.is_set():
            try:
                return process.wait(_LOOK_AGAIN_S)
            except subprocess.TimeoutExpired:
                continue
        return None
    finally:
        if process.returncode is None:
            process.kill()
            try:
                process.wait(_UNTIL_KILLED_S)
            except subprocess.TimeoutExpired:
                process.returncode = -signal.SIGTERM  # so that nobody waits for it at the end


def _verdict(code: int | None, said: bytes) -> str:
    if code is None:
        return f"it did not answer within {TRIAL_S:.0f} seconds"
    if code:
        return f"its driver crashed ({_how_it_ended(code)})"
    for line in reversed(said.decode("utf-8", "replace").splitlines()):
        try:
            return str(json.loads(line)["problem"])
        except (ValueError, LookupError, TypeError):  # a driver that speaks on standard output
            continue
    return "its trial ended without a word"


def _how_it_ended(code: int) -> str:
    if code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"
