from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stylecam.logs import RepeatLimit, report, setup_logging, stop_logging, without_personal_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
log = logging.getLogger("stylecam.test")


@pytest.fixture(autouse=True)
def _stopped() -> Iterator[None]:
    level = logging.getLogger("stylecam").level
    yield
    stop_logging()
    logging.getLogger("stylecam").setLevel(level)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.closed = False

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def close(self) -> None:
        self.closed = True
        super().close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def limit(lines: Lines, clock: Clock) -> Iterator[RepeatLimit]:
    handler = RepeatLimit(lines, clock=clock)
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield handler
    log.removeHandler(handler)


def test_a_message_stands_in_a_file_whose_folder_is_made(tmp_path: Path) -> None:
    path = setup_logging(tmp_path / "a" / "b")
    log.info("hello %s", "wörld")
    stop_logging()
    assert path == tmp_path / "a" / "b" / "stylecam.log"
    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d [\d:,]+ INFO    MainThread stylecam\.test: hello wörld", line)


def test_the_usual_place_is_the_user_s_own() -> None:
    assert setup_logging().is_relative_to(Path.home() / "state" / "stylecam")


def test_others_are_heard_from_warnings_on(tmp_path: Path) -> None:
    path = setup_logging(tmp_path)
    logging.getLogger("other").info("chatter")
    logging.getLogger("other").warning("trouble")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old way", DeprecationWarning, stacklevel=1)
    stop_logging()
    text = path.read_text()
    assert "chatter" not in text
    assert "trouble" in text
    assert "old way" in text


def test_setting_up_again_moves_the_log(tmp_path: Path) -> None:
    first, second = setup_logging(tmp_path / "one"), setup_logging(tmp_path / "two")
    log.info("where")
    stop_logging()
    assert first.read_text() == ""
    assert second.read_text().count("where") == 1


def test_a_million_identical_errors_stay_under_two_megabytes(tmp_path: Path) -> None:
    path = setup_logging(tmp_path)
    # Without pytest's own handler, which would keep all of them.
    logger = logging.getLogger("stylecam.flood")
    logger.propagate = False
    (handler,) = [handler for handler in logging.getLogger().handlers if isinstance(handler, RepeatLimit)]
    logger.addHandler(handler)
    try:
        record = logger.makeRecord(logger.name, logging.ERROR, __file__, 1, "the camera failed: %s", ("EIO",), None)
        for _ in range(1_000_000):
            logger.handle(record)
    finally:
        logger.removeHandler(handler)
    stop_logging()
    text = path.read_text()
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 2_000_000
    repeated = [int(count.replace(",", "")) for count in re.findall(r"\(repeated ([\d,]+) times\)", text)]
    passed = len(text.splitlines()) - len(repeated)
    assert sum(repeated) + passed == 1_000_000


def test_different_messages_without_end_stay_within_five_files_of_two_megabytes(tmp_path: Path) -> None:
    setup_logging(tmp_path)
    handler = logging.getLogger().handlers[-1]
    for number in range(1000):
        handler.handle(logging.makeLogRecord({"msg": f"{number} " + "x" * 15_000, "levelno": logging.ERROR}))
    stop_logging()
    sizes = {file.name: file.stat().st_size for file in tmp_path.iterdir()}
    assert set(sizes) == {"stylecam.log", *(f"stylecam.log.{n}" for n in range(1, 5))}
    assert max(sizes.values()) <= 2_000_000


def test_a_message_passes_once_a_second_and_its_repeats_are_told_afterwards(
    limit: RepeatLimit, lines: Lines, clock: Clock
) -> None:
    for _ in range(5):
        log.error("broken")
    clock.now += 0.9
    log.error("broken")
    assert lines.lines == ["broken"]
    clock.now += 0.2
    log.error("broken")
    assert lines.lines == ["broken", "(repeated 5 times) broken", "broken"]
    log.error("broken")
    clock.now += 2
    log.error("other")
    assert lines.lines[3:] == ["(repeated once) broken", "other"]


def test_messages_that_differ_in_text_level_or_logger_are_not_the_same(limit: RepeatLimit, lines: Lines) -> None:
    log.error("%d", 1)
    log.error("%d", 2)
    log.warning("%d", 2)
    logging.getLogger("stylecam.test.inner").error("%d", 2)
    assert lines.lines == ["1", "2", "2", "2"]


def test_one_text_with_different_exceptions_is_not_the_same(limit: RepeatLimit, lines: Lines) -> None:
    for error in (ValueError("one"), ValueError("two"), TypeError("two"), ValueError("one")):
        log.error("it broke", exc_info=error)
    assert [line.splitlines()[-1] for line in lines.lines] == ["ValueError: one", "ValueError: two", "TypeError: two"]


def test_closing_tells_the_last_repeats(limit: RepeatLimit, lines: Lines) -> None:
    for _ in range(1235):
        log.error("broken")
    limit.close()
    assert lines.lines == ["broken", "(repeated 1,234 times) broken"]
    assert lines.closed


def test_more_different_messages_than_are_remembered_lose_no_count(limit: RepeatLimit, lines: Lines) -> None:
    for _ in range(2):
        log.error("first")
    for number in range(1000):
        log.error("message %d", number)
    assert lines.lines.count("(repeated once) first") == 1
    assert len(lines.lines) == 1002
    assert len(limit._said) <= 256


def test_a_traceback_is_written_and_an_endless_one_is_cut(limit: RepeatLimit, lines: Lines) -> None:
    try:
        raise ValueError("a reason")
    except ValueError:
        log.exception("it broke")
    assert "it broke\nTraceback" in lines.lines[0]
    assert lines.lines[0].endswith("ValueError: a reason")
    log.error("x" * 1_000_000)
    assert len(lines.lines[1]) < 17_000
    assert "984,000 characters" in lines.lines[1]


def test_a_wrong_format_string_does_no_harm(limit: RepeatLimit, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    log.error("%d", "text")
    log.error("right")
    assert lines.lines == ["right"]


def test_many_threads_lose_no_count(limit: RepeatLimit, lines: Lines) -> None:
    def flood() -> None:
        for _ in range(1000):
            log.error("same")

    threads = [threading.Thread(target=flood) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    limit.close()
    assert lines.lines == ["same", "(repeated 7,999 times) same"]


def test_a_folder_that_cannot_be_made_ends_the_log_and_not_the_program(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    # In a process of its own, since here pytest's handlers would hide what reaches the terminal.
    code = (
        "import logging, sys\n"
        "from pathlib import Path\n"
        "from stylecam.logs import report, setup_logging\n"
        "path = setup_logging(Path(sys.argv[1]))\n"
        "logging.getLogger('stylecam').warning('still here')\n"
        "print(path, report(path))\n"
    )
    folder = tmp_path / "file" / "log"
    run = subprocess.run([sys.executable, "-c", code, str(folder)], cwd=_ROOT, capture_output=True, text=True)
    assert run.returncode == 0
    assert "no log file" in run.stderr
    assert "still here" in run.stderr
    assert run.stdout.startswith(str(folder / "stylecam.log"))
    assert "(no log)" in run.stdout


def test_a_full_disk_is_told_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "stylecam.log").symlink_to("/dev/full")
    setup_logging(tmp_path)
    for number in range(5):
        log.error("message %d", number)
    assert capfd.readouterr().err.count("No space left") == 1
    stop_logging()


def test_a_log_that_a_second_window_holds_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "in use")

    path = setup_logging(tmp_path)
    monkeypatch.setattr("os.rename", refuse)
    for number in range(200):
        log.error("%d %s", number, "x" * 15_000)
    stop_logging()
    assert path.read_text().count("ERROR") == 200


def test_a_report_names_the_machine_and_ends_with_the_log_s_end(tmp_path: Path) -> None:
    path = setup_logging(tmp_path)
    path.with_name("stylecam.log.1").write_text("older\n" * 500)
    for number in range(150):
        log.info("line %d in %s", number, Path.home() / "Videos" / "clip.mp4")
    text = report(path).splitlines()
    assert re.match(r"stylecam \S+, Python 3\.", text[0])
    assert len(text) == 202
    assert text[2] == "older"
    assert text[-1].endswith("line 149 in ~/Videos/clip.mp4")
    assert str(Path.home()) not in "\n".join(text)


def test_a_report_never_needs_a_log(tmp_path: Path) -> None:
    assert "(no log)" in report(tmp_path / "missing.log")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/jörg/clip.mp4", "~/clip.mp4"),
        ("'/home/jörg'", "'~'"),
        ("file:///home/j%C3%B6rg/a.mp4", "file://~/a.mp4"),
        ("/home/jörgen/clip.mp4", "/home/jörgen/clip.mp4"),
        ("rtsp://admin:secret@10.0.0.5/live", "rtsp://10.0.0.5/live"),
        ("http://10.0.0.5/?at=a@b", "http://10.0.0.5/?at=a@b"),
    ],
)
def test_what_is_personal_is_left_out(monkeypatch: pytest.MonkeyPatch, text: str, shown: str) -> None:
    monkeypatch.setenv("HOME", "/home/jörg")
    assert without_personal_paths(text) == shown


def test_a_home_that_is_the_root_is_no_reason_to_mangle_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/")
    assert without_personal_paths(f"/usr/lib {os.sep}") == "/usr/lib /"
