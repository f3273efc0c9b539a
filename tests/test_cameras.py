"""Which cameras there are, and which one is meant, without one being there."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import cv2
import cv2_enumerate_cameras
import numpy as np
import pytest

from stylecam import cameras
from stylecam.cameras import CameraFault, CameraInfo, LocalCamera, find_camera, list_cameras
from stylecam.errors import CameraError
from stylecam.livesource import Problem

if TYPE_CHECKING:
    from pathlib import Path


def _listed(monkeypatch: pytest.MonkeyPatch, *found: tuple[str, str, int, int | None, int | None]) -> None:
    """Let the system know these cameras: path, name, index, VID, PID."""
    infos = [SimpleNamespace(path=p, name=n, index=i, vid=v, pid=q) for p, n, i, v, q in found]
    monkeypatch.setattr(cv2_enumerate_cameras, "enumerate_cameras", lambda backend: infos)
    monkeypatch.setattr(cv2_enumerate_cameras, "supported_backends", (cv2.CAP_V4L2,))
    monkeypatch.setattr(cameras.sys, "platform", "linux")


_TWO = (("/dev/video0", "Front", 0, 0x46D, 0x82D), ("/dev/video2", "Desk", 2, 0x1, 0x2))


def test_an_id_stays_while_numbers_change(monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(monkeypatch, *_TWO)
    before = {camera.name: camera.id for camera in list_cameras()}
    _listed(monkeypatch, ("/dev/video0", "Desk", 0, 0x1, 0x2), ("/dev/video4", "Front", 4, 0x46D, 0x82D))
    assert {camera.name: camera.id for camera in list_cameras()} == before


def test_two_of_a_kind_have_different_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(monkeypatch, ("/dev/video0", "Cam", 0, 1, 2), ("/dev/video2", "Cam", 2, 1, 2))
    first, second = list_cameras()
    assert first.id != second.id
    assert (first.index, second.index) == (0, 2)


def test_on_linux_the_id_is_udev_s_link(tmp_path: Path) -> None:
    node = tmp_path / "video7"
    node.touch()
    folder = tmp_path / "by-id"
    folder.mkdir()
    (folder / "usb-Maker_Model_123-video-index0").symlink_to(node)
    assert cameras._link_to(str(node), folder) == str(folder / "usb-Maker_Model_123-video-index0")
    assert cameras._link_to(str(tmp_path / "video8"), folder) is None
    assert cameras._link_to(str(node), tmp_path / "none") is None
    assert cameras._name_in("/dev/v4l/by-id/usb-Maker_Model_123-video-index0") == "Maker Model 123"


def test_a_camera_is_found_by_id_name_part_of_it_or_number(monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(monkeypatch, *_TWO)
    desk = next(camera for camera in list_cameras() if camera.name == "Desk")
    for wanted in (desk.id, "Desk", "des", "1"):
        assert find_camera(wanted) == LocalCamera(desk.id, "Desk")
    assert find_camera().name == "Front"


def test_a_name_that_is_not_there_lists_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(monkeypatch, *_TWO)
    with pytest.raises(CameraError, match="no camera is called 'Back'. There are 0: Front, 1: Desk"):
        find_camera("Back")
    _listed(monkeypatch, ("/dev/video0", "Cam A", 0, 1, 2), ("/dev/video2", "Cam B", 2, 1, 3))
    with pytest.raises(CameraError, match="several cameras are called 'cam'"):
        find_camera("cam")
    _listed(monkeypatch)
    with pytest.raises(CameraError, match="No camera was found"):
        find_camera()


def test_a_remembered_camera_that_is_away_is_waited_for_and_no_other_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(monkeypatch, *_TWO)
    camera = find_camera("/dev/v4l/by-id/usb-Maker_Good_Cam-video-index0")
    assert camera.name == "Maker Good Cam"
    with pytest.raises(CameraFault) as fault:
        camera.open()
    assert fault.value.problem is Problem.missing


class _FakeCapture:
    """What OpenCV would give."""

    def __init__(self, *images: Any, opens: bool = True) -> None:
        self._images = list(images)
        self._opens = opens
        self._grabbed: Any = None
        self.released = False

    def isOpened(self) -> bool:  # noqa: N802
        return self._opens

    def grab(self) -> bool:
        self._grabbed = self._images.pop(0) if self._images else None
        return self._grabbed is not None

    def retrieve(self) -> tuple[bool, Any]:
        return True, self._grabbed

    def set(self, *_: int) -> bool:
        return True

    def release(self) -> None:
        self.released = True


def _openable(monkeypatch: pytest.MonkeyPatch, capture: _FakeCapture, *, may: bool = True) -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(cameras.cv2, "VideoCapture", lambda *args: calls.append(args) or capture)
    monkeypatch.setattr(cameras.os, "access", lambda *_: may)
    return calls


def test_mjpg_is_asked_for_first_and_pictures_come_as_rgb(monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(monkeypatch, *_TWO)
    bgr = np.zeros((4, 6, 3), np.uint8)
    bgr[..., 0] = 200
    capture = _FakeCapture(bgr)
    calls = _openable(monkeypatch, capture)
    handle = find_camera("Desk").open()
    image, at = handle.read()
    assert (image[..., 2] == 200).all()
    assert (image[..., 0] == 0).all()
    assert at > 0
    assert calls[0][:2] == (2, cv2.CAP_V4L2)
    assert calls[0][2][:2] == (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    handle.close()
    assert capture.released


def test_refused_pictures_are_forgiven_twice_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(monkeypatch, *_TWO)
    good = np.full((4, 6, 3), 9, np.uint8)
    _openable(monkeypatch, _FakeCapture(None, None, good, None, None, None))
    handle = find_camera("Desk").open()
    assert (handle.read()[0] == 9).all()
    with pytest.raises(CameraFault) as fault:
        handle.read()
    assert fault.value.problem is Problem.disconnected


@pytest.mark.parametrize(
    ("platform", "may", "problem"),
    [("linux", True, Problem.busy), ("linux", False, Problem.denied), ("darwin", True, Problem.denied)],
)
def test_why_it_cannot_be_opened(platform: str, may: bool, problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(monkeypatch, *_TWO)
    camera = find_camera("Desk")
    monkeypatch.setattr(cameras, "list_cameras", lambda: [CameraInfo(camera.id, "Desk", 2, cv2.CAP_V4L2)])
    monkeypatch.setattr(cameras.sys, "platform", platform)
    _openable(monkeypatch, _FakeCapture(opens=False), may=may)
    with pytest.raises(CameraFault) as fault:
        camera.open()
    assert fault.value.problem is problem


def test_this_machine_s_own_cameras_can_be_listed() -> None:
    """Whatever there is here, nothing fails, and every id is there once."""
    found = list_cameras()
    assert len({camera.id for camera in found}) == len(found)
    if not os.path.exists("/dev/video0"):
        assert found == [] or all(camera.name for camera in found)
