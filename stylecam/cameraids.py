"""What stays of a camera when its number does not: an id from what the system knows of the device. No OpenCV here.

Invariant: an id says which camera or, where two are alike to the last, which socket; it never holds a number that the
system gives out anew with every plug.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FoundCamera", "camera_ids", "is_node", "is_picture_node", "looks_like_id", "readable_name"]

_DEVICES: Final = "/dev/"
_BY_ID: Final = Path("/dev/v4l/by-id")
_BY_PATH: Final = Path("/dev/v4l/by-path")
_SYSFS: Final = Path("/sys/class/video4linux")
_INTERFACE_CLASS: Final = re.compile(r"#\{[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}")
"""Windows' paths hold it: the same camera has one for Media Foundation and another one for DirectShow."""


class FoundCamera(Protocol):
    """What `cv2_enumerate_cameras` tells of a camera."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> str | None: ...
    @property
    def vid(self) -> int | None: ...
    @property
    def pid(self) -> int | None: ...


def camera_ids(found: Sequence[FoundCamera]) -> list[str]:
    """An id for each camera, all different.

    On Linux udev's link by the camera's own number if it has one, else by its socket; without udev, maker, model, name
    and socket. Elsewhere maker, model and the system's path.

    Args:
        found: all the cameras that one of OpenCV's backends knows.
    """
    links = [_link_to(camera.path or "", _BY_ID) for camera in found]
    # udev's link by id is one for all cameras of a model that bear no numbers of their own. It goes over to the next
    # when the first is unplugged, and the picture with it: among such twins only the socket tells which is which.
    unlinked = {_model(camera) for camera, link in zip(found, links, strict=True) if not link}
    ids = []
    seen: Counter[str] = Counter()
    for camera, link in zip(found, links, strict=True):
        identity = link if link and _model(camera) not in unlinked else _by_place(camera)
        seen[identity] += 1
        ids.append(identity + "+" * (seen[identity] - 1))  # nothing tells these apart but their order
    return ids


def is_node(identity: str, node: str) -> bool:
    """Whether an id, or a path that a person gives, is now a link to this device file, or the file itself."""
    is_there = identity.startswith(_DEVICES) and os.path.exists(identity)
    return is_there and os.path.realpath(identity) == os.path.realpath(node)


def is_picture_node(node: str) -> bool:
    """Whether a device file of Linux is one for pictures, as far as can be told without opening it.

    Cameras have a second one, for facts about the pictures. A file that may not be opened does not tell which it is.
    """
    return os.access(node, os.R_OK) or _read(_SYSFS / os.path.basename(node) / "index") in ("", "0")


def looks_like_id(text: str) -> bool:
    """Whether it is an id of a camera that need not be there now, rather than a name. Names may hold colons, too."""
    return text.startswith(_DEVICES) or re.match(r"[0-9a-f]{4}:[0-9a-f]{4}:", text) is not None


def readable_name(identity: str) -> str:
    """Something for people, of a camera that is not there to tell its name."""
    last = re.split(r"[/:\\]", identity.rstrip("+"))[-1]
    words = re.sub(r"^usb-|-video-index\d+$", "", last).replace("_", " ").strip()
    return words or "The camera"


def _model(camera: FoundCamera) -> tuple[str, int | None, int | None]:
    return camera.name, camera.vid, camera.pid


def _by_place(camera: FoundCamera) -> str:
    path = camera.path or ""
    if path.startswith(_DEVICES):
        link = _link_to(path, _BY_PATH)
        if link:
            return link
        place = f"{_socket(path)}:{camera.name}".lstrip(":")
    else:
        place = _INTERFACE_CLASS.sub("#", path.lower()) if path.startswith("\\\\") else path
    return f"{camera.vid or 0:04x}:{camera.pid or 0:04x}:{place or camera.name}"


def _socket(node: str) -> str:
    """Where a device is plugged in, as the kernel calls it: "1-4:1.0", and which of its pictures this is."""
    device = _SYSFS / os.path.basename(node) / "device"
    if not device.exists():
        return ""  # one made of software, which has a name and no place
    return f"{os.path.basename(os.path.realpath(device))}:{_read(device.parent / 'index') or '0'}"


def _link_to(node: str, folder: Path) -> str:
    """The link in a folder that leads to this device file; empty if none does."""
    try:
        links = sorted(folder.iterdir())
    except OSError:
        return ""
    return next((str(link) for link in links if os.path.realpath(link) == os.path.realpath(node)), "")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
