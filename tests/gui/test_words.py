"""Times, counts and errors as a person reads them."""

from __future__ import annotations

import pytest

from stylecam.gui.words import clock, counted, duration, sentence, time_range


@pytest.mark.parametrize(
    ("least", "most", "text"),
    [
        (41, 58, "40–60 s"),
        (0.2, 3, "1–10 s"),
        (402, 530, "7–9 min"),
        (530, 535, "about 9 min"),
        (80, 95, "1–2 min"),
        (5000, 5900, "83–99 min"),
        (5600, 7000, "1.5–2 h"),
        (7100, 7190, "about 2 h"),
        (315_271, 482_190, "88–134 h"),
    ],
)
def test_a_range_is_as_exact_as_a_forecast(least: float, most: float, text: str) -> None:
    assert time_range(least, most) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1 s"), (7.4, "7 s"), (43, "45 s"), (100, "2 min"), (5900, "98 min"), (7200, "2 h"), (8400, "2 h 20 min")],
)
def test_a_time_left_is_told_roughly(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_time_gone_by_is_told_exactly() -> None:
    assert (clock(34.4), clock(3723)) == ("0:34", "1:02:03")


def test_a_large_number_is_told_in_groups() -> None:
    assert [counted(number) for number in (7, 1500, None)] == ["7", "1,500", "None"]


def test_an_error_becomes_a_sentence() -> None:
    assert sentence("no such file") == "No such file."
    assert sentence("a.jpg is torn") == "a.jpg is torn."
    assert sentence("Done!") == "Done!"
    assert sentence("Wait…") == "Wait…"
