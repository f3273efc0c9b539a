"""stylecam: videos, pictures and webcams as moving paintings.

    import stylecam

    stylizer = stylecam.Stylizer(stylecam.StyleLibrary()["candy"])
    painted = stylizer(image)                                   # H×W×3 uint8 RGB in and out
    stylecam.stylize_video("in.mp4", "out.mp4", stylizer)       # sound, times and tags stay

Importing this package loads neither torch nor OpenCV, PyAV or Qt: a public name fetches its module on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from stylecam.camera_source import CameraSource
    from stylecam.cameras import CameraInfo, list_cameras
    from stylecam.devices import Device, choose_device, list_devices
    from stylecam.errors import (
        CameraError,
        DeviceError,
        DeviceMemoryError,
        DiskFullError,
        OutputExistsError,
        SinkError,
        SourceError,
        SourceLostError,
        SourceOpenError,
        StylecamError,
        StyleError,
        StyleFormatError,
        StyleNotFoundError,
        TrainError,
    )
    from stylecam.frame import Frame, Image
    from stylecam.importers import import_checkpoint
    from stylecam.opening import open_source
    from stylecam.pictures import Picture, read_picture, stylize_picture, write_picture
    from stylecam.pipeline import Progress, VideoReport, stylize_video
    from stylecam.sheet import contact_sheet
    from stylecam.sinks import FrameSink, VideoFileSink
    from stylecam.sources import FrameSource, VideoFileSource
    from stylecam.styles import Style, StyleLibrary, parse_mix, read_style, write_style
    from stylecam.stylizer import Stylizer

__version__ = "0.1.0"

__all__ = [
    "CameraError",
    "CameraInfo",
    "CameraSource",
    "Device",
    "DeviceError",
    "DeviceMemoryError",
    "DiskFullError",
    "Frame",
    "FrameSink",
    "FrameSource",
    "Image",
    "OutputExistsError",
    "Picture",
    "Progress",
    "SinkError",
    "SourceError",
    "SourceLostError",
    "SourceOpenError",
    "Style",
    "StyleError",
    "StyleFormatError",
    "StyleLibrary",
    "StyleNotFoundError",
    "StylecamError",
    "Stylizer",
    "TrainError",
    "VideoFileSink",
    "VideoFileSource",
    "VideoReport",
    "choose_device",
    "contact_sheet",
    "import_checkpoint",
    "list_cameras",
    "list_devices",
    "open_source",
    "parse_mix",
    "read_picture",
    "read_style",
    "stylize_picture",
    "stylize_video",
    "write_picture",
    "write_style",
]

_MODULES: Final = {
    "camera_source": ("CameraSource",),
    "cameras": ("CameraInfo", "list_cameras"),
    "devices": ("Device", "choose_device", "list_devices"),
    "frame": ("Frame", "Image"),
    "importers": ("import_checkpoint",),
    "opening": ("open_source",),
    "pictures": ("Picture", "read_picture", "stylize_picture", "write_picture"),
    "pipeline": ("Progress", "VideoReport", "stylize_video"),
    "sheet": ("contact_sheet",),
    "sinks": ("FrameSink", "VideoFileSink"),
    "sources": ("FrameSource", "VideoFileSource"),
    "styles": ("Style", "StyleLibrary", "parse_mix", "read_style", "write_style"),
    "stylizer": ("Stylizer",),
}
_HOME: Final = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"stylecam.{_HOME.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
