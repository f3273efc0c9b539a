"""What a run says arrives, whatever befalls the disk or whoever listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stylecam.runs import EventReader
from trainer.events import EventLog

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_half_a_line_does_not_swallow_the_next(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"event": "step", "ti')
    EventLog(path).emit("finished", path="/a")
    EventLog(path).emit("notice", text="b")
    assert [event["event"] for event in EventReader(path).read()] == ["finished", "notice"]


def test_a_listener_that_fails_does_not_end_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def full(_event: dict[str, Any]) -> None:
        raise OSError(28, "No space left on device")

    EventLog(tmp_path / "events.jsonl", listener=full).emit("notice", text="a")
    assert '"notice"' in capsys.readouterr().out
