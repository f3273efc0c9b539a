"""Checkpoints: whole or not there, however the process that writes them ends."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from stylecam.bundled import child_environment
from stylecam.errors import TrainError
from trainer.checkpoint import Checkpoint, drop_torn, latest_checkpoint, read_checkpoint, write_checkpoint
from trainer.config import Emphasis
from trainer.state import fresh_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

    from trainer.config import TrainConfig


@pytest.fixture
def checkpoint(config: TrainConfig) -> Checkpoint:
    return replace(fresh_checkpoint(config, "photographs"), step=8)


def test_everything_comes_back(checkpoint: Checkpoint, tmp_path: Path) -> None:
    emphasis = Emphasis(style=2.0, content=0.5)
    written = replace(checkpoint, rate_factor=0.5, seconds=12.5, emphasis=emphasis)
    read = read_checkpoint(write_checkpoint(tmp_path, written))
    assert (read.step, read.config, read.rate_factor, read.seconds) == (8, checkpoint.config, 0.5, 12.5)
    assert read.emphasis == emphasis
    assert read.photographs == "photographs"
    for group in ("network", "average", "first_moment", "second_moment"):
        for name, tensor in getattr(written, group).items():
            assert torch.equal(getattr(read, group)[name], tensor)


def test_a_torn_checkpoint_is_passed_over_and_old_ones_go(checkpoint: Checkpoint, tmp_path: Path) -> None:
    for step in (2, 4, 6):
        write_checkpoint(tmp_path, replace(checkpoint, step=step))
    files = sorted(tmp_path.glob("checkpoint-*.safetensors"))
    assert len(files) == 2
    files[-1].write_bytes(files[-1].read_bytes()[:1000])
    older = latest_checkpoint(tmp_path)
    assert older is not None
    assert older.step == 4
    with pytest.raises(TrainError, match="not a readable checkpoint"):
        read_checkpoint(files[-1])
    # Where none can be read, a run does not begin again in silence.
    files[0].write_bytes(b"?")
    with pytest.raises(TrainError, match="move the files"):
        latest_checkpoint(tmp_path)


def test_what_was_just_written_stays_whatever_else_lies_there(checkpoint: Checkpoint, tmp_path: Path) -> None:
    for step in (100, 200):
        (tmp_path / f"checkpoint-{step:07d}.safetensors").write_bytes(b"?")
    path = write_checkpoint(tmp_path, checkpoint)
    assert path.is_file()
    latest = latest_checkpoint(tmp_path)
    assert latest is not None
    assert latest.step == checkpoint.step


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_checkpoint(tmp_path, checkpoint)
    with monkeypatch.context() as patch:
        patch.setattr("os.replace", _no_room)
        with pytest.raises(TrainError, match=r"cannot be written.*is kept: free some room and resume$"):
            write_checkpoint(tmp_path, replace(checkpoint, step=99))
    assert not list(tmp_path.glob("*.part"))
    latest = latest_checkpoint(tmp_path)
    assert latest is not None
    assert latest.step == checkpoint.step


# Torch is loaded once; each line of its input asks for a process that saves until it is killed.
_SAVE_FOR_EVER = """
import os, sys
from dataclasses import replace
from pathlib import Path
from trainer.checkpoint import latest_checkpoint, write_checkpoint
folder = Path(sys.argv[1])
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        checkpoint = latest_checkpoint(folder)
        print("saving", os.getpid(), flush=True)
        while True:
            checkpoint = replace(checkpoint, step=checkpoint.step + 1)
            write_checkpoint(folder, checkpoint)
    os.waitpid(child, 0)
    print("killed", flush=True)
"""


@pytest.mark.slow
def test_a_kill_in_the_middle_of_saving_leaves_one_that_loads(checkpoint: Checkpoint, tmp_path: Path) -> None:
    write_checkpoint(tmp_path, checkpoint)
    chance = random.Random(0)
    before = checkpoint.step
    command = [sys.executable, "-c", _SAVE_FOR_EVER, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=child_environment()
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(20):
            process.stdin.write("\n")
            word, _, number = process.stdout.readline().strip().partition(" ")
            assert word == "saving"
            time.sleep(chance.uniform(0.0, 0.05))
            os.kill(int(number), signal.SIGKILL)
            assert process.stdout.readline() == "killed\n"
            latest = latest_checkpoint(tmp_path)
            assert latest is not None
            assert latest.step >= before
            before = latest.step
    assert before > checkpoint.step  # it did save meanwhile


def _no_room(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_what_a_killed_save_left_behind_goes(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, checkpoint)
    (tmp_path / f".{path.name}.0a1b2c3d.part").write_bytes(b"half")
    drop_torn(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
