from __future__ import annotations

import importlib
import subprocess
import sys
import threading
from enum import Enum
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stylecam.errors import SinkError
from stylecam.frame import Frame
from stylecam.virtualcamera import VirtualCameraSink, check_virtual_camera

if TYPE_CHECKING:
    from collections.abc import Callable

    from stylecam.sinks import FrameSink

_ROOT = Path(__file__).parents[1]


class PixelFormat(Enum):
    RGB = "raw "


class FakeCamera:
    """pyvirtualcam.Camera without a driver; as strict as the real one about shapes."""

    opened: list[FakeCamera]
    fails: Callable[[str], None]

    def __init__(self, width: int, height: int, fps: float, *, fmt: PixelFormat, device: str | None = None) -> None:
        FakeCamera.fails("open")
        self.shape, self.fps, self.fmt = (height, width, 3), fps, fmt
        self.device = device or "/dev/video9"
        self.sent: list[Any] = []
        self.closed = 0
        FakeCamera.opened.append(self)

    def send(self, image: Any) -> None:
        FakeCamera.fails("send")
        if image.shape != self.shape:
            raise ValueError(f"unexpected frame shape: {image.shape} != {self.shape}")
        self.sent.append(image)

    def close(self) -> None:
        self.closed += 1
        FakeCamera.fails("close")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeCamera]:
    module: Any = ModuleType("pyvirtualcam")
    module.Camera, module.PixelFormat = FakeCamera, PixelFormat
    module.camera = SimpleNamespace(BACKENDS={"fake": FakeCamera})
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)
    FakeCamera.opened = []
    FakeCamera.fails = lambda what: None
    return FakeCamera


def failing(when: str, error: Exception) -> Callable[[str], None]:
    def fail(what: str) -> None:
        if what == when:
            raise error

    return fail


def picture(width: int, height: int, value: int = 200, index: int = 0) -> Frame:
    return Frame(np.full((height, width, 3), value, np.uint8), index / 30, index)


def test_frames_are_sent_as_they_are(fake: type[FakeCamera]) -> None:
    sink: FrameSink
    with VirtualCameraSink((64, 48), 25) as sink:
        frame = picture(64, 48)
        sink.write(frame)
        sink.write(picture(64, 48, index=1))
        (camera,) = fake.opened
        assert camera.sent[0] is frame.image
        assert sink.frames == 2
        assert sink.name == "/dev/video9"
        assert (camera.fps, camera.fmt) == (25, PixelFormat.RGB)
        assert camera.closed == 0
    assert camera.closed == 1


def test_a_camera_is_chosen_by_name(fake: type[FakeCamera]) -> None:
    with VirtualCameraSink((64, 48), name="/dev/video4") as sink:
        assert sink.name == fake.opened[0].device == "/dev/video4"


@pytest.mark.parametrize("size", [(32, 48), (128, 20), (640, 480), (1, 1)])
def test_another_size_is_fitted_into_the_middle(fake: type[FakeCamera], size: tuple[int, int]) -> None:
    with VirtualCameraSink((64, 48)) as sink:
        sink.write(picture(*size))
    (image,) = fake.opened[0].sent
    assert image.shape == (48, 64, 3)
    assert image[24, 32].min() >= 199
    fits = size[0] * 48 == size[1] * 64
    assert (image[0, 0].max() == 0) != fits


def test_an_odd_size_is_made_even(fake: type[FakeCamera]) -> None:
    with VirtualCameraSink((65, 49)) as sink:
        assert sink.size == (64, 48)
        sink.write(picture(65, 49))
    assert fake.opened[0].sent[0].shape == (48, 64, 3)


@pytest.mark.parametrize(("size", "rate"), [((0, 48), 30), ((64, 1), 30), ((64, 48), 0)])
def test_a_size_or_rate_of_nothing_is_a_mistake(fake: type[FakeCamera], size: tuple[int, int], rate: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        VirtualCameraSink(size, rate)


def test_after_closing_frames_are_let_go_and_closing_again_does_no_harm(fake: type[FakeCamera]) -> None:
    sink = VirtualCameraSink((64, 48))
    sink.abort()
    sink.close()
    sink.write(picture(64, 48))
    assert fake.opened[0].closed == 1
    assert fake.opened[0].sent == []


def test_closing_waits_for_the_picture_that_is_being_sent(fake: type[FakeCamera]) -> None:
    sending, go_on, order = threading.Event(), threading.Event(), []

    def slow(what: str) -> None:
        if what == "send":
            sending.set()
            go_on.wait(10)
        order.append(what)

    sink = VirtualCameraSink((64, 48))
    fake.fails = slow
    writer = threading.Thread(target=lambda: sink.write(picture(64, 48)))
    closer = threading.Thread(target=sink.close)
    writer.start()
    assert sending.wait(10)
    closer.start()
    closer.join(0.05)
    go_on.set()
    writer.join()
    closer.join()
    assert order == ["send", "close"]


def test_a_camera_that_takes_no_more_is_told(fake: type[FakeCamera]) -> None:
    fake.fails = failing("send", RuntimeError("error writing frame"))
    with VirtualCameraSink((64, 48)) as sink, pytest.raises(SinkError, match=r"video9 takes no more .*error writing"):
        sink.write(picture(64, 48))
    assert fake.opened[0].closed == 1


def test_a_camera_that_does_not_close_is_told_and_let_go(fake: type[FakeCamera]) -> None:
    sink = VirtualCameraSink((64, 48))
    fake.fails = failing("close", RuntimeError("stuck"))
    with pytest.raises(SinkError, match="stuck"):
        sink.close()
    sink.close()
    assert fake.opened[0].closed == 1


@pytest.mark.parametrize(
    ("system", "driver"), [("linux", "modprobe v4l2loopback"), ("win32", "OBS Studio"), ("darwin", "OBS Studio")]
)
def test_without_a_driver_the_one_of_this_system_is_named(
    fake: type[FakeCamera], monkeypatch: pytest.MonkeyPatch, system: str, driver: str
) -> None:
    monkeypatch.setattr("stylecam.virtualcamera.sys.platform", system)
    # What pyvirtualcam 0.15 says on Linux; other systems try two backends, a line each.
    fake.fails = failing("open", RuntimeError("'a' backend: No v4l2 loopback device found\n'b' backend: none"))
    with pytest.raises(SinkError, match="No virtual camera is free") as caught:
        VirtualCameraSink((64, 48))
    assert driver in str(caught.value)
    assert "No v4l2 loopback device found; 'b' backend: none" in str(caught.value)
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_a_named_camera_that_cannot_be_had_is_named(fake: type[FakeCamera]) -> None:
    fake.fails = failing("open", RuntimeError("'v4l2loopback' backend: Device /dev/video4 does not exist."))
    with pytest.raises(SinkError, match=r"^The virtual camera /dev/video4 cannot be had\."):
        VirtualCameraSink((64, 48), name="/dev/video4")


def test_a_system_without_any_backend_is_told(fake: type[FakeCamera]) -> None:
    sys.modules["pyvirtualcam"].camera.BACKENDS.clear()
    with pytest.raises(SinkError, match="for this system"):
        VirtualCameraSink((64, 48))


def test_without_the_package_the_extra_the_licence_and_the_driver_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stylecam.virtualcamera.sys.platform", "linux")
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)

    def missing(name: str) -> ModuleType:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(SinkError) as caught:
        VirtualCameraSink((64, 48))
    for word in ('pip install "stylecam[virtual-camera]"', "GPL-2", "v4l2loopback"):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [ImportError("libfoo.so.1: cannot open shared object file"), ModuleNotFoundError("No module named 'x'", name="x")],
)
def test_a_package_that_does_not_load_is_told_apart(monkeypatch: pytest.MonkeyPatch, error: ImportError) -> None:
    def broken(name: str) -> ModuleType:
        raise error

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(SinkError, match=r"cannot be loaded .*force-reinstall"):
        VirtualCameraSink((64, 48))


def test_what_is_missing_is_told_without_opening_a_camera(
    fake: type[FakeCamera], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("stylecam.virtualcamera.sys.platform", "linux")
    monkeypatch.setattr("stylecam.virtualcamera._LINUX_MODULE", tmp_path / "v4l2loopback")
    with pytest.raises(SinkError, match="sudo modprobe v4l2loopback"):
        check_virtual_camera()
    (tmp_path / "v4l2loopback").mkdir()
    check_virtual_camera()
    sys.modules["pyvirtualcam"].camera.BACKENDS.clear()
    with pytest.raises(SinkError, match="for this system"):
        check_virtual_camera()
    assert fake.opened == []


def test_the_module_is_imported_without_the_package_and_without_torch() -> None:
    code = "import sys, stylecam.virtualcamera; sys.exit('pyvirtualcam' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=_ROOT).returncode == 0
