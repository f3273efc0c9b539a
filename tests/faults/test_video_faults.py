"""What a kill, a signal or a full disk leaves behind. Each export runs in a process of its own, as a user's does."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest

from tests.clips import Sound, make_clip, number_in, packets_of, video_pts

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE = 25
ROOT = Path(__file__).resolve().parents[2]

EXPORT = """
import sys, time
from stylecam.signals import StopSignals
from stylecam.errors import StylecamError
from stylecam.pipeline import stylize_video

def copy(image):
    time.sleep(float(sys.argv[3]))
    return image.copy()

with StopSignals() as signals:
    try:
        report = stylize_video(
            sys.argv[1], sys.argv[2], copy, stop=signals.event,
            on_progress=lambda progress: print(progress.frame, flush=True),
        )
    except StylecamError as exc:
        print(f"error: {exc}", file=sys.stderr)
        sys.exit(exc.exit_code)
sys.exit(signals.exit_code if report.stopped else 0)
"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds with sound."""
    return make_clip(
        tmp_path_factory.mktemp("clip") / "in.mp4", frames=20 * RATE, size=(160, 120), rate=RATE, sounds=[Sound()]
    )


class Export:
    """A running export and the number of the last frame it says it has encoded."""

    def __init__(self, clip: Path, output: Path, *, delay_s: float = 0.004, prepare: str = "") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", prepare + EXPORT, str(clip), str(output), str(delay_s)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        self.frames = 0

    def wait_for_frame(self, wanted: int) -> None:
        assert self.process.stdout is not None
        while self.frames < wanted:
            line = self.process.stdout.readline()
            assert line, f"the export ended at frame {self.frames}: {self.process.communicate()[1]}"
            self.frames = int(line)

    def end(self) -> tuple[int, str]:
        """Exit code and stderr; reads the rest of what was said."""
        out, err = self.process.communicate(timeout=60)
        numbers = [int(line) for line in out.split()]
        self.frames = max([self.frames, *numbers])
        return self.process.returncode, err


@pytest.fixture
def exports() -> Iterator[list[Export]]:
    started: list[Export] = []
    yield started
    for export in started:
        if export.process.poll() is None:
            export.process.kill()
        export.process.communicate()


def readable_frames(path: Path) -> list[int]:
    """The numbers of the frames that a tolerant player shows."""
    numbers = []
    with av.open(str(path)) as container:
        for packet in container.demux(container.streams.video[0]):
            try:
                numbers += [number_in(frame.to_ndarray(format="rgb24")) for frame in packet.decode()]
            except av.FFmpegError:
                break
    return numbers


def readable_sound(path: Path) -> float:
    """Seconds of sound that a player reads."""
    return packets_of(path, "audio")[-1][1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "seed"), [(".mp4", 1), (".mp4", 2), (".mp4", 3), (".mp4", 4), (".mp4", 5), (".mov", 6), (".mkv", 7)]
)
def test_a_kill_leaves_no_final_name_and_loses_under_a_second(
    tmp_path: Path, clip: Path, exports: list[Export], suffix: str, seed: int
) -> None:
    output = tmp_path / f"out{suffix}"
    chance = random.Random(seed)
    exports.append(export := Export(clip, output))
    export.wait_for_frame(chance.randint(2 * RATE, 15 * RATE))
    time.sleep(chance.uniform(0, 0.2))
    export.process.kill()
    export.end()

    assert not output.exists()
    part = tmp_path / f".out.part{suffix}"
    numbers = readable_frames(part)
    assert numbers == [n % 256 for n in range(len(numbers))]
    lost_s = (export.frames - len(numbers)) / RATE
    assert lost_s < 1.0
    assert abs(readable_sound(part) - len(numbers) / RATE) < 1.0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_finishes_the_file(
    tmp_path: Path, clip: Path, exports: list[Export], number: signal.Signals, code: int
) -> None:
    output = tmp_path / "out.mp4"
    exports.append(export := Export(clip, output))
    export.wait_for_frame(60)
    export.process.send_signal(number)
    assert export.end()[0] == code

    assert not list(tmp_path.glob(".*part*"))
    assert 60 <= export.frames < 20 * RATE
    numbers = readable_frames(output)
    assert numbers == [n % 256 for n in range(export.frames)]
    assert len(video_pts(output)) == export.frames
    assert abs(readable_sound(output) - export.frames / RATE) < 0.1


def test_the_second_signal_stops_at_once_and_leaves_a_playable_part(
    tmp_path: Path, clip: Path, exports: list[Export]
) -> None:
    output = tmp_path / "out.mp4"
    # A frame takes a minute, so only the second signal can end this in time.
    prepare = "import time; sleep, calls = time.sleep, []\n"
    prepare += "time.sleep = lambda s: (calls.append(s), sleep(60 if len(calls) > 80 else s))\n"
    exports.append(export := Export(clip, output, prepare=prepare))
    export.wait_for_frame(75)
    time.sleep(0.5)
    export.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert export.process.poll() is None
    export.process.send_signal(signal.SIGINT)
    assert export.process.wait(timeout=10) == 130

    assert not output.exists()
    assert len(readable_frames(tmp_path / ".out.part.mp4")) > 75 - RATE


def test_a_signal_before_the_first_frame_leaves_nothing(tmp_path: Path, clip: Path, exports: list[Export]) -> None:
    exports.append(export := Export(clip, tmp_path / "out.mp4", prepare="import os, signal, threading\n"
        "import stylecam.pipeline as p; real = p.check_output\n"
        "p.check_output = lambda *a, **k: (os.kill(os.getpid(), signal.SIGINT), real(*a, **k))\n"))  # fmt: skip
    assert export.end()[0] == 130
    assert list(tmp_path.iterdir()) == []


def test_a_file_size_limit_is_reported_and_what_was_encoded_plays(
    tmp_path: Path, clip: Path, exports: list[Export]
) -> None:
    prepare = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    prepare += "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    exports.append(export := Export(clip, tmp_path / "out.mp4", delay_s=0, prepare=prepare))
    code, err = export.end()

    assert code == 4
    assert len(err.splitlines()) == 1
    assert "no room" in err
    assert ".out.part.mp4" in err
    assert not (tmp_path / "out.mp4").exists()
    assert len(readable_frames(tmp_path / ".out.part.mp4")) > RATE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_reported_in_one_line(tmp_path: Path, clip: Path, exports: list[Export]) -> None:
    (tmp_path / ".out.part.mp4").symlink_to("/dev/full")
    exports.append(export := Export(clip, tmp_path / "out.mp4", delay_s=0))
    code, err = export.end()

    assert code == 4
    assert len(err.splitlines()) == 1
    assert "no room" in err
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.slow
def test_a_long_export_holds_its_memory(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "long.mp4", frames=5000, size=(64, 48), sounds=[Sound(rate=8000)])
    script = """
import sys
from pathlib import Path
from stylecam.pipeline import stylize_video

sizes = {}
def resident(progress):
    if progress.frame in (500, 5000):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        sizes[progress.frame] = pages * 4096
stylize_video(sys.argv[1], sys.argv[2], lambda image: 255 - image, on_progress=resident)
print(sizes[5000] - sizes[500])
"""
    command = [sys.executable, "-c", script, str(clip), str(tmp_path / "out.mp4")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    growth = int(done.stdout)
    assert growth <= 20e6
