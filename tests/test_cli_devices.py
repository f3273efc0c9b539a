"""`stylecam devices`: with cameras and a virtual camera of the test's own."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from stylecam import cameras, layouts, virtualcamera
from stylecam.architecture import ARCHITECTURES, VARIANTS
from stylecam.cameras import CameraFault, CameraInfo
from stylecam.cli import main
from stylecam.errors import SinkError
from stylecam.livesource import Problem
from tests.hardware import ABSENT, REFUSING, WORKING, install
from tests.test_virtualcamera import FakeCamera, fake

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["fake"]

DESK = CameraInfo("/dev/v4l/by-id/desk", "Desk", 0, 200)
BUSY = CameraInfo("/dev/v4l/by-id/busy", "Busy One", 2, 200)


class Handle:
    closed = 0

    def read(self) -> tuple[Any, float]:
        return np.zeros((480, 640, 3), np.uint8), 0.0

    def close(self) -> None:
        Handle.closed += 1


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two cameras, of which one is in use by another program; the ids of those that were opened."""
    opened: list[str] = []

    def open_camera(camera: cameras.LocalCamera) -> Handle:
        opened.append(camera.id)
        if camera.id == BUSY.id:
            raise CameraFault(Problem.busy)
        return Handle()

    Handle.closed = 0
    monkeypatch.setattr(cameras, "list_cameras", lambda: [DESK, BUSY])
    monkeypatch.setattr(cameras.LocalCamera, "open", open_camera)
    install(monkeypatch)
    return opened


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(virtualcamera.sys, "platform", "linux")
    monkeypatch.setattr(virtualcamera, "_LINUX_MODULE", tmp_path)
    return tmp_path


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["devices", "--json", *arguments]) == 0
    read: dict[str, Any] = json.loads(capsys.readouterr().out)
    return read


def test_devices_and_cameras_are_listed_and_nothing_is_opened(
    opened: list[str], fake: type[FakeCamera], driver: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = report(capsys)
    assert facts["schema"] == 1
    assert facts["auto"]["device"] in [device["label"] for device in facts["devices"] if device["usable"]]
    assert facts["auto"]["reason"]
    processor = facts["devices"][0]
    assert (processor["label"], processor["usable"]) == ("cpu", True)
    assert processor["cores"] >= 1
    assert facts["cameras"] == [{"id": DESK.id, "name": "Desk"}, {"id": BUSY.id, "name": "Busy One"}]
    assert facts["virtual_camera"] == {"available": True, "name": None, "problem": None}
    assert opened == []
    assert fake.opened == []


def test_asked_to_each_is_opened_closed_and_told_of(
    opened: list[str], fake: type[FakeCamera], driver: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = report(capsys, "--open")
    desk, busy = facts["cameras"]
    assert (desk["size"], desk["problem"]) == ([640, 480], None)
    assert busy["size"] is None
    assert "Busy One is used by another program" in busy["problem"]
    assert facts["virtual_camera"]["name"] == "/dev/video9"
    assert (opened, Handle.closed) == ([DESK.id, BUSY.id], 1)
    assert [camera.closed for camera in fake.opened] == [1]


def test_for_a_person_it_is_a_list(
    opened: list[str], fake: type[FakeCamera], driver: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices", "--open"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "networks run on"
    assert lines[1].startswith("  cpu     ")
    assert any(line.startswith("  auto    takes ") for line in lines)
    assert f"  Desk  ({DESK.id}): gives 640×480" in lines
    assert lines[-2:] == ["virtual camera", "  /dev/video9"]


def test_encoders_are_tried_and_the_reason_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, ABSENT, REFUSING, WORKING)
    refusing, working = report(capsys)["encoders"]
    assert working == {"name": "libx264", "title": "Works", "usable": True, "problem": None}
    assert (refusing["name"], refusing["usable"]) == ("libx264rgb", False)
    assert "not supported" in refusing["problem"]
    assert main(["devices"]) == 0
    lines = capsys.readouterr().out.splitlines()
    begin = lines.index("videos are encoded with")
    assert lines[begin + 1] == "  software           x264, on the processor"
    assert lines[begin + 2] == f"  libx264rgb         Refuses, cannot be used: {refusing['problem']}"
    assert lines[begin + 3] == "  libx264            Works"


def test_encoders_that_cannot_be_asked_for_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "stylecam.encoders", None)
    facts = report(capsys)
    assert facts["encoders"] == []
    assert "stylecam.encoders" in facts["encoders_problem"]
    assert main(["devices"]) == 0
    assert f"  {facts['encoders_problem']}" in capsys.readouterr().out.splitlines()


def test_what_cannot_be_listed_does_not_keep_the_rest_from_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> list[CameraInfo]:
        raise OSError("no bus")

    def missing() -> None:
        raise SinkError("The driver is missing.")

    monkeypatch.setattr(cameras, "list_cameras", fail)
    monkeypatch.setattr(virtualcamera, "check_virtual_camera", missing)
    assert main(["devices"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "networks run on"
    assert lines[-4:] == ["cameras", "  no bus", "virtual camera", "  The driver is missing."]


def test_without_a_camera_that_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cameras, "list_cameras", list)
    assert main(["devices"]) == 0
    assert "  none is connected" in capsys.readouterr().out.splitlines()


def test_a_driver_that_is_not_loaded_is_told_without_opening_anything(
    fake: type[FakeCamera], driver: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(virtualcamera, "_LINUX_MODULE", driver / "v4l2loopback")
    facts = report(capsys)["virtual_camera"]
    assert not facts["available"]
    assert "sudo modprobe v4l2loopback" in facts["problem"]
    assert fake.opened == []


def test_layouts_that_were_timed_before_are_told(
    opened: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(layouts, "layouts_path", lambda: tmp_path / "layouts.json")
    assert report(capsys)["layouts"] == []
    assert main(["devices"]) == 0
    assert "fastest layouts" not in capsys.readouterr().out
    model = "NVIDIA H100, compute capability 9.0, cuDNN 91900"
    first, second, *others = layouts.CANDIDATES
    times = {
        "fast": {first: 0.5, second: 0.25},
        "full": {first: 2.5, second: 3.0, **dict.fromkeys(others, 4.0)},
    }
    keys = {v: f"{model}, torch {torch.__version__}, {ARCHITECTURES[v]}, torch.float16" for v in VARIANTS}
    written = {"version": 1, "times": {keys[variant]: ms for variant, ms in times.items()}}
    (tmp_path / "layouts.json").write_text(json.dumps(written))
    fast, full = report(capsys)["layouts"]
    assert fast == {
        "model": model,
        "variant": "fast",
        "precision": "float16",
        "milliseconds": times["fast"],
        "fastest": second,
    }
    assert (full["variant"], full["fastest"]) == ("full", first)
    assert main(["devices"]) == 0
    lines = capsys.readouterr().out.splitlines()
    begin = lines.index("fastest layouts, as timed here with a picture of 640×480")
    assert lines[begin + 1] == f"  fast, float16: {second}, 0.25 ms, on {model}; 2 of 4 are timed so far"
    assert lines[begin + 2] == f"  full, float16: {first}, 2.50 ms, on {model}"
    assert lines[begin + 3] == "videos are encoded with"
