"""`stylecam train` as its user starts it: a process that trains, says how it goes, and stops in good order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image as PilImage

from stylecam.cli.train import _follow
from stylecam.styles import read_style
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder = tmp_path / "photographs"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(16):
        small = rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)
        PilImage.fromarray(small).resize((96, 96), PilImage.Resampling.BICUBIC).save(folder / f"{index}.png")
    return folder


def _command(photographs: Path, *extra: str) -> list[str]:
    return [
        *(sys.executable, "-m", "stylecam", "train", str(photographs / "0.png"), "--content", str(photographs)),
        *("--name", "tiny", "--crop", "64", "--painting-size", "64", "--reconstruction-steps", "1", *extra),
    ]


@pytest.mark.slow
def test_a_style_is_trained_and_its_path_printed(photographs: Path, tmp_path: Path) -> None:
    out = tmp_path / "styles"
    # A folder called trainer where the user stands must not be taken for ours.
    (tmp_path / "trainer").mkdir()
    (tmp_path / "trainer" / "__main__.py").write_text("raise SystemExit('the wrong trainer')")
    run = subprocess.run(
        _command(photographs, "--steps", "2", "--out", str(out)), cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str(out / "tiny.safetensors")
    assert "step 2/2" in run.stderr
    assert read_style(out / "tiny.safetensors").variants == ("fast",)


@pytest.mark.slow
def test_a_signal_writes_a_checkpoint_and_the_same_command_goes_on(photographs: Path, tmp_path: Path) -> None:
    command = _command(photographs, "--steps", "400", "--out", str(tmp_path), "--json")
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "step":
                process.send_signal(signal.SIGTERM)
                break
        events = [json.loads(line) for line in process.stdout]
        assert process.wait() == 128 + signal.SIGTERM
    assert [event["event"] for event in events[-2:]] == ["checkpoint", "notice"]
    reached = events[-2]["step"]
    assert 0 < reached < 400
    assert not (tmp_path / "tiny.safetensors").exists()

    command = _command(photographs, "--steps", str(reached + 1), "--out", str(tmp_path), "--json")
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ})
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[0])["step"] == reached


@pytest.mark.parametrize(
    ("extra", "code", "reason"),
    [
        (["--name", "../../x"], 5, "x"),
        (["--device", "cuda:99"], 7, "cuda:99"),
        (["--base", "nothere"], 5, "nothere"),
        (["--out", "photographs/0.png/styles"], 4, "--out"),
        (["--style-weight", "-1"], 9, "style_weight"),
        (["--title", "x" * 200], 9, "--title"),
        (["--steps", "1"], 9, "reconstruction_steps"),
    ],
)
def test_what_would_fail_at_the_end_is_refused_at_the_start(
    photographs: Path, tmp_path: Path, extra: list[str], code: int, reason: str
) -> None:
    run = subprocess.run(_command(photographs, *extra), cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == code
    assert run.stderr.startswith("error: ")
    assert reason in run.stderr
    assert "Traceback" not in run.stderr


def test_a_style_of_another_painting_is_kept(photographs: Path, tmp_path: Path) -> None:
    write_tiny_style(tmp_path / "tiny.safetensors", title="Kept")
    run = subprocess.run(_command(photographs, "--out", str(tmp_path)), cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 4
    assert "another painting" in run.stderr
    assert read_style(tmp_path / "tiny.safetensors").title == "Kept"


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_trainer_that_is_killed_is_not_passed_over_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert _follow([sys.executable, "-c", code], quiet=True, as_json=False) == 128 + signal.SIGKILL
    assert "out of memory" in capsys.readouterr().err


def test_what_cannot_start_says_why_in_one_line(photographs: Path, tmp_path: Path) -> None:
    for path in list(photographs.glob("1*.png")):
        path.unlink()
    run = subprocess.run(_command(photographs), cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 9
    assert "training needs at least 16" in run.stderr
    assert run.stderr.startswith("error: ")
    assert run.stderr.count("\n") == 1
