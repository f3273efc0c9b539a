from __future__ import annotations

import dataclasses
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stylecam.errors import SinkError
from stylecam.gui.settings import Settings, load_settings, save_settings, settings_path

_ROOT = Path(__file__).parents[2]

OTHER = Settings(
    source="rtsp://kitchen/1",
    camera_id="/dev/v4l/by-id/usb-cam",
    style="candy",
    mix="starry_night",
    mix_share=30,
    strength=80,
    steadiness=0,
    keep_colors=True,
    size="640x360",
    fps=30,
    device="cuda:1",
    exact=True,
    mirror=False,
    theme="dark",
    split=True,
    split_position=0.25,
    favourites=("candy", "mosaïque"),
    recent=("/videos/ü.mp4", "/videos/\udcff.mp4"),
    recordings_folder="/recordings",
    window_geometry="AdnQywAD",
    live_pictures=True,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stylecam" / "settings.json"


def write(path: Path, content: str | bytes | dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, dict):
        content = json.dumps(content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_the_example_differs_from_the_defaults_in_every_field() -> None:
    same = [f.name for f in dataclasses.fields(Settings) if getattr(OTHER, f.name) == getattr(Settings(), f.name)]
    assert same == ["version", "unknown"]


def test_without_a_file_there_are_the_defaults_and_nothing_to_say(path: Path) -> None:
    assert load_settings(path) == (Settings(), None)
    assert not path.parent.exists()


def test_every_field_survives(path: Path) -> None:
    save_settings(OTHER, path)
    assert load_settings(path) == (OTHER, None)


def test_the_usual_place_is_the_user_s_own() -> None:
    save_settings(OTHER)
    assert settings_path() == Path.home() / "config" / "stylecam" / "settings.json"
    assert load_settings() == (OTHER, None)


def test_recordings_go_to_the_folder_chosen_or_into_the_videos() -> None:
    assert Settings().recordings_path == Path.home() / "Videos" / "stylecam"
    assert OTHER.recordings_path == Path("/recordings")


@pytest.mark.parametrize("backup", [True, False])
def test_random_bytes_are_set_aside_and_the_backup_takes_their_place(path: Path, backup: bool) -> None:
    if backup:
        save_settings(OTHER, path)
        save_settings(dataclasses.replace(OTHER, strength=1), path)
    rubbish = random.Random(1).randbytes(500)
    write(path, rubbish)
    settings, notice = load_settings(path)
    assert settings == (OTHER if backup else Settings())
    (aside,) = path.parent.glob("settings.bad-*.json")
    assert aside.read_bytes() == rubbish
    assert notice is not None
    assert aside.name in notice
    # Nothing more to say the next time, and the backup was not used up.
    assert load_settings(path) == (settings, None)


def test_a_hundred_kinds_of_rubbish_never_raise(path: Path) -> None:
    rng = random.Random(2)
    good = json.dumps({f.name: getattr(OTHER, f.name) for f in dataclasses.fields(OTHER) if f.name != "unknown"})
    for _ in range(100):
        data = bytearray(good.encode())
        for _ in range(rng.randrange(1, 20)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        write(path, bytes(data))
        settings, _ = load_settings(path)
        save_settings(settings, path)
        assert load_settings(path) == (settings, None)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        '{"strength": 10, "sty',
        "[]",
        "null",
        '"text"',
        "[" * 100_000,
        '{"strength": ' + "9" * 5000 + "}",
        "{}" + " " * 1_000_000,
        b"\xff\xfe\x00",
    ],
    ids=["empty", "brace", "half", "list", "null", "text", "deep", "digits", "large", "no-utf8"],
)
def test_what_is_no_settings_file_is_set_aside(path: Path, content: str | bytes) -> None:
    write(path, content)
    settings, notice = load_settings(path)
    assert settings == Settings()
    assert notice is not None
    assert "damaged" in notice
    assert len(list(path.parent.glob("settings.bad-*.json"))) == 1


def test_files_set_aside_on_one_day_are_all_kept(path: Path) -> None:
    for number in range(3):
        write(path, f"rubbish {number}")
        load_settings(path)
    assert {file.read_text() for file in path.parent.glob("settings.bad-*.json")} == {f"rubbish {n}" for n in range(3)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", 0),
        ("version", "one"),
        ("source", 5),
        ("source", "a" * 5000),
        ("style", None),
        ("style", "a\0b"),
        ("mix_share", 101),
        ("strength", "80"),
        ("strength", 80.5),
        ("strength", -1),
        ("strength", 10**300),
        ("steadiness", True),
        ("keep_colors", 1),
        ("keep_colors", "no"),
        ("size", "0x0"),
        ("size", "640x360x2"),
        ("size", "640x360\n"),
        ("fps", 0),
        ("device", "toaster"),
        ("mirror", "false"),
        ("theme", "pink"),
        ("split_position", 1.5),
        ("split_position", float("nan")),
        ("split_position", float("inf")),
        ("split_position", True),
        ("favourites", "candy"),
        ("favourites", {"candy": 1}),
        ("window_geometry", "ä"),
        ("window_geometry", "A" * 10_000),
        ("live_pictures", []),
    ],
)
def test_one_wrong_field_costs_that_field_alone(path: Path, name: str, value: Any) -> None:
    write(path, {"strength": 70, "theme": "dark", name: value})
    settings, notice = load_settings(path)
    expected = {"strength": 70, "theme": "dark", name: getattr(Settings(), name)}
    assert settings == Settings(**expected)
    assert notice is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite_are_none(path: Path, number: str) -> None:
    write(path, f'{{"split_position": {number}, "strength": {number}, "new": [{number}], "theme": "dark"}}')
    settings, _ = load_settings(path)
    assert (settings.split_position, settings.strength, settings.theme) == (0.5, 100, "dark")
    save_settings(settings, path)
    assert load_settings(path)[0] == settings


def test_lists_keep_what_is_right_in_them_once_and_not_without_end(path: Path) -> None:
    write(path, {"favourites": ["candy", 5, None, "candy", "mosaic"], "recent": [str(n) for n in range(5000)]})
    settings, _ = load_settings(path)
    assert settings.favourites == ("candy", "mosaic")
    assert len(settings.recent) == 1000


def test_a_newer_stylecam_s_fields_and_version_come_through(path: Path) -> None:
    write(path, {"version": 7, "strength": 60, "hologram": {"depth": [1, 2.5, None]}, "unknown": "mine"})
    settings, notice = load_settings(path)
    assert (settings.version, settings.strength, notice) == (7, 60, None)
    save_settings(dataclasses.replace(settings, strength=61), path)
    written = json.loads(path.read_text())
    assert written["hologram"] == {"depth": [1, 2.5, None]}
    assert (written["version"], written["strength"], written["unknown"]) == (7, 61, "mine")


def test_a_damaged_file_never_becomes_the_backup(path: Path) -> None:
    save_settings(OTHER, path)
    save_settings(dataclasses.replace(OTHER, strength=1), path)
    write(path, "damaged while the window is open")
    save_settings(dataclasses.replace(OTHER, strength=2), path)
    write(path, "damaged again")
    assert load_settings(path)[0] == OTHER


def test_saving_the_same_again_keeps_the_backup_of_what_was_before(path: Path) -> None:
    save_settings(OTHER, path)
    save_settings(Settings(), path)
    save_settings(Settings(), path)
    write(path, "damaged")
    assert load_settings(path)[0] == OTHER


def test_a_file_that_cannot_be_read_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    settings, notice = load_settings(path)
    assert settings == Settings()
    assert notice is not None
    assert "cannot be read" in notice


def test_a_folder_that_cannot_be_made_is_told_on_saving(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match="cannot write"):
        save_settings(Settings(), tmp_path / "file" / "settings.json")


def test_no_kill_while_saving_loses_the_settings(path: Path) -> None:
    # Killed at each of the system calls that change the folder, one after another, until a save lives to its end.
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from stylecam.gui.settings import Settings, save_settings\n"
        "left = int(sys.argv[2])\n"
        "def hook(event, args):\n"
        "    global left\n"
        "    if event in ('open', 'os.rename', 'os.remove') and 'settings' in str(args[0]):\n"
        "        left -= 1\n"
        "        if left < 0: os._exit(9)\n"
        "sys.addaudithook(hook)\n"
        "save_settings(Settings(strength=int(sys.argv[3])), Path(sys.argv[1]))\n"
    )
    save_settings(Settings(strength=1), path)
    save_settings(Settings(strength=2), path)
    for moment in range(20):
        run = subprocess.run([sys.executable, "-c", code, str(path), str(moment), "3"], cwd=_ROOT)
        settings, notice = load_settings(path)
        assert settings.strength in (2, 3)
        assert notice is None
        write(path, "damaged after that")
        assert load_settings(path)[0].strength in (1, 2)
        if run.returncode == 0:
            break
        assert run.returncode == 9
        path.unlink()
        save_settings(Settings(strength=1), path)
        save_settings(Settings(strength=2), path)
    assert 4 <= moment < 20


def test_no_qt_is_needed() -> None:
    code = "import sys, stylecam.gui.settings; sys.exit('PySide6' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=_ROOT).returncode == 0
