"""VirtualCameraSink: the painting as a camera that meetings and streams can choose.

pyvirtualcam is under the GPL-2, so it comes only when asked for (`stylecam[virtual-camera]`) and is imported only when
a sink is made; the driver it needs is the user's to install. What is missing is said with the remedy.
"""

from __future__ import annotations

import importlib
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from stylecam.errors import SinkError

if TYPE_CHECKING:
    from types import TracebackType

    from stylecam.frame import Frame

__all__ = ["VirtualCameraSink", "check_virtual_camera"]

_INSTALL: Final = 'pip install "stylecam[virtual-camera]"'
_OBS: Final = (
    "install OBS Studio 28 or newer (https://obsproject.com), start its virtual camera once, stop it and close OBS"
)
_DRIVER: Final = {
    "linux": (
        "install v4l2loopback and load it (on Debian or Ubuntu: sudo apt install v4l2loopback-dkms, then "
        'sudo modprobe v4l2loopback exclusive_caps=1 card_label="stylecam")'
    ),
    "darwin": _OBS,
    "win32": _OBS,
}
_LINUX_MODULE: Final = Path("/sys/module/v4l2loopback")
_LEAST_SIDE: Final = 2


class VirtualCameraSink:
    """A `FrameSink` that other programs see as a camera. From any thread.

    Frames of another size are fitted in, with black around them. Frames go out as they come: the rate is a hint.
    """

    def __init__(self, size: tuple[int, int], rate: float = 30, name: str | None = None) -> None:
        """Open the camera.

        Args:
            size: width and height in pixels; made even, as cameras' pictures are.
            rate: frames per second that are told to the driver.
            name: which virtual camera, as the system calls it ("/dev/video4", "OBS Virtual Camera"); None takes the
                first that is free.

        Raises:
            SinkError: the package or the driver is missing, or the camera cannot be had; says what helps.
        """
        width, height = size
        if min(width, height) < _LEAST_SIDE or rate <= 0:
            raise ValueError(f"expected a size of at least {_LEAST_SIDE}×{_LEAST_SIDE} and a rate, got {size}, {rate}")
        self.size = (width - width % 2, height - height % 2)
        self.frames = 0
        self._lock = threading.Lock()  # to close the driver while it copies a picture would crash the process
        self._camera: Any = _open_camera(_load_package(), self.size, rate, name)
        self.name: str = self._camera.device
        """What other programs call it, or the device's path."""

    def write(self, frame: Frame) -> None:
        """Show a frame; after `close` it is let go."""
        image = frame.image
        if frame.size != self.size:
            from stylecam.compositing import letterbox  # loads torch

            image = letterbox(image, self.size)
        with self._lock:
            if self._camera is None:
                return
            try:
                self._camera.send(image)
            except Exception as exc:  # pyvirtualcam raises whatever its backend does
                raise SinkError(
                    f"the virtual camera {self.name} takes no more pictures ({exc}); turn it off and on again"
                ) from exc
            self.frames += 1

    def close(self) -> None:
        """Give the camera back; more than once does no harm."""
        with self._lock:
            camera, self._camera = self._camera, None
            if camera is None:
                return
            try:
                camera.close()
            except Exception as exc:
                raise SinkError(f"the virtual camera {self.name} could not be closed properly: {exc}") from exc

    def abort(self) -> None:
        """As `close`: there is nothing to keep."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()


def check_virtual_camera() -> None:
    """Whether one can be had, as far as can be told without opening it: on Linux package and driver, else the package.

    Raises:
        SinkError: no; says what is missing and what helps.
    """
    package = _load_package()
    _check_backends(package)
    if sys.platform == "linux" and not _LINUX_MODULE.exists():
        raise SinkError(f"The virtual camera's driver is missing. To have one, {_driver()}.")


def _load_package() -> Any:
    try:
        return importlib.import_module("pyvirtualcam")
    except ModuleNotFoundError as exc:
        if exc.name != "pyvirtualcam":
            raise _broken_package(exc) from exc
        raise SinkError(
            f"The virtual camera needs the package pyvirtualcam, which is not installed. Install it with {_INSTALL} "
            f"(it is under the GPL-2), and {_driver()}; then try again."
        ) from exc
    except Exception as exc:  # a library that does not fit this system or Python
        raise _broken_package(exc) from exc


def _broken_package(error: Exception) -> SinkError:
    return SinkError(
        f"The virtual camera's package pyvirtualcam is installed but cannot be loaded ({error}). "
        f"Install it anew: pip install --force-reinstall pyvirtualcam"
    )


def _open_camera(package: Any, size: tuple[int, int], rate: float, name: str | None) -> Any:
    _check_backends(package)
    width, height = size
    try:
        return package.Camera(width, height, rate, fmt=package.PixelFormat.RGB, device=name)
    except Exception as exc:  # RuntimeError, with a line for each backend that was tried
        reason = "; ".join(str(exc).splitlines())
        if name is not None:
            raise SinkError(
                f"The virtual camera {name} cannot be had. Is it there, and not in use by another program? If it is "
                f"missing, {_driver()}; then try again. ({reason})"
            ) from exc
        raise SinkError(
            f"No virtual camera is free. Close the program that uses it; if there is none yet, {_driver()}; then try "
            f"again. ({reason})"
        ) from exc


def _check_backends(package: Any) -> None:
    if not getattr(package.camera, "BACKENDS", True):
        raise SinkError("There is no virtual camera for this system; Linux, macOS and Windows have one.")


def _driver() -> str:
    return _DRIVER.get(sys.platform, _DRIVER["linux"])
