from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stylecam.cli import main
from stylecam.cli.video import _minutes, _TenPercentLines
from stylecam.pipeline import Progress, VideoReport, stylize_video
from tests.clips import Sound, damage, make_clip, packets_of, video_pts
from tests.hardware import ABSENT, REFUSING, WORKING, install
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _style(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tiny_style(tmp_path / "styles" / "tiny.safetensors")
    monkeypatch.setenv("STYLECAM_STYLES", str(tmp_path / "styles"))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "in.mp4", frames=12, sounds=[Sound()])


def run(clip: Path, output: Path, *arguments: str) -> int:
    return main(["video", str(clip), "-o", str(output), "--style", "tiny", "--device", "cpu", *arguments])


def test_a_video_is_painted_and_its_path_printed(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.mp4"
    assert run(clip, output) == 0
    said = capsys.readouterr()
    assert said.out == f"{output} (12 frames)\n"
    assert "tiny" in said.err
    assert "100 %" in said.err
    assert video_pts(output) == pytest.approx(video_pts(clip), abs=1e-3)
    assert packets_of(output, "audio") == packets_of(clip, "audio")


def test_json_goes_to_stdout_and_json_progress_to_stderr(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(clip, tmp_path / "out.mp4", "--json", "--progress", "json") == 0
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert (report["frames"], report["damaged"], report["width"], report["height"]) == (12, 0, 64, 48)
    lines = [json.loads(line) for line in said.err.splitlines() if line.startswith("{")]
    assert [line["frame"] for line in lines] == list(range(1, 13))
    assert set(lines[0]) == {"frame", "total", "fps", "eta_s", "pts"}


def test_quiet_says_only_the_result(tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(clip, tmp_path / "out.mp4", "-q") == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "out.mp4" in said.out


def test_losses_are_said_and_have_their_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = make_clip(tmp_path / "whole.mp4", frames=60, gop=25)
    clip = damage(whole, tmp_path / "in.mp4", at=0.4, length=2000)
    assert run(clip, tmp_path / "out.mp4") == 8
    assert "damaged frames of in.mp4" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("prepare", "output", "code", "words"),
    [
        (lambda clip: clip.write_text("no video"), "out.mp4", 3, "not a video"),
        (lambda clip: clip.unlink(), "out.mp4", 3, "does not exist"),
        (lambda clip: None, "in.mp4", 4, "input itself"),
        (lambda clip: None, "out.xyz", 4, ".mkv"),
        (lambda clip: (clip.parent / "out.mp4").touch(), "out.mp4", 4, "--force"),
    ],
    ids=["no video", "missing", "same file", "suffix", "exists"],
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(
    tmp_path: Path,
    clip: Path,
    capsys: pytest.CaptureFixture[str],
    prepare: Callable[[Path], object],
    output: str,
    code: int,
    words: str,
) -> None:
    prepare(clip)
    assert run(clip, tmp_path / output) == code
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert words in err


def test_force_replaces_an_existing_output(tmp_path: Path, clip: Path) -> None:
    (tmp_path / "out.mp4").write_text("old")
    assert run(clip, tmp_path / "out.mp4", "--force") == 0
    assert len(video_pts(tmp_path / "out.mp4")) == 12


@pytest.mark.parametrize("asked", ["hardware", "libx264"])
def test_a_hardware_encoder_is_taken_on_request_and_said(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asked: str
) -> None:
    install(monkeypatch, ABSENT, REFUSING, WORKING)
    output = tmp_path / "out.mp4"
    assert run(clip, output, "--encoder", asked, "--json") == 0
    said = capsys.readouterr()
    assert "encoding with libx264 (Works)" in said.err
    assert json.loads(said.out)["encoder"] == "libx264"
    assert video_pts(output) == pytest.approx(video_pts(clip), abs=1e-3)
    assert packets_of(output, "audio") == packets_of(clip, "audio")


def test_no_encoder_is_tried_unless_it_is_asked_for(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, WORKING)
    tried: list[object] = []
    monkeypatch.setattr("stylecam.encoders._try_in_child", lambda *task: tried.append(task) or "")
    assert run(clip, tmp_path / "out.mp4", "--json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["encoder"] == "software"
    assert "encoding with" not in said.err
    assert tried == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("hardware", "no hardware encoder works here for 64x48 (libx264rgb: "),
        ("libx264rgb", "libx264rgb cannot be used for 64x48: "),
        ("h264_nonsense", "built without h264_nonsense; what works here: software"),
        ("x265", "no encoder 'x265'; known are software, hardware, h264_nonsense, libx264rgb"),
    ],
)
def test_an_encoder_that_cannot_be_had_is_refused_before_a_style_is_loaded(
    tmp_path: Path,
    clip: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    asked: str,
    words: str,
) -> None:
    install(monkeypatch, ABSENT, REFUSING)
    loaded: list[object] = []
    module = sys.modules["stylecam.cli.video"]  # in the package, the command has this name
    monkeypatch.setattr(module, "load_stylizer", lambda *_, **settings: loaded.append(settings))
    assert run(clip, tmp_path / "out.mp4", "--encoder", asked) == 4
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert words in err
    assert loaded == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "styles"]


@pytest.mark.parametrize(("arguments", "amount"), [([], 0), (["--steadiness", "0"], 0), (["--steadiness", "80"], 80)])
def test_steadiness_is_passed_on_and_none_by_default(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], amount: int
) -> None:
    given = []

    def noted(*args: Any, **settings: Any) -> VideoReport:
        given.append(settings["steadiness"])
        return stylize_video(*args, **settings)

    monkeypatch.setattr("stylecam.pipeline.stylize_video", noted)
    assert run(clip, tmp_path / "out.mp4", *arguments) == 0
    assert given == [amount]


@pytest.mark.parametrize("amount", ["-1", "101", "much"])
def test_a_steadiness_out_of_range_is_wrong_usage(tmp_path: Path, clip: Path, amount: str) -> None:
    assert run(clip, tmp_path / "out.mp4", "--steadiness", amount) == 2
    assert not (tmp_path / "out.mp4").exists()


def test_it_works_as_a_process(tmp_path: Path, clip: Path) -> None:
    command = [sys.executable, "-m", "stylecam", "video", str(clip), "-o", str(tmp_path / "out.mp4")]
    command += ["--style", "tiny", "--device", "cpu"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path / 'out.mp4'} (12 frames)\n"


def test_without_a_terminal_progress_is_a_line_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    show = _TenPercentLines()
    for frame in range(1, 1001):
        show(Progress(frame, 1000, 5.0, (1000 - frame) / 5, frame / 25))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[5] == "50 %, frame 500, 5.0 fps, 1:40 left"


def test_time_left_is_minutes_and_seconds() -> None:
    assert [_minutes(s) for s in (0, 9.6, 61, 3600)] == ["0:00", "0:10", "1:01", "60:00"]
