"""`stylecam doctor`: each check with its failure faked, and the command around them."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import sys
import tempfile
from collections import namedtuple
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

import stylecam.gui.app
from stylecam import devices, doctor, doctorfiles
from stylecam.bundled import bundled_path
from stylecam.cli import main
from stylecam.devices import Device
from stylecam.doctor import CHECKS, examine
from stylecam.errors import DeviceError, StyleError
from stylecam.findings import Finding
from stylecam.gui.settings import Settings, save_settings, settings_path
from stylecam.styles import user_styles_folder
from stylecam.stylizer import Stylizer
from stylecam.videofiles import part_path
from tests.hardware import REFUSING, WORKING, install
from tests.tiny import spoil_weights, write_tiny_style

if TYPE_CHECKING:
    from collections.abc import Callable

    from stylecam.encoders import Encoder


def found(name: str) -> Finding:
    """What the check of this name comes to."""
    (finding,) = examine([check for check in CHECKS if check[0] == name])
    assert finding.name == name
    assert bool(finding.remedy) == (finding.state != "good")
    return finding


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for bundled files that holds one sound style."""
    write_tiny_style(tmp_path / "assets" / "styles" / "wave.safetensors")
    for module in (doctor, doctorfiles):
        monkeypatch.setattr(module, "bundled_path", lambda relative: tmp_path / "assets" / relative)
    return tmp_path / "assets"


def test_an_installation_that_is_sound_passes_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    save_settings(Settings(theme="dark"))
    findings = list(examine())
    assert [finding.name for finding in findings] == [name for name, _, _ in CHECKS]
    # Whether there is a graphics card that goes unused, or little room, is the tester's.
    assert {finding.name for finding in findings if finding.state != "good"} <= {"torch", "folders"}


def test_an_exception_is_that_check_s_finding_and_the_others_are_made() -> None:
    checks = [
        ("first", raising(ZeroDivisionError("by\nnothing")), "mend it"),
        ("second", raising(StyleError("The style is ill.")), "train it"),
        ("third", lambda: Finding("third", "good", "well"), ""),
    ]
    assert list(examine(checks)) == [
        Finding("first", "bad", "ZeroDivisionError: by nothing", "mend it"),
        Finding("second", "bad", "The style is ill.", "train it"),
        Finding("third", "good", "well"),
    ]


@pytest.mark.parametrize(
    ("check", "module", "package"),
    [
        ("torch", "stylecam.devices", "torch"),
        ("painting", "stylecam.stylizer", "torch"),
        ("opencv", "stylecam.opencv", "opencv-python-headless"),
        ("video", "av", "av"),
        ("encoders", "stylecam.encoders", "av"),
        ("styles", "stylecam.styles", "stylecam"),
    ],
)
def test_a_library_that_cannot_be_loaded_is_told_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, check: str, module: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    finding = found(check)
    assert (finding.state, "ModuleNotFoundError" in finding.words) == ("bad", True)
    assert finding.remedy.startswith("python -m pip install")
    assert package in finding.remedy


def test_a_card_that_is_not_used_is_worth_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    processor = Device("cpu", None, "CPU", "no CUDA device found: this build of torch has no GPU support")
    monkeypatch.setattr(devices, "choose_device", lambda: processor)
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/" + name)
    finding = found("torch")
    assert finding.state == "note"
    assert "this build of torch has no GPU support" in finding.words
    assert "pytorch.org" in finding.remedy
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert found("torch").state == "good"


def test_a_picture_is_painted_and_timed(bundled: Path) -> None:
    finding = found("painting")
    assert finding.state == "good"
    assert finding.words.startswith("wave painted 64×48 in ")


def test_a_painting_of_one_colour_and_no_style_at_all_do_not_pass(
    bundled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stylizer, "__call__", lambda self, image: np.full_like(image, 7))
    assert "one flat colour" in found("painting").words
    (bundled / "styles" / "wave.safetensors").unlink()
    finding = found("painting")
    assert (finding.state, finding.words) == ("bad", "there is no bundled style to paint with")


def test_two_builds_of_opencv_are_told_with_how_to_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    there = ["opencv-python-headless", "opencv-python"]
    monkeypatch.setattr(importlib.metadata, "distributions", lambda name: [name] if name in there else [])
    finding = found("opencv")
    assert finding.state == "bad"
    assert "opencv-python-headless and opencv-python are installed at once" in finding.words
    assert finding.remedy == (
        "python -m pip uninstall -y opencv-python-headless opencv-python; "
        "python -m pip install --force-reinstall opencv-python-headless"
    )
    there.pop(0)
    assert found("opencv").state == "note"


def test_a_qt_that_crashes_is_told_with_the_version_to_take(monkeypatch: pytest.MonkeyPatch) -> None:
    crashes = DeviceError("PySide6 6.12.0 crashes with Python 3.11. Install an older one.")
    monkeypatch.setattr(stylecam.gui.app, "check_qt", raising(crashes))
    finding = found("qt")
    assert (finding.state, finding.words) == ("bad", "PySide6 6.12.0 crashes with Python 3.11")
    assert finding.remedy == 'python -m pip install "pyside6-essentials<6.12"'


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("No module named 'PySide6'", 'python -m pip install "pyside6-essentials"'),
        ("libEGL.so.1: cannot open shared object file", "sudo apt install libegl1"),
    ],
)
def test_a_qt_that_cannot_be_loaded_is_told_with_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, error: str, remedy: str
) -> None:
    broken: Any = ModuleType("stylecam.gui.app")
    broken.__getattr__ = raising(ImportError(error))
    monkeypatch.setitem(sys.modules, "stylecam.gui.app", broken)
    finding = found("qt")
    assert finding.state == "bad"
    assert error in finding.words
    assert finding.remedy.startswith(remedy)


def test_no_screen_is_said_and_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    finding = found("screen")
    assert finding.state == "note"
    assert "there is no screen" in finding.words


def test_a_library_that_the_platform_plugin_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    lacks = DeviceError("Qt lacks a system library (libxcb-cursor.so.0). On Debian or Ubuntu: sudo apt install it")
    monkeypatch.setattr(stylecam.gui.app, "check_display", raising(lacks))
    finding = found("screen")
    assert (finding.state, finding.words) == ("bad", "Qt lacks a system library (libxcb-cursor.so.0)")
    assert "libxcb-cursor0" in finding.remedy


def test_the_libraries_that_are_named_are_those_of_the_readme() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    named = doctor._LIBRARIES.removeprefix("sudo apt install ").split()
    assert len(named) > 10
    assert [library for library in named if library not in readme] == []


@pytest.mark.parametrize("codec", ["libx264", "aac"])
def test_an_encoder_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, codec: str) -> None:
    really = av.open

    def without(*arguments: Any, **options: Any) -> Any:
        container = really(*arguments, **options)

        def add_stream(name: str, **of_it: Any) -> Any:
            if name == codec:
                raise av.codec.codec.UnknownCodecError(name)
            return container.add_stream(name, **of_it)

        class Without:
            def __enter__(self) -> Any:
                return SimpleNamespace(add_stream=add_stream, mux=container.mux)

            def __exit__(self, *_: object) -> None:
                container.close()

        return Without()

    monkeypatch.setattr(av, "open", without)
    finding = found("video")
    assert finding.state == "bad"
    assert codec in finding.words


@pytest.mark.parametrize(
    ("hardware", "words"),
    [
        ((), "none in hardware, so x264 encodes"),
        ((REFUSING,), "none in hardware (libx264rgb: "),
        ((REFUSING, WORKING), "in hardware, for `stylecam video --encoder`: libx264 (Works)"),
    ],
    ids=["none", "refusing", "working"],
)
def test_encoders_in_hardware_are_told_and_none_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, hardware: tuple[Encoder, ...], words: str
) -> None:
    install(monkeypatch, *hardware)
    finding = found("encoders")
    assert finding.state == "good"
    assert words in finding.words


def test_a_damaged_bundled_style_is_a_failure_and_one_of_yours_a_note(bundled: Path) -> None:
    assert found("styles").state == "good"
    user_styles_folder().mkdir(parents=True)
    (user_styles_folder() / "mine.safetensors").write_bytes(b"?")
    finding = found("styles")
    assert finding.state == "note"
    assert "mine.safetensors" in finding.words
    (bundled / "styles" / "dots.safetensors").write_bytes(b"?")
    finding = found("styles")
    assert finding.state == "bad"
    assert "dots.safetensors" in finding.words
    shutil.rmtree(bundled / "styles")
    assert "there is no folder" in found("styles").words


def test_styles_whose_weights_are_damaged_are_told(bundled: Path) -> None:
    mine = write_tiny_style(user_styles_folder() / "mine.safetensors").path
    assert found("styles").state == "good"
    spoil_weights(mine)
    finding = found("styles")
    assert (finding.state, "mine.safetensors" in finding.words) == ("note", True)
    spoil_weights(bundled / "styles" / "wave.safetensors")
    finding = found("styles")
    assert finding.state == "bad"
    assert "holds values that are not finite" in finding.words


def test_a_file_where_a_folder_belongs_is_told() -> None:
    in_the_way = user_styles_folder().parents[1]
    in_the_way.write_bytes(b"")
    finding = found("folders")
    assert finding.state == "bad"
    assert finding.remedy.startswith(f'mv "{in_the_way}"')


def test_a_folder_that_cannot_be_written_to_is_told_and_none_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path.home()
    assert found("folders").state in ("good", "note")
    assert os.listdir(home) == []
    monkeypatch.setattr(tempfile, "TemporaryFile", raising(PermissionError(13, "Permission denied")))
    finding = found("folders")
    assert finding.state == "bad"
    assert f"{home} cannot be written to (Permission denied)" in finding.words


@pytest.mark.parametrize(("free", "state"), [(10e6, "bad"), (500e6, "note"), (5e9, "good")])
def test_little_room_is_told(monkeypatch: pytest.MonkeyPatch, free: float, state: str) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(free))
    finding = found("folders")
    assert finding.state == state
    assert f"{free / 1e9:.1f} GB are free" in finding.words


def test_settings_are_read_and_left_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("settings").words == "none yet"
    settings_path().parent.mkdir(parents=True)
    settings_path().write_bytes(b"{damaged")
    assert found("settings").state == "note"
    assert settings_path().read_bytes() == b"{damaged"
    assert os.listdir(settings_path().parent) == [settings_path().name]
    monkeypatch.setattr(Path, "read_bytes", raising(PermissionError(13, "Permission denied")))
    finding = found("settings")
    assert finding.state == "bad"
    assert "cannot be read (Permission denied)" in finding.words


def test_weights_for_training_that_are_missing_or_damaged_are_told(bundled: Path) -> None:
    finding = found("training")
    assert finding.state == "note"
    assert "528 MB" in finding.words
    path = bundled / "vgg16_features.safetensors"
    path.write_bytes(bundled_path("vgg16_features.safetensors").read_bytes()[:1000])
    assert found("training").state == "bad"


def test_what_a_crash_left_of_a_recording_is_told(tmp_path: Path) -> None:
    save_settings(Settings(recordings_folder=str(tmp_path)))
    assert found("recordings").state == "good"
    part_path(tmp_path / "holiday.mp4").write_bytes(b"?")
    finding = found("recordings")
    assert finding.state == "note"
    assert f"unfinished recordings in {tmp_path}: 'holiday.mp4'" in finding.words
    assert part_path(tmp_path / "holiday.mp4").exists()


FAILED = Finding("opencv", "bad", "two of them", "take one away")
NOTED = Finding("screen", "note", "none", "go on without")
PASSED = Finding("python", "good", "it runs")


@pytest.mark.parametrize(("findings", "code"), [([PASSED, NOTED], 0), ([PASSED, NOTED, FAILED], 1)])
def test_the_exit_code_says_whether_anything_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], findings: list[Finding], code: int
) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: iter(findings))
    assert main(["doctor"]) == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["✓ python: it runs", "! screen: none", "    go on without"]
    assert lines[3:] == (["✗ opencv: two of them", "    take one away"] if code else [])
    assert main(["doctor", "--json"]) == code
    report = json.loads(capsys.readouterr().out)
    assert (report["schema"], report["sound"]) == (1, code == 0)
    assert report["checks"][1] == {"name": "screen", "state": "note", "words": "none", "remedy": "go on without"}


def test_a_terminal_that_lacks_the_marks_is_given_plain_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: iter([PASSED, FAILED]))
    with (tmp_path / "out.txt").open("w", encoding="cp1252") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["doctor"]) == 1
    assert (tmp_path / "out.txt").read_text(encoding="cp1252").startswith("+ python: it runs\nx opencv: two of them\n")
