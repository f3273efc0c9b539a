"""A run's result as JSON and as Markdown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stylecam.benching.machine import busy_note, machine_facts
from stylecam.benching.reporting import SCHEMA, Report, markdown_table
from stylecam.benching.rounds import spread
from stylecam.benching.sections import MISSING, Column, Section, number, plain, size, spread_of
from stylecam.devices import choose_device


def _section(**changes: Any) -> Section:
    measured = spread([0.1, 0.2, 0.3])
    assert measured is not None
    section = Section(
        "network",
        "The networks alone",
        (Column("what", plain("name")), Column("size", size("size")), Column("ms", spread_of("ms"))),
        rows=[{"name": "a|b", "size": [640, 480], "ms": measured.scaled(1000)}, {"name": "c"}],
        notes=["A note."],
    )
    for name, value in changes.items():
        setattr(section, name, value)
    return section


def _report(*sections: Section) -> Report:
    machine = machine_facts(choose_device("cpu"))
    return Report({**machine, "load_at_start": 0.0}, "stylecam bench", "2026-11-24T12:00:00+00:00", "candy", sections)


def test_json_holds_every_figure_and_says_where_it_comes_from() -> None:
    found = json.loads(json.dumps(_report(_section()).as_json()))
    assert found["schema"] == SCHEMA == 1
    assert set(found) == {"schema", "date", "command", "style", "machine", "complete", "sections"}
    assert found["machine"]["cores"] >= 1
    assert found["machine"]["cpu"]
    assert {"stylecam", "torch", "numpy"} <= set(found["machine"]["versions"])
    section = found["sections"]["network"]
    assert set(section) == {"title", "complete", "rows", "notes"}
    assert section["rows"][0]["ms"] == {"median": 200, "low": 150, "high": 250, "least": 100, "count": 3}
    assert found["complete"] is True
    assert _report(_section(complete=False)).as_json()["complete"] is False


def test_markdown_has_a_table_for_the_machine_and_one_for_each_section() -> None:
    text = _report(_section()).as_markdown()
    assert "`stylecam bench` on 2026-11-24T12:00:00+00:00, with the style candy." in text
    assert "| processor | " in text
    table = text[text.index("## The networks alone") :].splitlines()
    assert table[2:6] == [
        "| what | size | ms |",
        "| --- | ---: | ---: |",
        "| a\\|b | 640×480 | 200.0 (150.0–250.0) |",
        "| c | – | – |",
    ]
    assert table[-1] == "A note."
    assert "Stopped before its end." not in text


def test_markdown_tells_what_was_stopped() -> None:
    text = _report(_section(complete=False, rows=[])).as_markdown()
    assert "Stopped before its end." in text
    assert "| what |" not in text


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    table = markdown_table(["a", "b"], [["1", "x y\nz"], ["2", ""]])
    assert {line.count("|") for line in table.splitlines()} == {3}


@pytest.mark.parametrize(
    ("text", "row", "shown"),
    [
        (number("n", 2), {"n": 1234.567}, "1,234.57"),
        (number("n", 0, " %"), {"n": 91.7}, "92 %"),
        (number("n"), {"n": None}, MISSING),
        (plain("n"), {"n": 12}, "12"),
        (spread_of("n"), {"n": {"median": 1, "low": 1, "high": 1, "least": 1, "count": 1}}, "1.0"),
        (spread_of("n"), {}, MISSING),
    ],
)
def test_a_cell_shows_its_value_in_short(text: Any, row: dict[str, Any], shown: str) -> None:
    assert text(row) == shown


@pytest.mark.parametrize(("load", "warned"), [(2.0, True), (0.1, False), (None, False)])
def test_a_busy_machine_is_warned_of(load: float | None, warned: bool) -> None:
    assert (busy_note({"load_at_start": load, "cores": 2}) is not None) is warned
