"""Cameras: which there are, by name and by an id that stays, and how one is opened and read through OpenCV.

Invariant: a camera is remembered by its id and never by its number, which changes with every plug; a camera that is not
there is waited for, and no other is taken in its place. What is wrong with one is told as a `Problem`.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

import numpy as np

from stylecam.cameraids import camera_ids, is_node, is_picture_node, looks_like_id, readable_name
from stylecam.errors import CameraError, SourceOpenError
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
_PATIENCE_S: Final = 0.5
_NETWORK_PATIENCE_S: Final = 2.0
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

    @property
    def patience(self) -> float:
        """Seconds without a picture that are nothing unusual, whatever the rate."""

    def open(self) -> CameraHandle:
        """Takes up to some seconds; on Windows up to 20.

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

    @property
    def node(self) -> str:
        """On Linux, its device file."""
        return f"/dev/video{self.index}"

    def is_called(self, wanted: str) -> bool:
        """Whether an id, or on Linux any path to its device file, means this camera."""
        return wanted == self.id or is_node(wanted, self.node)


def list_cameras() -> list[CameraInfo]:
    """The cameras that are connected now, each once. Takes a moment: not for a window's thread."""
    return [ways[0] for ways in _connected().values()]


def find_camera(wanted: str = "") -> LocalCamera:
    """The camera that a person names.

    Args:
        wanted: an id from `list_cameras`, a device file, a name or a part of one, a number from 0 on, or nothing for
            the first. An id is taken even if that camera is not connected: it is then waited for.

    Raises:
        CameraError: there is none, or none of that name; lists those there are.
    """
    cameras = list_cameras()
    near = [camera for camera in cameras if wanted.casefold() in camera.name.casefold()]
    for chosen in (
        [camera for camera in cameras if camera.is_called(wanted)],
        cameras[:1] if not wanted else [],
        [camera for camera in near if camera.name == wanted],
        [cameras[int(wanted)]] if wanted.isdecimal() and int(wanted) < len(cameras) else [],
        near,
    ):
        if len(chosen) == 1:
            return LocalCamera(chosen[0].id, chosen[0].name)
    if looks_like_id(wanted):
        return LocalCamera(wanted, readable_name(wanted))
    if not cameras:
        raise CameraError("No camera was found. Plug one in, or use --source test or a video file.")
    there = ", ".join(f"{number}: {camera.name}" for number, camera in enumerate(cameras))
    problem = "no camera is called" if not near else "several cameras are called"
    raise CameraError(f"{problem} {wanted!r}. There are {there}; name one, or give its number.")


def _connected() -> dict[str, list[CameraInfo]]:
    """The cameras by their ids, each with the ways to it, the best one first."""
    from cv2_enumerate_cameras import enumerate_cameras, supported_backends

    ways: dict[str, list[CameraInfo]] = {}
    for backend in _BACKENDS.get(sys.platform, (cv2.CAP_ANY,)):
        if backend not in supported_backends:
            continue
        found = sorted(enumerate_cameras(backend), key=lambda camera: camera.index)
        if sys.platform == "linux":
            found = [camera for camera in found if is_picture_node(camera.path or "")]
        for camera, identity in zip(found, camera_ids(found), strict=True):
            ways.setdefault(identity, []).append(CameraInfo(identity, camera.name, camera.index, backend))
    return ways


@dataclass(frozen=True, slots=True)
class LocalCamera:
    """A camera of this machine, found anew by its id at each opening."""

    id: str
    name: str
    size: tuple[int, int] = _WANTED_SIZE
    """What is asked for; what comes is what the frames say."""
    rate: int = _WANTED_RATE
    patience: float = _PATIENCE_S

    def open(self) -> CameraHandle:
        """As `Camera.open`."""
        ways = next((ways for ways in _connected().values() if ways[0].is_called(self.id)), [])
        for way in ways:
            if sys.platform == "linux":
                _check_node(way.node)
            capture = _open_local(way, self.size, self.rate)
            if capture.isOpened():
                return _Capture(capture)
            capture.release()
        if not ways or (sys.platform == "linux" and not os.path.exists(ways[0].node)):
            raise CameraFault(Problem.missing)
        # OpenCV does not tell why. Macs refuse without a word; elsewhere it is another program, as a rule.
        problem = Problem.denied if sys.platform == "darwin" else Problem.busy
        tried = ", ".join(f"number {way.index} of backend {way.backend}" for way in ways)
        raise CameraFault(problem, f"OpenCV could not open it as {tried}")


@dataclass(frozen=True, slots=True)
class NetworkCamera:
    """A camera with an address: ``rtsp://…``, or ``http://…`` with MJPEG (a phone's camera app).

    Raises:
        SourceOpenError: that is no address.
    """

    url: str
    patience: float = _NETWORK_PATIENCE_S
    """Radio hiccups, and a new connection takes longer than one lasts."""

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            good = parts.scheme in _NETWORK_OPTIONS and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good:  # said without the address, which may hold a password
            raise SourceOpenError("that is no camera's address; one looks like http://192.168.1.20:8080/video")

    @property
    def name(self) -> str:
        """The host; an address may hold a password."""
        return urlsplit(self.url).hostname or ""

    def open(self) -> CameraHandle:
        """As `Camera.open`. Other files and addresses wait meanwhile: OpenCV opens one at a time."""
        timeouts = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            _NETWORK_TIMEOUT_MS,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            _NETWORK_TIMEOUT_MS,
        ]
        try:
            capture = open_capture(self.url, _NETWORK_OPTIONS[urlsplit(self.url).scheme], timeouts)
        except SourceOpenError:
            raise CameraFault(Problem.unreachable, f"OpenCV failed at {self.name}") from None  # it names the address
        if not capture.isOpened():
            capture.release()
            raise CameraFault(Problem.unreachable, f"no stream at {self.name}")
        return _Capture(capture)


class _Capture:
    """OpenCV's capture as a `CameraHandle`."""

    _REFUSALS: Final = 3
    _REFUSING_S: Final = 1.0

    def __init__(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture

    def read(self) -> tuple[Image, float]:
        began = time.monotonic()
        # One refusal alone may be a picture that was damaged on the wire; one that took long is a device that is gone.
        for _ in range(self._REFUSALS):
            try:
                grabbed = self._capture.grab()
                now = time.monotonic()  # before decoding, which is not the camera's time
                good, bgr = self._capture.retrieve() if grabbed else (False, None)
                if good and bgr is not None and bgr.ndim == 3 and bgr.size:
                    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8), now
            except cv2.error as exc:
                raise CameraFault(Problem.unreadable, "OpenCV could not read a picture") from exc
            if now - began > self._REFUSING_S:
                break
        raise CameraFault(Problem.disconnected, "no picture was given")

    def close(self) -> None:
        self._capture.release()


def _check_node(node: str) -> None:
    if os.path.exists(node) and not os.access(node, os.R_OK | os.W_OK):
        raise CameraFault(Problem.denied, f"{node} may not be opened")


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
