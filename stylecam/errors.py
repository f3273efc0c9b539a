"""Every error a caller may catch. The text says what happened, why, and what to do.

    StylecamError                    exit code 1
    ├─ SourceError                   3   the input
    │  ├─ SourceOpenError                cannot be opened, or holds no picture
    │  ├─ SourceLostError                stopped giving frames half-way
    │  └─ CameraError                6   there is no camera, or none of that name
    ├─ StyleError                    5   the style
    │  ├─ StyleNotFoundError             no style of that name; names the nearest
    │  └─ StyleFormatError               the file is damaged, or is not a style
    ├─ DeviceError                   7   the device asked for cannot be had, or failed
    │  └─ DeviceMemoryError              not enough memory on it for a picture of this size
    ├─ SinkError                     4   the output
    │  ├─ OutputExistsError              an existing file is kept
    │  └─ DiskFullError                  no room; what was written still plays
    └─ TrainError                    9   the training cannot start or go on

Foreign exceptions are translated once, in the file that imports the library that raised them. `ValueError` is
for the programmer's mistakes and is not part of this tree.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "CameraError",
    "DeviceError",
    "DeviceMemoryError",
    "DiskFullError",
    "OutputExistsError",
    "SinkError",
    "SourceError",
    "SourceLostError",
    "SourceOpenError",
    "StyleError",
    "StyleFormatError",
    "StyleNotFoundError",
    "StylecamError",
    "TrainError",
]


class StylecamError(Exception):
    """The root of the tree above."""

    exit_code: ClassVar[int] = 1
    """What the command line returns when this error ends a command."""


class SourceError(StylecamError):
    exit_code = 3


class SourceOpenError(SourceError):
    pass


class SourceLostError(SourceError):
    pass


class CameraError(SourceError):
    exit_code = 6


class StyleError(StylecamError):
    exit_code = 5


class StyleNotFoundError(StyleError):
    pass


class StyleFormatError(StyleError):
    pass


class DeviceError(StylecamError):
    exit_code = 7


class DeviceMemoryError(DeviceError):
    pass


class SinkError(StylecamError):
    exit_code = 4


class OutputExistsError(SinkError):
    pass


class DiskFullError(SinkError):
    pass


class TrainError(StylecamError):
    exit_code = 9
