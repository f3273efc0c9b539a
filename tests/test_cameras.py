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
    monkeypatch.setattr(cv2_enumerate_cameras, "enumerate_cameras", lambda _: infos)
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


def test_a_camera_that_two_of_windows_backends_know_is_listed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _on_windows(monkeypatch)
    assert [(camera.name, camera.index, camera.backend) for camera in list_cameras()] == [
        ("Good Cam", 0, cv2.CAP_MSMF),
        ("OBS Virtual Camera", 0, cv2.CAP_DSHOW),
    ]


def test_what_the_first_backend_refuses_is_tried_with_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    _on_windows(monkeypatch)
    picture = np.full((4, 6, 3), 7, np.uint8)
    tried = []

    def open_capture(index: int, backend: int, _: Any = None) -> _FakeCapture:
        tried.append((index, backend))
        return _FakeCapture(picture, opens=backend == cv2.CAP_DSHOW)

    monkeypatch.setattr(cameras.cv2, "VideoCapture", open_capture)
    handle = find_camera("Good").open()
    assert (handle.read()[0] == 7).all()
    assert tried[0] == (0, cv2.CAP_MSMF)
    assert tried[-1] == (1, cv2.CAP_DSHOW)


def _on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    path = r"\\?\USB#VID_A108&PID_2240&MI_00#9&29803591&0&0000#{%s}\GLOBAL"
    known = {
        cv2.CAP_MSMF: [(path % "e5323777-f976-4f5b-9b55-b94699c46e44", "Good Cam", 0)],
        cv2.CAP_DSHOW: [
            ("", "OBS Virtual Camera", 0),
            (path.lower() % "65e8773d-8f56-11d0-a3b9-00a0c9223196", "Good Cam", 1),
        ],
    }
    monkeypatch.setattr(
        cv2_enumerate_cameras,
        "enumerate_cameras",
        lambda backend: [SimpleNamespace(path=p, name=n, index=i, vid=None, pid=None) for p, n, i in known[backend]],
    )
    monkeypatch.setattr(cv2_enumerate_cameras, "supported_backends", tuple(known))
    monkeypatch.setattr(cameras.sys, "platform", "win32")


def test_a_camera_is_found_by_id_name_part_of_it_or_number(monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(monkeypatch, *_TWO)
    desk = next(camera for camera in list_cameras() if camera.name == "Desk")
    for wanted in (desk.id, "Desk", "des", "1"):
        assert find_camera(wanted) == LocalCamera(desk.id, "Desk")
    assert find_camera().name == "Front"


def test_a_device_file_is_remembered_by_the_camera_s_id(monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(monkeypatch, *_TWO)
    monkeypatch.setattr(cameras, "is_node", lambda wanted, node: wanted == node)
    assert find_camera("/dev/video2") == LocalCamera(list_cameras()[1].id, "Desk")
    assert find_camera("/dev/video5").id == "/dev/video5"  # not there now; it is waited for


def test_a_name_may_hold_a_colon(monkeypatch: pytest.MonkeyPatch) -> None:
    """As most do on Linux; it must not be taken for an id, which would be waited for in vain."""
    _listed(monkeypatch, ("/dev/video0", "Integrated Camera: Integrated C", 0, 1, 2))
    assert find_camera("Integrated Camera: Integrated C").id == list_cameras()[0].id
    assert find_camera("camera: int").id == list_cameras()[0].id
    with pytest.raises(CameraError, match="no camera is called 'Other: Camera'"):
        find_camera("Other: Camera")


def test_a_name_goes_before_a_number_and_a_whole_one_before_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(
        monkeypatch, ("/dev/video0", "Cam", 0, 1, 2), ("/dev/video2", "Cam 2", 2, 1, 3), ("/dev/video4", "0", 4, 1, 4)
    )
    assert find_camera("Cam").name == "Cam"
    assert find_camera("0").name == "0"
    assert find_camera("1").name == "Cam 2"


def test_a_name_that_is_not_there_lists_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(monkeypatch, *_TWO)
    with pytest.raises(CameraError, match=r"no camera is called 'Back'\. There are 0: Front, 1: Desk"):
        find_camera("Back")
    _listed(monkeypatch, ("/dev/video0", "Cam A", 0, 1, 2), ("/dev/video2", "Cam B", 2, 1, 3))
    with pytest.raises(CameraError, match="several cameras are called 'cam'"):
        find_camera("cam")
    _listed(monkeypatch)
    with pytest.raises(CameraError, match="No camera was found"):
        find_camera()
    with pytest.raises(CameraError, match="No camera was found"):
        find_camera("Front")


def test_a_remembered_camera_that_is_away_is_waited_for_and_no_other_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(monkeypatch, *_TWO)
    camera = find_camera("/dev/v4l/by-id/usb-Maker_Good_Cam-video-index0")
    assert camera.name == "Maker Good Cam"
    with pytest.raises(CameraFault) as fault:
        camera.open()
    assert fault.value.problem is Problem.missing


class _FakeCapture:
    """What OpenCV would give: pictures, None for one that is refused, or an exception."""

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
        if isinstance(self._grabbed, Exception):
            raise self._grabbed
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


def test_pictures_that_are_none_are_refused_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(monkeypatch, *_TWO)
    good = np.full((4, 6, 3), 9, np.uint8)
    _openable(monkeypatch, _FakeCapture(np.zeros((0, 0, 3), np.uint8), np.zeros((4, 6), np.uint8), good))
    assert find_camera("Desk").open().read()[0].shape == (4, 6, 3)


def test_a_refusal_that_took_long_is_a_camera_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked three times, each with its timeout, it would hold up the search for it."""
    _listed(monkeypatch, *_TWO)
    capture = _FakeCapture(None, None, np.zeros((4, 6, 3), np.uint8))
    _openable(monkeypatch, capture)
    handle = find_camera("Desk").open()
    times = iter((0.0, 3.0, 6.0, 9.0))
    monkeypatch.setattr(cameras.time, "monotonic", lambda: next(times))
    with pytest.raises(CameraFault) as fault:
        handle.read()
    assert fault.value.problem is Problem.disconnected
    assert next(times) == 6.0


def test_opencv_s_own_errors_are_told_as_a_camera_s(monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(monkeypatch, *_TWO)
    _openable(monkeypatch, _FakeCapture(cv2.error("bad")))
    with pytest.raises(CameraFault) as fault:
        find_camera("Desk").open().read()
    assert fault.value.problem is Problem.unreadable
    assert isinstance(fault.value.__cause__, cv2.error)


@pytest.mark.parametrize(
    ("platform", "there", "may", "problem"),
    [
        ("linux", True, True, Problem.busy),
        ("linux", True, False, Problem.denied),
        ("linux", False, False, Problem.missing),
        ("darwin", False, True, Problem.denied),
        ("win32", False, True, Problem.busy),
    ],
)
def test_why_it_cannot_be_opened(
    platform: str, there: bool, may: bool, problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = CameraInfo("id-desk", "Desk", 2, cv2.CAP_V4L2)
    monkeypatch.setattr(CameraInfo, "node", str(tmp_path / "video2"))
    if there:
        (tmp_path / "video2").touch()
    monkeypatch.setattr(cameras, "_connected", lambda: {info.id: [info]})
    monkeypatch.setattr(cameras.sys, "platform", platform)
    _openable(monkeypatch, _FakeCapture(opens=False), may=may)
    with pytest.raises(CameraFault) as fault:
        LocalCamera(info.id, "Desk").open()
    assert fault.value.problem is problem


def test_this_machine_s_own_cameras_can_be_listed() -> None:
    """Whatever there is here, nothing fails, and every id is there once."""
    found = list_cameras()
    assert len({camera.id for camera in found}) == len(found)
    if not os.path.exists("/dev/video0"):
        assert found == [] or all(camera.name for camera in found)
