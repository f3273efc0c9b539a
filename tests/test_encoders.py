from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import av
import pytest

from stylecam import encoders, encodertrial
from stylecam.encoders import (
    HARDWARE,
    Encoder,
    built_in_encoders,
    choose_encoder,
    first_working_encoder,
    try_encoder,
)
from stylecam.errors import SinkError
from tests.clips import flat, make_clip
from tests.hardware import ABSENT, REFUSING, WORKING, install

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SIZE = (64, 48)


@pytest.fixture(autouse=True)
def _nothing_tried_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "_problems", {})


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The children that were started; none may be left."""
    started: list[subprocess.Popen[bytes]] = []
    really = subprocess.Popen

    def start(*arguments: Any, **settings: Any) -> subprocess.Popen[bytes]:
        started.append(really(*arguments, **settings))
        return started[-1]

    monkeypatch.setattr(encoders.subprocess, "Popen", start)
    yield started
    assert all(child.returncode is not None for child in started)


def child_that(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Instead of the trial, run this."""
    monkeypatch.setattr(encoders, "_command", lambda task: [sys.executable, "-c", code])


def test_an_encoder_that_encodes_works(children: list[subprocess.Popen[bytes]]) -> None:
    assert try_encoder(WORKING, SIZE) == ""
    assert len(children) == 1


def test_what_a_trial_came_to_is_remembered_for_each_size(children: list[subprocess.Popen[bytes]]) -> None:
    for size, begun in ((SIZE, 1), (SIZE, 1), ((96, 64), 2), (SIZE, 2)):
        assert try_encoder(WORKING, size) == ""
        assert len(children) == begun


def test_a_refusal_has_the_encoder_s_own_words_and_is_remembered(children: list[subprocess.Popen[bytes]]) -> None:
    problem = try_encoder(REFUSING, SIZE)
    assert "pixel format nv12 is not supported" in problem
    assert try_encoder(REFUSING, SIZE) == problem
    assert len(children) == 1


def test_an_odd_size_is_refused_without_a_trial(children: list[subprocess.Popen[bytes]]) -> None:
    assert "odd" in try_encoder(WORKING, (65, 48))
    assert "odd" in try_encoder(WORKING, (64, 49))
    assert children == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os.abort()", "its driver crashed (SIGABRT)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "its driver crashed (SIGSEGV)"),
        ("raise SystemExit(3)", "its driver crashed (exit code 3)"),
        ("print('Welcome to the driver')", "its trial ended without a word"),
        ("print('[]'); print('7'); print('{}')", "its trial ended without a word"),
        ("""print('{"problem": "no card"}'); print('Goodbye from the driver')""", "no card"),
    ],
)
def test_a_child_that_crashes_or_babbles_is_a_problem_and_no_more(
    monkeypatch: pytest.MonkeyPatch, children: list[subprocess.Popen[bytes]], code: str, words: str
) -> None:
    child_that(monkeypatch, code)
    assert try_encoder(WORKING, SIZE) == words


def test_a_child_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch, children: list[subprocess.Popen[bytes]]) -> None:
    monkeypatch.setattr(encoders, "TRIAL_S", 0.3)
    child_that(monkeypatch, "import time; time.sleep(600)")
    assert "did not answer" in try_encoder(WORKING, SIZE)
    assert children[0].returncode != 0


def test_a_child_that_cannot_be_started_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(encoders, "_command", lambda task: [str(tmp_path / "no-python")])
    assert "could not be tried" in try_encoder(WORKING, SIZE)


def test_a_trial_that_is_given_up_ends_at_once_and_is_not_remembered(
    monkeypatch: pytest.MonkeyPatch, children: list[subprocess.Popen[bytes]]
) -> None:
    install(monkeypatch, WORKING, REFUSING)
    with monkeypatch.context() as hanging:
        child_that(hanging, "import time; time.sleep(600)")
        stop = threading.Event()
        found: list[Encoder | None] = []
        thread = threading.Thread(target=lambda: found.append(first_working_encoder(SIZE, stop=stop)))
        thread.start()
        while not children:
            time.sleep(0.01)
        stop.set()
        thread.join(20)
        assert not thread.is_alive()
    assert found == [None]
    assert len(children) == 1  # nothing else is begun
    assert try_encoder(WORKING, SIZE) == ""


def test_software_is_taken_without_any_trial(children: list[subprocess.Popen[bytes]]) -> None:
    assert choose_encoder("software", SIZE) is None
    assert children == []


def test_hardware_is_the_first_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, ABSENT, REFUSING, WORKING)
    assert choose_encoder("hardware", SIZE) == WORKING
    assert first_working_encoder(SIZE) == WORKING


def test_a_name_is_that_encoder_and_the_others_are_not_tried(
    monkeypatch: pytest.MonkeyPatch, children: list[subprocess.Popen[bytes]]
) -> None:
    install(monkeypatch, REFUSING, WORKING)
    assert choose_encoder(WORKING.name, SIZE) == WORKING
    assert len(children) == 1


@pytest.mark.parametrize(
    ("name", "hardware", "words"),
    [
        ("hardware", (ABSENT, REFUSING), ("no hardware encoder works", "64x48", "libx264rgb: ", "not supported")),
        ("hardware", (ABSENT,), ("no hardware encoder works", "built without any")),
        ("libx264rgb", (REFUSING, WORKING), ("libx264rgb cannot be used for 64x48: ", "works here: software, libx264")),
        ("h264_nonsense", (ABSENT, WORKING), ("built without h264_nonsense", "works here: software, libx264")),
        ("nvenc", (ABSENT, REFUSING), ("no encoder 'nvenc'", "hardware, h264_nonsense", "works here: software")),
    ],
)
def test_what_cannot_be_had_is_refused_with_what_was_tried_and_what_works(
    monkeypatch: pytest.MonkeyPatch, name: str, hardware: tuple[Encoder, ...], words: tuple[str, ...]
) -> None:
    install(monkeypatch, *hardware)
    with pytest.raises(SinkError) as caught:
        choose_encoder(name, SIZE)
    assert [part for part in words if part not in str(caught.value)] == []


@pytest.mark.parametrize("encoder", HARDWARE, ids=lambda encoder: encoder.name)
def test_every_option_is_one_that_the_encoder_knows(encoder: Encoder) -> None:
    if encoder not in built_in_encoders():
        with pytest.raises(SinkError, match="built without"):
            choose_encoder(encoder.name, SIZE)
        return
    context = av.codec.CodecContext.create(encoder.name, "w")
    options = {
        option.name: option for option in (*context.supported_options.generic, *context.supported_options.private)
    }
    for name, value in encoder.options:
        assert name in options
        choices = {choice.name for choice in options[name].choices}
        assert not choices or value.lstrip("+-").isdigit() or value.lstrip("+") in choices
    assert encoder.pixel_format in {pixels.name for pixels in context.codec.video_formats}


def picture(index: int, width: int, height: int) -> Any:
    return encodertrial._picture(index, (width, height))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, ""),
        ({"pts": encodertrial._TIMES[:-1], "frames": 5}, "of 6 pictures 5 came back"),
        ({"size": (64, 64)}, "as 64x64"),
        ({"pts": (0.0, 0.04, 0.08, 0.16, 1.0, 1.04)}, "other times"),
        ({"options": {}}, "no key picture"),
        ({"picture": flat((90, 90, 90))}, "other colours"),
        ({"picture": lambda index, *size: picture(index ^ 1, *size)}, "other colours"),  # swapped in pairs
    ],
    ids=["as it should be", "lost", "size", "times", "keys", "flat", "order"],
)
def test_a_trial_looks_at_what_came_back(tmp_path: Path, settings: dict[str, Any], words: str) -> None:
    settings = {"pts": encodertrial._TIMES, "picture": picture, "options": {"bf": "0", "g": "1"}, "gop": 250} | settings
    clip = make_clip(tmp_path / "trial.mp4", **settings)
    problem = encodertrial._difference(clip, SIZE)
    assert words in problem
    assert bool(words) == bool(problem)


def test_the_trial_itself_ends_where_its_parent_is_gone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Its watchdog is set before anything of a driver is touched."""
    order: list[str] = []
    watch: Callable[..., None] = lambda seconds, exit: order.append(f"watch {exit}")  # noqa: E731
    monkeypatch.setattr(encodertrial.faulthandler, "dump_traceback_later", watch)
    monkeypatch.setattr(encodertrial, "_problem", lambda *_: order.append("try") or "none")
    encodertrial.main(
        '{"encoder": {"name": "x", "title": "", "pixel_format": "nv12", "options": [["a", "b"]]}, '
        f'"size": [64, 48], "folder": "{tmp_path.as_posix()}"}}'
    )
    assert order == ["watch True", "try"]
    assert capsys.readouterr().out == '{"problem": "none"}\n'
