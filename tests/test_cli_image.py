from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stylecam.cli import main
from stylecam.errors import DiskFullError, SinkError
from stylecam.pictures import Picture, read_picture, write_picture
from stylecam.styles import StyleLibrary
from stylecam.stylizer import Stylizer
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _style(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tiny_style(tmp_path / "styles" / "tiny.safetensors")
    monkeypatch.setenv("STYLECAM_STYLES", str(tmp_path / "styles"))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    write_picture(tmp_path / "photo.png", Picture(pixels))
    return tmp_path / "photo.png"


@pytest.fixture
def holiday(tmp_path: Path, photo: Path) -> Path:
    """Two pictures, a broken one, and a note."""
    folder = tmp_path / "holiday"
    for name in ("a.png", "b.jpg"):
        write_picture(folder / name, read_picture(photo))
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    (folder / "notes.txt").write_text("not a picture")
    return folder


def run(*arguments: object) -> int:
    return main(["image", *map(str, arguments), "--style", "tiny", "--device", "cpu"])


def test_one_picture_is_painted_as_the_library_paints_it(
    tmp_path: Path, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(photo, "-o", tmp_path / "out.png") == 0
    output = capsys.readouterr()
    assert output.out == f"{tmp_path / 'out.png'}\n"
    assert "tiny" in output.err.lower()  # what paints, and where
    expected = Stylizer(StyleLibrary()["tiny"], device="cpu")(read_picture(photo).image)
    assert np.array_equal(read_picture(tmp_path / "out.png").image, expected)


def test_quiet_says_nothing_and_strength_and_size_are_obeyed(
    tmp_path: Path, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(photo, "-o", tmp_path / "out.png", "--strength", 0, "--size", "16x16", "-q") == 0
    assert capsys.readouterr() == ("", "")
    assert np.array_equal(read_picture(tmp_path / "out.png").image, read_picture(photo).image)


def test_a_folder_becomes_a_folder_and_what_cannot_be_read_is_named(
    tmp_path: Path, holiday: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(holiday, "-o", tmp_path / "painted") == 8
    output = capsys.readouterr()
    assert output.out.splitlines() == [str(tmp_path / "painted" / name) for name in ("a.png", "b.jpg")]
    assert "broken.png" in output.err
    assert sorted(p.name for p in (tmp_path / "painted").iterdir()) == ["a.png", "b.jpg"]


def test_json_lists_what_was_done_and_what_was_not(
    tmp_path: Path, holiday: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(holiday, "-o", tmp_path / "painted", "--json") == 8
    report = json.loads(capsys.readouterr().out)
    assert [entry["output"] for entry in report["outputs"]] == [
        str(tmp_path / "painted" / name) for name in ("a.png", "b.jpg")
    ]
    assert [entry["source"] for entry in report["skipped"]] == [str(holiday / "broken.png")]


def test_nothing_done_is_the_reasons_own_exit_code(
    tmp_path: Path, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "absent.png", "-o", tmp_path / "out.png") == 3
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: cannot open")
    assert run(tmp_path / "x.png", tmp_path / "y.png", "-o", tmp_path / "painted") == 3
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "empty", "-o", tmp_path / "painted") == 3
    (tmp_path / "there.png").write_text("kept")
    assert run(photo, "-o", tmp_path / "there.png") == 4
    assert (tmp_path / "there.png").read_text() == "kept"
    assert run(photo, "-o", tmp_path / "there.png", "-f") == 0
    assert run(photo, "-o", photo, "-f") == 4
    assert main(["image", str(photo), "-o", str(tmp_path / "o.png"), "--style", "tinny"]) == 5
    assert "did you mean 'tiny'" in capsys.readouterr().err


def test_usage_that_makes_no_sense_is_refused(tmp_path: Path, photo: Path) -> None:
    assert run(photo, photo, "-o", tmp_path / "one.png") == 2
    assert run(tmp_path, "-o", tmp_path / "one.png") == 2
    assert run(photo, "-o", tmp_path / "out.gif") == 2
    assert run(photo, "-o", tmp_path / "o.png", "--size", "8x8") == 2
    assert run(photo, "-o", tmp_path / "o.png", "--strength", 2) == 2
    assert run(photo) == 2
    assert not (tmp_path / "o.png").exists()


def test_two_pictures_of_one_name_do_not_overwrite_each_other(
    tmp_path: Path, holiday: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(tmp_path / "other" / "a.png", Picture(np.zeros((20, 20, 3), np.uint8)))
    assert run(holiday / "a.png", tmp_path / "other" / "a.png", "-o", tmp_path / "painted", "--force") == 8
    assert "rename one of the two" in capsys.readouterr().err
    assert read_picture(tmp_path / "painted" / "a.png").size == (32, 24)


def test_nothing_slow_is_loaded_when_no_output_can_be_written(
    tmp_path: Path, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["stylecam.cli.image"]  # the package's attribute of that name is the command
    monkeypatch.setattr(module, "load_stylizer", lambda *_a, **_k: pytest.fail("loaded"))
    (tmp_path / "there.png").write_text("kept")
    assert run(photo, "-o", tmp_path / "there.png") == 4


def test_a_full_disk_ends_the_whole_call(tmp_path: Path, holiday: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []

    def full(*arguments: object, **_options: object) -> None:
        tried.append(arguments)
        raise DiskFullError("no room")

    monkeypatch.setattr("stylecam.pictures.stylize_picture", full)
    assert run(holiday, "-o", tmp_path / "painted") == SinkError.exit_code
    assert len(tried) == 1


def test_no_bar_is_drawn_where_nobody_looks(tmp_path: Path, holiday: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not sys.stderr.isatty()
    run(holiday, "-o", tmp_path / "painted")
    assert "painting" not in capsys.readouterr().err.replace(str(tmp_path), "")
