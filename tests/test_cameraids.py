"""Ids of cameras, on a machine whose folders are made up: what stays when cameras are plugged, unplugged and moved."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from stylecam import cameraids
from stylecam.cameraids import camera_ids, is_node, is_picture_node, looks_like_id, readable_name

if TYPE_CHECKING:
    from pathlib import Path


class _Machine:
    """Device files, udev's links to them, and what the kernel tells. A plugged camera's number is the next free one."""

    def __init__(self, folder: Path, *, udev: bool = True) -> None:
        self._folder = folder
        self._udev = udev
        self._cameras: dict[str, SimpleNamespace] = {}
        for name in ("dev", "dev/by-id", "dev/by-path", "sysfs", "bus"):
            (folder / name).mkdir()

    def plug(self, socket: str, name: str = "Cam", *, serial: str = "") -> SimpleNamespace:
        number = next(n for n in range(99) if not (self._folder / f"dev/video{n}").exists())
        node = self._folder / f"dev/video{number}"
        node.touch()
        sysfs = self._folder / "sysfs" / node.name
        sysfs.mkdir()
        (self._folder / "bus" / socket).mkdir(exist_ok=True)
        (sysfs / "device").symlink_to(self._folder / "bus" / socket)
        (sysfs / "index").write_text("0\n")
        camera = SimpleNamespace(path=str(node), name=name, vid=0x46D, pid=0x82D, serial=serial, socket=socket)
        self._cameras[socket] = camera
        self._link()
        return camera

    def unplug(self, socket: str) -> None:
        node = self._cameras.pop(socket).path
        sysfs = self._folder / "sysfs" / os.path.basename(node)
        for file in (sysfs / "index", sysfs / "device"):
            file.unlink()
        sysfs.rmdir()
        os.unlink(node)
        self._link()

    def ids(self) -> dict[str, str]:
        """By socket."""
        found = list(self._cameras.values())
        return dict(zip((camera.socket for camera in found), camera_ids(found), strict=True))

    def _link(self) -> None:
        """As udev does: one link by id for a model without serial numbers, whoever it leads to."""
        if not self._udev:
            return
        for kind in ("by-id", "by-path"):
            for link in (self._folder / "dev" / kind).iterdir():
                link.unlink()
        for camera in self._cameras.values():
            for kind, name in (
                ("by-id", f"usb-Maker_{camera.name}{camera.serial}-video-index0"),
                ("by-path", f"pci-0-usb-{camera.socket}-video-index0"),
            ):
                link = self._folder / "dev" / kind / name
                if not link.is_symlink():
                    link.symlink_to(camera.path)


@pytest.fixture(params=[True, False], ids=["udev", "no udev"])
def machine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Machine:
    monkeypatch.setattr(cameraids, "_DEVICES", f"{tmp_path}/dev/")
    monkeypatch.setattr(cameraids, "_BY_ID", tmp_path / "dev/by-id")
    monkeypatch.setattr(cameraids, "_BY_PATH", tmp_path / "dev/by-path")
    monkeypatch.setattr(cameraids, "_SYSFS", tmp_path / "sysfs")
    return _Machine(tmp_path, udev=request.param)


def test_an_id_stays_when_the_number_changes(machine: _Machine) -> None:
    machine.plug("1-1:1.0", "Front")
    before = machine.plug("1-2:1.0", "Desk")
    identity = machine.ids()["1-2:1.0"]
    machine.unplug("1-2:1.0")
    machine.unplug("1-1:1.0")
    after = machine.plug("1-2:1.0", "Desk")
    assert after.path != before.path
    assert machine.ids() == {"1-2:1.0": identity}
    assert os.path.basename(before.path) not in identity


def test_a_twin_does_not_take_the_place_of_one_that_is_unplugged(machine: _Machine) -> None:
    machine.plug("1-1:1.0")
    other = machine.plug("1-2:1.0")
    ids = machine.ids()
    assert len(set(ids.values())) == 2
    machine.unplug("1-1:1.0")
    assert ids["1-1:1.0"] not in machine.ids().values()
    assert not is_node(ids["1-1:1.0"], other.path)
    # And the one that stays is still found by what was remembered of it.
    assert machine.ids()["1-2:1.0"] == ids["1-2:1.0"] or is_node(ids["1-2:1.0"], other.path)
    machine.plug("1-1:1.0")
    assert machine.ids() == ids


@pytest.mark.parametrize("machine", [True], indirect=True)
def test_one_with_a_number_of_its_own_is_known_in_any_socket(machine: _Machine) -> None:
    machine.plug("1-1:1.0", serial="_A1")
    machine.plug("1-2:1.0", serial="_B2")
    ids = machine.ids()
    assert ids["1-1:1.0"].endswith("/by-id/usb-Maker_Cam_A1-video-index0")
    machine.unplug("1-1:1.0")
    machine.plug("2-4:1.0", serial="_A1")
    assert machine.ids()["2-4:1.0"] == ids["1-1:1.0"]


def test_a_path_to_the_device_file_means_the_camera_that_is_there_now(machine: _Machine) -> None:
    front = machine.plug("1-1:1.0", "Front")
    desk = machine.plug("1-2:1.0", "Desk")
    assert is_node(desk.path, desk.path)
    assert not is_node(desk.path, front.path)
    machine.unplug("1-2:1.0")
    assert not is_node(desk.path, desk.path)


def test_only_the_first_file_of_a_camera_that_may_not_be_opened_is_one_for_pictures(
    machine: _Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures, facts = machine.plug("1-1:1.0"), machine.plug("1-1:1.1")
    (tmp_path / "sysfs" / os.path.basename(facts.path) / "index").write_text("1\n")
    assert is_picture_node(facts.path)  # who may open it asks the device itself
    monkeypatch.setattr(cameraids.os, "access", lambda *_: False)
    assert is_picture_node(pictures.path)
    assert not is_picture_node(facts.path)
    assert is_picture_node(str(tmp_path / "dev/video77"))


def test_windows_paths_are_one_camera_s_for_both_of_its_interfaces_and_two_for_two_lenses() -> None:
    def identity(path: str) -> str:
        return camera_ids([SimpleNamespace(path=path, name="Cam", vid=0xA108, pid=0x2240)])[0]

    msmf, dshow = "{e5323777-f976-4f5b-9b55-b94699c46e44}", "{65E8773D-8F56-11D0-A3B9-00A0C9223196}"
    usb = r"\\?\usb#vid_a108&pid_2240&mi_00#9&29803591&0&0000"
    assert identity(rf"{usb}#{msmf}\global") == identity(rf"{usb.upper()}#{dshow}\GLOBAL")
    tablet = r"\\?\display#int3470#4&1835d135&0&uid13424"
    front, back = r"{5c2cd55c-92ad-4999-8666-912bd3e70010}", r"{5c2cd55c-92ad-4999-8666-912bd3e70020}"
    assert identity(rf"{tablet}#{msmf}\{front}") != identity(rf"{tablet}#{msmf}\{back}")
    assert identity(rf"{usb}#{msmf}\global").startswith("a108:2240:")


@pytest.mark.parametrize(
    ("text", "is_id"),
    [
        ("/dev/v4l/by-id/usb-Maker_Model_123-video-index0", True),
        ("046d:082d:1-1:1.0:0:Cam", True),
        ("Integrated Camera: Integrated C", False),
        ("Cam/Two", False),
        ("0", False),
    ],
)
def test_an_id_is_told_from_a_name(text: str, is_id: bool) -> None:
    assert looks_like_id(text) is is_id


def test_a_camera_that_is_away_is_called_something_readable() -> None:
    assert readable_name("/dev/v4l/by-id/usb-Maker_Model_123-video-index0") == "Maker Model 123"
    assert readable_name("046d:082d:1-1:1.0:0:Desk Cam+") == "Desk Cam"
    assert readable_name("/dev/") == "The camera"
