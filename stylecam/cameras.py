"""Cameras: which there are, by name and by an id that stays, and how one is opened and read through OpenCV.

Invariant: a camera is remembered by its id and never by its number, which changes with every plug; a camera that is not
there is waited for, and no other is taken in its place. What is wrong with one is told as a `Problem`.
"""

from __future__ import annotations

import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

import numpy as np

from stylecam.errors import CameraError
from stylecam.livesource import Problem
from stylecam.opencv import cv2
from stylecam.sources import open_capture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stylecam.frame import Image

__all__ = [
    "Camera",
    "CameraFault",
    "CameraHandle",
    "CameraInfo",
    "LocalCamera",
    "NetworkCamera",
    "find_camera",
    "list_cameras",
]

_WANTED_SIZE: Final = (1280, 720)
_WANTED_RATE: Final = 30
_NETWORK_TIMEOUT_MS: Final = 5000
_BACKENDS: Final = {
    "linux": (cv2.CAP_V4L2,),
    "win32": (cv2.CAP_MSMF, cv2.CAP_DSHOW),
    "darwin": (cv2.CAP_AVFOUNDATION,),
}
"""In this order; a camera that two of them know is listed once."""
_NETWORK_OPTIONS: Final = {
    # Exactly what a camera's stream needs: a playlist could send FFmpeg to files of this machine.
    "http": "protocol_whitelist;http,tcp|format_whitelist;mpjpeg,mjpeg,mpegts,flv",
    "https": "protocol_whitelist;https,http,tls,tcp|format_whitelist;mpjpeg,mjpeg,mpegts,flv",
    "rtsp": "protocol_whitelist;rtsp,rtp,udp,tcp|format_whitelist;rtsp,sdp,rtp,mpegts|rtsp_transport;tcp",
    "rtsps": "protocol_whitelist;rtsps,rtsp,rtp,udp,tls,tcp|format_whitelist;rtsp,sdp,rtp,mpegts|rtsp_transport;tcp",
}


class CameraFault(Exception):  # noqa: N818 - what happened to a camera; it is waited out, not raised to callers
    """Why a camera gives no picture."""

    def __init__(self, problem: Problem, detail: str = "") -> None:
        super().__init__(f"{problem}: {detail}" if detail else str(problem))
        self.problem = problem
        self.detail = detail


class CameraHandle(Protocol):
    """An open camera. One thread at a time."""

    def read(self) -> tuple[Image, float]:
        """Wait for the next picture: H×W×3 uint8 RGB, and when it came, in seconds of `time.monotonic`.

        Raises:
            CameraFault: it gives none any more.
        """

    def close(self) -> None: ...


class Camera(Protocol):
    """Something that can be opened, again and again."""

    @property
    def name(self) -> str:
        """For people."""

    def open(self) -> CameraHandle:
        """Takes up to some seconds.

        Raises:
            CameraFault: it cannot be opened now.
        """


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera that is connected."""

    id: str
    """The same one next time, whatever is plugged in meanwhile, and wherever there is one: in another socket."""
    name: str
    index: int
    """OpenCV's number, until something is plugged in or out."""
    backend: int
    """OpenCV's `CAP_…`, to be given with the number."""


def list_cameras() -> list[CameraInfo]:
    """The cameras that are connected now, each once. Takes a moment: not for a window's thread."""
    from cv2_enumerate_cameras import enumerate_cameras, supported_backends

    found: dict[str, CameraInfo] = {}
    for backend in _BACKENDS.get(sys.platform, (cv2.CAP_ANY,)):
        if backend not in supported_backends:
            continue
        for camera in sorted(enumerate_cameras(backend), key=lambda camera: camera.index):
            identity = _identity(camera.path or "", camera.name, camera.vid, camera.pid)
            while identity in found and found[identity].backend == backend:
                identity += "+"  # two of a kind that nothing tells apart but their order
            found.setdefault(identity, CameraInfo(identity, camera.name, camera.index, backend))
    return list(found.values())


def find_camera(wanted: str = "") -> LocalCamera:
    """The camera that a person names.

    Args:
        wanted: an id from `list_cameras`, a name or a part of one, a number from 0 on, or nothing for the first.
            An id is taken even if that camera is not connected: it is then waited for.

    Raises:
        CameraError: there is none, or none of that name; lists those there are.
    """
    cameras = list_cameras()
    for camera in cameras:
        if camera.id == wanted:
            return LocalCamera(camera.id, camera.name)
    if re.search(r"[/:\\]", wanted):
        return LocalCamera(wanted, _name_in(wanted))
    if not cameras:
        raise CameraError("No camera was found. Plug one in, or use --source test or a video file.")
    if not wanted:
        return LocalCamera(cameras[0].id, cameras[0].name)
    if wanted.isdecimal() and int(wanted) < len(cameras):
        return LocalCamera(cameras[int(wanted)].id, cameras[int(wanted)].name)
    near = [camera for camera in cameras if wanted.casefold() in camera.name.casefold()]
    exact = [camera for camera in near if camera.name == wanted]
    if len(exact or near) == 1:
        camera = (exact or near)[0]
        return LocalCamera(camera.id, camera.name)
    there = ", ".join(f"{number}: {camera.name}" for number, camera in enumerate(cameras))
    problem = "no camera is called" if not near else "several cameras are called"
    raise CameraError(f"{problem} {wanted!r}. There are {there}; name one, or give its number.")


@dataclass(frozen=True, slots=True)
class LocalCamera:
    """A camera of this machine, found anew by its id at each opening."""

    id: str
    name: str
    size: tuple[int, int] = _WANTED_SIZE
    """What is asked for; what comes is what the frames say."""
    rate: int = _WANTED_RATE

    def open(self) -> CameraHandle:
        """As `Camera.open`."""
        info = next((camera for camera in list_cameras() if camera.id == self.id), None)
        if info is None:
            raise CameraFault(Problem.missing)
        node = Path(f"/dev/video{info.index}")
        if sys.platform == "linux" and not os.access(node, os.R_OK | os.W_OK):
            raise CameraFault(Problem.denied, f"{node} may not be opened")
        capture = _open_local(info, self.size, self.rate)
        if not capture.isOpened():
            capture.release()
            # OpenCV does not tell why. Macs refuse without a word; elsewhere it is another program, as a rule.
            problem = Problem.denied if sys.platform == "darwin" else Problem.busy
            raise CameraFault(problem, f"OpenCV could not open camera {info.index} ({info.backend})")
        return _Capture(capture)


@dataclass(frozen=True, slots=True)
class NetworkCamera:
    """A camera with an address: ``rtsp://…``, or ``http://…`` with MJPEG (a phone's camera app)."""

    url: str

    @property
    def name(self) -> str:
        """The host; an address may hold a password."""
        return urlsplit(self.url).hostname or "network camera"

    def open(self) -> CameraHandle:
        """As `Camera.open`."""
        scheme = self.url.partition("://")[0].lower()
        timeouts = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            _NETWORK_TIMEOUT_MS,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            _NETWORK_TIMEOUT_MS,
        ]
        capture = open_capture(self.url, _NETWORK_OPTIONS[scheme], timeouts)
        if not capture.isOpened():
            capture.release()
            raise CameraFault(Problem.unreachable, f"no stream at {self.name}")
        return _Capture(capture)


class _Capture:
    """OpenCV's capture as a `CameraHandle`."""

    _PATIENCE: Final = 3

    def __init__(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture

    def read(self) -> tuple[Image, float]:
        for _ in range(self._PATIENCE):  # one refusal alone may be a picture that was damaged on the wire
            grabbed = self._capture.grab()
            now = time.monotonic()  # before decoding, which is not the camera's time
            if not grabbed:
                continue
            good, bgr = self._capture.retrieve()
            if good and bgr is not None and bgr.ndim == 3:
                return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8), now
        raise CameraFault(Problem.disconnected, "no picture was given")

    def close(self) -> None:
        self._capture.release()


def _open_local(info: CameraInfo, size: tuple[int, int], rate: int) -> cv2.VideoCapture:
    wishes: Sequence[int] = (
        # Compressed first: uncompressed, a USB camera gives 5 to 10 pictures a second at this size.
        *(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
        *(cv2.CAP_PROP_FRAME_WIDTH, size[0], cv2.CAP_PROP_FRAME_HEIGHT, size[1]),
        *(cv2.CAP_PROP_FPS, rate),
    )
    capture = cv2.VideoCapture(info.index, info.backend, wishes)
    if not capture.isOpened():
        # A backend that knows one of the wishes not at all refuses them all: once more, as the camera likes it.
        capture.release()
        capture = cv2.VideoCapture(info.index, info.backend)
    if capture.isOpened():
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # V4L2 alone; the others keep a frame or two
    return capture


def _identity(path: str, name: str, vid: int | None, pid: int | None) -> str:
    """What stays of a camera: udev's own link where there is one, else maker, model and path."""
    if path.startswith("/dev/"):
        for folder in ("/dev/v4l/by-id", "/dev/v4l/by-path"):
            link = _link_to(path, Path(folder))
            if link:
                return link
        path = ""  # /dev/video0 is but a number
    return f"{vid or 0:04x}:{pid or 0:04x}:{path or name}"


def _link_to(node: str, folder: Path) -> str | None:
    try:
        links = sorted(folder.iterdir())
    except OSError:
        return None
    real = os.path.realpath(node)
    return next((str(link) for link in links if os.path.realpath(link) == real), None)


def _name_in(identity: str) -> str:
    """Something readable for a camera that is not there to tell its name."""
    last = re.split(r"[/:\\]", identity)[-1]
    words = re.sub(r"^usb-|-video-index\d+$", "", last).replace("_", " ").strip()
    return words or "The camera"
