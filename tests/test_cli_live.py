"""`stylecam live` without a window, and what it hands to the window."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import torch

from stylecam.cli import main
from tests.clips import make_clip, video_pts
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def style(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "styles"
    folder.mkdir()
    write_tiny_style(folder / "alpha.safetensors")
    write_tiny_style(folder / "beta.safetensors", seed=1)
    monkeypatch.setenv("STYLECAM_STYLES", str(folder))
    return "alpha"


def test_it_records_without_a_window(tmp_path: Path, style: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.mp4"
    arguments = ["--no-window", "--source", "test", "--style", style, "--record", str(out), "--seconds", "1.5"]
    assert main(["live", *arguments, "--size", "160x120"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(str(out))
    assert "Test pattern: alpha, fast, on CPU" in printed.err
    times = video_pts(out)
    assert times == sorted(set(times))
    assert len(times) >= 5


@pytest.mark.parametrize(("given", "precision"), [((), "bfloat16"), (("--exact",), "float32")])
def test_whoever_asks_for_the_exact_picture_gets_float32(
    given: tuple[str, ...],
    precision: str,
    tmp_path: Path,
    style: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    arguments = ["--source", "test", "--style", style, "--device", "cpu", "--size", "64x48", "--seconds", "0.1"]
    assert main(["live", "--no-window", *arguments, "--record", str(tmp_path / "out.mp4"), *given]) == 0
    (told,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Test pattern: ")]
    assert told.endswith(f", {precision}")


def test_the_window_does_not_take_what_is_for_a_run_without_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["live", "--seconds", "1"]) == 2
    error = capsys.readouterr().err
    assert "--seconds" in error
    assert "is for --no-window" in error


def test_a_clip_can_be_the_source(tmp_path: Path, style: str) -> None:
    clip, out = make_clip(tmp_path / "in.mp4", frames=10, size=(96, 64)), tmp_path / "out.mkv"
    arguments = ["--source", str(clip), "--style", style, "--record", str(out), "--seconds", "1", "-q"]
    assert main(["live", "--no-window", *arguments]) == 0
    assert len(video_pts(out)) >= 3


def test_ctrl_c_finishes_the_recording(tmp_path: Path, style: str) -> None:
    out = tmp_path / "out.mp4"
    command = [sys.executable, "-m", "stylecam", "live", "--no-window", "--source", "test", "--style", style]
    process = subprocess.Popen([*command, "--record", str(out)], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "fps (camera" in line:
            break
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    process.stderr.close()
    assert len(video_pts(out)) >= 5


def test_a_picture_that_goes_nowhere_is_refused(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["live", "--no-window", "--source", "test", "--style", style]) == 2
    assert "--record FILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--source", "nowhere.mp4", "--record", "OUT"], 3, "nowhere.mp4"),
        (["--source", "test", "--style", "nonesuch", "--record", "OUT"], 5, "nonesuch"),
        (["--source", "test", "--record", "OUT.webm"], 4, ".webm"),
        (["--source", "test", "--record", "OUT", "--size", "7"], 2, "--size"),
    ],
)
def test_bad_input_is_one_clear_error(
    arguments: list[str], code: int, words: str, tmp_path: Path, style: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [argument.replace("OUT", str(tmp_path / "out")) for argument in arguments]
    given = [g if g != str(tmp_path / "out") else g + ".mp4" for g in given]
    if "--style" not in given:
        given += ["--style", style]
    assert main(["live", "--no-window", "--seconds", "1", *given]) == code
    assert words in capsys.readouterr().err.replace("\n", " ")
    assert not list(tmp_path.glob("out*"))


def test_the_window_gets_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(sys.modules["stylecam.cli.live"], "open_window", lambda **options: asked.append(options) or 0)
    arguments = ["--source", "test", "--style", "alpha:3,beta:1", "--strength", "0.5", "--keep-colors", "--fps", "30"]
    assert main(["live", *arguments, "--no-mirror"]) == 0
    wanted = {"source": "test", "style": "alpha", "mix": ("beta", 25), "strength": 50, "keep_colors": True, "fps": 30}
    assert {**asked[0], **wanted, "mirror": False} == asked[0]
    assert (asked[0]["size"], asked[0]["exact"]) == (None, None)
    assert main(["live", "--exact"]) == 0
    assert asked[1]["exact"] is True


def test_without_a_command_the_window_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    from stylecam import cli

    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(cli, "open_window", lambda **options: asked.append(options) or 0)
    assert main([]) == 0
    assert asked == [{}]


def test_without_a_screen_the_window_says_what_to_do_instead() -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    run = subprocess.run(
        [sys.executable, "-m", "stylecam"], capture_output=True, text=True, env=environment, timeout=60
    )
    assert run.returncode == 7
    assert "no screen" in run.stderr
    assert "--no-window" in run.stderr
    assert "Traceback" not in run.stderr
