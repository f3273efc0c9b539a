from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from stylecam.architecture import ARCHITECTURES
from stylecam.cli import main, training_output
from stylecam.network import TransformerNet
from stylecam.pictures import Picture, read_picture, write_picture
from stylecam.styles import StyleLibrary, user_styles_folder
from tests.tiny import spoil_weights, write_tiny_style

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


RECORD = {
    "steps": 7,
    "fast": {"steps": 9, "seconds": 118, "photographs": 3, "held_out": {"content": 1.25, "style": 0.5}},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two styles and a damaged file; no bundled ones."""
    styles = tmp_path / "styles"
    write_tiny_style(styles / "wave.safetensors", title="[bold]The Wave", record=RECORD)
    write_tiny_style(styles / "dots.safetensors", variants=("fast", "full"))
    (styles / "broken.safetensors").write_bytes(b"?")
    monkeypatch.setenv("STYLECAM_STYLES", str(styles))
    monkeypatch.setattr("stylecam.styles.bundled_path", lambda relative: tmp_path / "bundled" / relative)
    return styles


def run(*arguments: object) -> int:
    return main(["styles", *map(str, arguments)])


def test_a_list_for_programs_has_tabs_and_names_the_damaged_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    output = capsys.readouterr()
    assert output.out == "dots\tDots\tfull, fast\tA Test\tCC0-1.0\nwave\t[bold]The Wave\tfast\tA Test\tCC0-1.0\n"
    assert output.err.startswith("skipped: 'broken.safetensors' cannot be used as a style")
    assert run("list", "-q") == 0
    assert capsys.readouterr().err == ""


def test_a_list_for_a_person_is_a_table_in_which_titles_are_no_markup(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert run("list") == 0
    output = capsys.readouterr().out
    assert "[bold]The Wave" in output
    assert "licence" in output
    assert "\t" not in output


def test_a_list_as_json_has_styles_and_problems(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [style["name"] for style in report["styles"]] == ["dots", "wave"]
    assert [problem["path"] for problem in report["problems"]] == [str(folder / "broken.safetensors")]


def test_show_tells_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "wave", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["record"] == RECORD
    assert facts["variants"] == ["fast"]
    assert run("show", "wave") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "title:         [bold]The Wave" in lines
    assert "steps:         7" in lines
    trained = "fast:          9 steps in 2 min on 3 photographs; held out: content 1.25, style 0.50"
    assert trained in lines


def test_show_tells_what_a_style_was_trained_from_and_what_it_mixes_with(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = {"fast": {**RECORD["fast"], "settings": {"base": "great_wave"}}}  # type: ignore[dict-item]
    write_tiny_style(folder / "mine.safetensors", base="candy", record=record)
    assert run("show", "mine") == 0
    output = capsys.readouterr().out
    assert "base:          candy: mixes with all that come from it\n" in output
    assert "fast:          from great_wave, 9 steps in 2 min on 3 photographs; held out: " in output
    assert run("show", "mine", "--json") == 0
    assert json.loads(capsys.readouterr().out)["base"] == "candy"


def test_show_of_no_such_style_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "waves") == 5
    assert capsys.readouterr().err == "error: no style is called 'waves': did you mean 'wave'? there are dots, wave\n"
    assert run("show", "broken") == 5
    assert run("show", "../../x") == 5


def test_a_checkpoint_is_imported_listed_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(TransformerNet(ARCHITECTURES["full"]).state_dict(), tmp_path / "mosaic.pth")
    command = ("import", tmp_path / "mosaic.pth", "--name", "mosaic", "--licence", "BSD-3-Clause")
    assert run(*command) == 0
    path = user_styles_folder() / "mosaic.safetensors"
    assert capsys.readouterr().out == f"{path}\n"
    assert StyleLibrary()["mosaic"].licence == "BSD-3-Clause"
    assert run(*command) == 4
    assert run(*command, "--force") == 0
    assert run("remove", "mosaic", "--yes") == 0
    assert not path.exists()


def test_an_import_that_is_refused_is_one_line_and_exit_5(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.pth").write_bytes(b"\x80\x02cos\nsystem\n(S'true'\ntR.")
    assert run("import", tmp_path / "x.pth", "--name", "x") == 5
    assert capsys.readouterr().err.count("\n") == 1
    assert run("import", tmp_path / "x.pth", "--name", "../../x") == 5
    assert "is no name for a style" in capsys.readouterr().err


def test_only_ones_own_styles_are_removed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("remove", "wave", "--yes") == 5
    assert "not one of your own and stays" in capsys.readouterr().err
    assert (folder / "wave.safetensors").exists()
    assert run("remove", "nosuch", "--yes") == 5
    assert run("remove", "../styles/wave", "--yes") == 5
    assert (folder / "wave.safetensors").exists()


def test_a_damaged_style_of_ones_own_can_be_removed() -> None:
    path = user_styles_folder() / "bad.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    assert run("remove", "bad", "--yes") == 0
    assert not path.exists()


@pytest.mark.parametrize(("answer", "removed"), [("y", True), ("n", False)])
def test_removing_asks_a_person(
    monkeypatch: pytest.MonkeyPatch, answer: str, removed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_tiny_style(user_styles_folder() / "mine.safetensors").path
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_a, **_k: answer == "y")
    assert run("remove", "mine") == 0
    assert path.exists() != removed


def test_removing_with_nobody_to_ask_needs_yes(capsys: pytest.CaptureFixture[str]) -> None:
    path = write_tiny_style(user_styles_folder() / "mine.safetensors").path
    assert run("remove", "mine") == 2
    assert "--yes" in capsys.readouterr().err
    assert path.exists()


def test_a_style_with_damaged_weights_is_named_and_left_out_of_a_sheet(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil_weights(folder / "dots.safetensors")
    write_picture(tmp_path / "photo.png", Picture(np.full((64, 96, 3), 90, np.uint8)))
    command = ("list", "--sheet", tmp_path / "photo.png", "-o", tmp_path / "sheet.png", "--device", "cpu")
    assert run(*command, "--json") == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["styles"] == ["wave"]
    assert "skipped: 'dots.safetensors' cannot be used as a style" in output.err


def test_a_sheet_paints_a_photo_in_every_style(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    write_picture(tmp_path / "photo.png", Picture(pixels))
    command = ("list", "--sheet", tmp_path / "photo.png", "-o", tmp_path / "sheet.png", "--device", "cpu", "-q")
    assert run(*command) == 0
    assert capsys.readouterr() == (f"{tmp_path / 'sheet.png'}\n", "")
    width, height = read_picture(tmp_path / "sheet.png").size
    assert width * height > 3 * 64 * 48
    assert run(*command) == 4
    assert run("list", "--sheet", tmp_path / "photo.png") == 2
    assert run("list", "--sheet", tmp_path / "absent.png", "-o", tmp_path / "s.png") == 3


def test_listing_and_showing_load_nothing_heavy(folder: Path) -> None:
    code = (
        "import sys; from stylecam.cli import main\n"
        "assert main(sys.argv[1:]) == 0\n"
        "assert not {'torch', 'cv2', 'av', 'PIL'} & set(sys.modules)\n"
    )
    for command in (["list"], ["list", "--json"], ["show", "wave"]):
        environment = {**os.environ, "STYLECAM_STYLES": str(folder)}
        subprocess.run([sys.executable, "-c", code, "styles", *command], check=True, env=environment, timeout=60)


@pytest.mark.parametrize(
    "command", [["image"], ["styles"], *(["styles", c] for c in ("list", "show", "import", "remove"))]
)
def test_every_command_has_help_with_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--help"]) == 0
    text = capsys.readouterr().out
    assert command == ["styles"] or "Example: stylecam" in text


def test_an_import_that_another_style_hides_says_so(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = write_tiny_style(tmp_path / "ready.safetensors")
    assert run("import", str(ready.path), "--name", "dots") == 0
    assert f"note: {folder / 'dots.safetensors'} has the same name and goes before it" in capsys.readouterr().err
    assert run("import", str(ready.path), "--name", "free") == 0
    assert "note" not in capsys.readouterr().err


REPORT = {
    **{"variant": "fast", "content": 0.5, "style": 0.25, "flicker": 1.2, "pan_flicker": 0.9, "half_db": 52.34},
    **{"milliseconds": 40.0, "spread": 0.4},
}


@pytest.fixture
def fake_trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable[[], list[str]]]:
    """In place of the trainer, a process that prints these reports; returns what tells the arguments it was given."""
    record = tmp_path / "arguments.json"
    code = (
        "import json, pathlib, sys; pathlib.Path(sys.argv[1]).write_text(json.dumps(sys.argv[3:])); exec(sys.argv[2])"
    )

    def install(*reports: dict[str, Any], then: str = "") -> Callable[[], list[str]]:
        said = "\n".join([*(f"print({json.dumps(report)!r})" for report in reports), then])

        def command(arguments: list[str]) -> list[str]:
            return [sys.executable, "-c", code, str(record), said, *arguments]

        monkeypatch.setattr(training_output, "trainer_command", command)
        return lambda: list(json.loads(record.read_text()))

    return install


def test_measuring_shows_a_column_for_each_network(
    fake_trainer: Callable[..., Callable[[], list[str]]], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = {"variant": "full", "content": 0.25, "style": None, "flicker": 1.0, "half_db": None, "milliseconds": 1600.0}
    told = fake_trainer({**slow, "spread": 0.3}, REPORT)
    assert run("show", "dots", "--measure", "--painting", "p.png", "--content", "photos", "--device", "cpu") == 0
    path = str(folder / "dots.safetensors")
    assert told() == ["report", path, "--device", "cpu", "--painting", "p.png", "--content", "photos"]
    output = capsys.readouterr().out
    assert output.startswith("name:          dots\n")
    assert output.split("\n\n")[1].splitlines() == [
        "measured here             full   fast",
        "content loss, held out    0.250  0.500",
        "style loss, held out      –      0.250",
        "flicker, noisy still      1.00   1.20",
        "flicker, panned picture   –      0.90",
        "float16 against float32   –      52.3 dB",
        "frames a second, 640×480  0.6    25.0",
        "Measured on photographs of photos; the record's figures are of photographs held out of its training.",
    ]


def test_a_style_loss_without_the_painting_is_as_recorded(
    fake_trainer: Callable[..., object], capsys: pytest.CaptureFixture[str]
) -> None:
    fake_trainer({**REPORT, "style": None})
    assert run("show", "wave", "--measure") == 0
    output = capsys.readouterr().out
    assert "style loss, held out      0.500 as recorded\n" in output
    assert "Measured on the bundled picture; the record's figures are of" in output


def test_measured_figures_come_as_json(fake_trainer: Callable[..., object], capsys: pytest.CaptureFixture[str]) -> None:
    fake_trainer(REPORT)
    assert run("show", "wave", "--measure", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["measured"] == [REPORT]
    assert facts["record"] == RECORD


def test_measuring_that_fails_says_why_once(
    fake_trainer: Callable[..., object], capfd: pytest.CaptureFixture[str]
) -> None:
    fake_trainer(then="print('error: no such painting', file=sys.stderr); sys.exit(3)")
    assert run("show", "wave", "--measure") == 3
    assert capfd.readouterr() == ("", "error: no such painting\n")
    fake_trainer()
    assert run("show", "wave", "--measure") == 9
    assert "without an answer" in capfd.readouterr().err
    fake_trainer({"variant": "other"})
    assert run("show", "wave", "--measure") == 9
    assert "no report on wave" in capfd.readouterr().err
    assert run("show", "wave", "--painting", "p.png") == 2
    assert "--measure" in capfd.readouterr().err
    assert run("show", "nosuch", "--measure") == 5


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_trainer_killed_while_measuring_is_named(
    fake_trainer: Callable[..., object], capsys: pytest.CaptureFixture[str]
) -> None:
    fake_trainer(then="import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert run("show", "wave", "--measure") == 9
    assert "ended by signal 9" in capsys.readouterr().err


@pytest.mark.slow
def test_the_trainer_measures_a_style(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("show", "wave", "--measure", "--device", "cpu", "--json") == 0
    output = capfd.readouterr()
    (measured,) = json.loads(output.out)["measured"]
    assert output.err == ""
    assert measured["variant"] == "fast"
    assert measured["style"] is None
    assert measured["content"] > 0
    assert measured["milliseconds"] > 0
