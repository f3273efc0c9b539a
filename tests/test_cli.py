"""The command line as a whole: help, exit codes, and what the README says of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import stylecam.cli
from stylecam import errors
from stylecam.cli import main
from stylecam.cli.common import parse_size

_COMMANDS = ["video", "image", "styles list", "styles show", "styles import", "styles remove", "train"]
_COMMANDS += ["bench", "export-onnx", "devices", "doctor"]
_README = Path(__file__).parents[1] / "README.md"


@pytest.mark.parametrize("command", _COMMANDS)
def test_every_command_has_help_with_an_example_and_stands_in_the_readme(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command.split(), "--help"]) == 0
    assert f"stylecam {command}" in re.sub(r"\s+", " ", capsys.readouterr().out.split("xample", 1)[1])
    assert f"stylecam {command}" in _README.read_text(encoding="utf-8")


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"stylecam {stylecam.__version__}\n"


@pytest.mark.parametrize("arguments", [["paint"], ["video"], ["video", "in.mp4", "-o", "out.mp4", "--strength", "2"]])
def test_wrong_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Usage" in capsys.readouterr().err


@pytest.mark.parametrize("error", [getattr(errors, name) for name in errors.__all__])
def test_every_error_is_one_line_and_its_own_exit_code(
    error: type[errors.StylecamError], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(**_: object) -> None:
        raise error("what happened: do this")

    monkeypatch.setattr(stylecam.cli, "app", failing)
    assert main([]) == error.exit_code
    assert capsys.readouterr().err == "error: what happened: do this\n"


def test_a_bug_is_exit_code_1_and_its_traceback_is_there_for_the_asking(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(**_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(stylecam.cli, "app", failing)
    assert main([]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setenv("STYLECAM_DEBUG", "1")
    assert main([]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = "from stylecam.cli import main; import sys; sys.exit(main(['--help']))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's way to close a stream")
@pytest.mark.parametrize(("redirection", "code"), [(">&-", 0), ("2>&-", 0), ("<&-", 0), ("| true", 0)])
def test_closed_streams_are_no_bug(redirection: str, code: int) -> None:
    command = f"'{sys.executable}' -m stylecam styles list --json {redirection}"
    run = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert run.returncode == code
    assert "bug" not in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_result_that_finds_no_room_is_an_output_error() -> None:
    command = f"'{sys.executable}' -m stylecam styles list --json > /dev/full"
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert run.returncode == 4
    assert run.stderr.startswith("error: the result could not be printed")


@pytest.mark.parametrize(("text", "size"), [("640x360", (640, 360)), ("16X16", (16, 16)), ("native", None)])
def test_sizes_are_read(text: str, size: tuple[int, int] | None) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["640", "15x15", "x", "-1x20", "640x", "1e3x20"])
def test_a_size_that_is_none_is_wrong_usage(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["video", "in.mp4", "-o", "out.mp4", "--size", text]) in (2, 3)
    assert capsys.readouterr().err
