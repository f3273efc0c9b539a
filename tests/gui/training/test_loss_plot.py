"""The losses on the screen: where a line must be, what the mouse reads out, round figures, and how seldom it paints."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtWidgets import QApplication

from stylecam.gui.theme import apply_theme, colours
from stylecam.gui.training.loss_plot import LossPlot
from stylecam.gui.training.plot_axes import figure, log_ticks, round_steps
from tests.gui.widgets import colour_at, grabbed, is_like

if TYPE_CHECKING:
    from PySide6.QtGui import QImage, QPaintEvent
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("dark")


class CountingPlot(LossPlot):
    def __init__(self) -> None:
        super().__init__()
        self.paintings = 0

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        self.paintings += 1
        super().paintEvent(event)


@pytest.fixture
def plot(qtbot: QtBot) -> CountingPlot:
    widget = CountingPlot()
    qtbot.addWidget(widget)
    widget.resize(600, 300)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def rgb(name: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(name[1:])
    return red, green, blue


def rows_like(image: QImage, x: int, colour: str) -> list[int]:
    """The rows of a column, within the plot, that have this colour."""
    return [y for y in range(30, 265) if is_like(colour_at(image, x, y), rgb(colour), 40)]


def steady(plot: LossPlot, last: int = 100) -> None:
    """Content at 1 and style at 100, up to this step of 100."""
    plot.set_steps(100)
    plot.set_events((step, 1.0, 100.0) for step in range(1, last + 1))


def over(qtbot: QtBot, plot: LossPlot, step: float) -> None:
    qtbot.mouseMove(plot, QPoint(round(plot._x(step)), 150))


def test_before_the_first_value_words_say_what_will_be_here(plot: LossPlot) -> None:
    image = grabbed(plot)
    assert len({colour_at(image, x, y) for x in range(150, 450, 2) for y in range(140, 160)}) > 2
    assert plot.accessibleDescription() == "The losses will be shown here"
    assert plot.readout == ""
    assert plot.last_step == 0


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_style_is_a_solid_line_above_and_content_a_dashed_one_below(
    plot: LossPlot, qapp: QApplication, theme: Literal["dark", "light"]
) -> None:
    apply_theme(qapp, theme)
    steady(plot)
    image, c = grabbed(plot), colours()
    columns = range(round(plot._x(10)), round(plot._x(90)))
    style = [rows_like(image, x, c.accent) for x in columns]
    content = [[y for y in rows_like(image, x, c.text) if y > 150] for x in columns]
    assert all(style), "solid"
    assert 0.3 < sum(map(bool, content)) / len(columns) < 0.9, "dashed: told apart without colours"
    assert max(max(rows) for rows in style) < min(min(rows) for rows in content if rows)


def test_a_hundredfold_is_as_high_wherever_it_is(plot: LossPlot) -> None:
    heights = []
    for factor in (1e-4, 1.0, 1e7):
        plot.set_events((step, factor, 100 * factor) for step in range(1, 100))
        image = grabbed(plot)
        x = round(plot._x(50))
        heights.append(max(rows_like(image, x, colours().accent)))
    assert max(heights) - min(heights) <= 1


def test_lines_go_no_further_than_training_has(plot: LossPlot) -> None:
    steady(plot, last=60)
    image = grabbed(plot)
    assert rows_like(image, round(plot._x(55)), colours().accent)
    assert not rows_like(image, round(plot._x(70)), colours().accent)


def test_the_first_minutes_of_a_long_training_fill_the_plot(plot: LossPlot) -> None:
    plot.set_steps(40_000)
    ends = []
    for last in (10, 500, 9_000, 19_000, 20_000, 40_000):
        plot.set_events((step, 1.0, 1.0) for step in range(1, last + 1, 10))
        assert plot.last_step / plot._x_end <= 1
        ends.append(plot._x_end)
    assert ends == [39.0625, 625, 10_000, 20_000, 40_000, 40_000]
    plot.add(50_000, 1.0, 1.0)
    assert plot._x_end == 50_000, "further than was foretold"


def test_without_a_number_of_steps_the_plot_ends_soon_after_the_last(plot: LossPlot) -> None:
    plot.set_events((step, 1.0, 1.0) for step in range(1, 1001))
    assert 1000 < plot._x_end < 1100


def test_what_is_not_finite_is_passed_over_and_the_other_is_shown(plot: LossPlot) -> None:
    plot.set_steps(100)
    for step in range(1, 101):
        plot.add(step, math.nan, 10.0)
    plot.add(101, math.inf, 0.0)
    image = grabbed(plot)
    assert rows_like(image, round(plot._x(50)), colours().accent)
    assert plot.last_step == 100
    plot.clear()
    plot.add(1, math.nan, -1.0)
    grabbed(plot)
    assert plot.last_step == 0


def test_one_wild_value_among_many_does_not_flatten_the_rest(plot: LossPlot) -> None:
    plot.set_events((step, 1.0, 1e30 if step == 50 else 100.0) for step in range(1, 301))
    low, high = plot._y_range
    assert high < 5
    assert low < 0


def test_a_value_alone_is_painted(plot: LossPlot) -> None:
    plot.add(1, 1.0, 100.0)
    image = grabbed(plot)
    assert rows_like(image, round(plot._x(1)), colours().accent), "a dot"


def test_the_mouse_reads_out_the_values_below_it(plot: LossPlot, qtbot: QtBot) -> None:
    plot.set_steps(100)
    plot.set_events((step, 2.0, 500.0 if step == 40 else 50.0) for step in range(1, 101))
    plot.mark(70, "rolled back")
    over(qtbot, plot, 40)
    step, style, content = plot.readout.split("\n")
    assert step == "Step 40"
    assert "measured 500" in style
    assert style.startswith("Style ")
    assert content == "Content 2, measured 2"
    before = grabbed(plot)
    over(qtbot, plot, 70)
    assert plot.readout.endswith("\nrolled back")
    assert grabbed(plot) != before
    qtbot.mouseMove(plot, QPoint(300, 5))
    assert plot.readout == "", "over the legend"
    over(qtbot, plot, 40)
    QApplication.sendEvent(plot, QEvent(QEvent.Type.Leave))
    assert plot.readout == ""


def test_a_mark_is_a_line_with_words(plot: LossPlot) -> None:
    steady(plot)
    without = grabbed(plot)
    plot.mark(30, "more style")
    marked = grabbed(plot)
    x = round(plot._x(30))
    changed = [y for y in range(40, 265) if colour_at(marked, x, y) != colour_at(without, x, y)]
    assert len(changed) > 60, "from top to bottom, dotted"
    words = [
        (x + dx, y)
        for dx in range(4, 60)
        for y in range(25, 60)
        if colour_at(marked, x + dx, y) != colour_at(without, x + dx, y)
    ]
    assert len(words) > 40
    plot.clear()
    steady(plot)
    assert grabbed(plot) == without


def test_words_of_marks_never_lie_on_one_another(plot: LossPlot) -> None:
    steady(plot)
    plot.mark(50, "a long text, of which there is one")
    plot.mark(51, "and another that is as long as that")
    two = grabbed(plot)
    plot.mark(52, "and one for which there is no room")
    three = grabbed(plot)
    x = round(plot._x(52)) + 4
    changed = [
        (a, y) for a in range(x, x + 150) for y in range(25, 60) if colour_at(three, a, y) != colour_at(two, a, y)
    ]
    assert changed == []


def test_words_of_a_mark_at_the_right_end_are_left_of_it(plot: LossPlot) -> None:
    steady(plot)
    without = grabbed(plot)
    plot.mark(99, "more content")
    marked = grabbed(plot)
    right = round(plot._x(99))
    changed = [
        (x, y)
        for x in range(right - 80, right - 2)
        for y in range(25, 60)
        if colour_at(marked, x, y) != colour_at(without, x, y)
    ]
    assert len(changed) > 40


def test_going_back_takes_the_undone_away(plot: LossPlot) -> None:
    steady(plot, last=80)
    plot.mark(80, "rolled back")
    plot.add(41, 1.0, 100.0)
    assert plot.last_step == 41
    assert not rows_like(grabbed(plot), round(plot._x(45)), colours().accent)


def test_values_of_before_are_replaced_and_marks_stay(plot: LossPlot, qtbot: QtBot) -> None:
    steady(plot)
    plot.mark(20, "more style")
    plot.set_events([(20, 3.0, 4.0)])
    assert plot.last_step == 20
    over(qtbot, plot, 20)
    assert plot.readout == "Step 20\nStyle 4, measured 4\nContent 3, measured 3\nmore style"


def test_many_values_at_once_are_painted_once(plot: CountingPlot, qtbot: QtBot) -> None:
    QApplication.processEvents()
    plot.paintings = 0
    for step in range(1, 500):
        plot.add(step, 1.0, 2.0)
        QApplication.processEvents()
        if plot.paintings:
            break
    else:
        qtbot.waitUntil(lambda: plot.paintings > 0, timeout=5000)
    assert plot.paintings == 1
    qtbot.waitUntil(lambda: "Style 2" in plot.accessibleDescription(), timeout=5000)


def test_hours_are_painted_with_no_more_points_than_an_hour(plot: LossPlot) -> None:
    plot.set_events((step, 1.0 + step % 7, 2.0 + step % 5) for step in range(1, 30_001))
    assert all(len(line.series.steps) <= 2000 for line in plot._lines)
    grabbed(plot)


def test_a_screen_reader_is_told_the_newest_values(plot: LossPlot, qtbot: QtBot) -> None:
    steady(plot)
    qtbot.waitUntil(lambda: plot.accessibleDescription() == "Step 100, Style 100, Content 1", timeout=5000)
    assert plot.accessibleName() == "Losses"


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0.0, 1.0, 9, [1, 2, 5, 10]),
        (-0.35, 0.25, 9, [0.5, 1]),
        (0.0, 3.0, 8, [1, 3, 10, 30, 100, 300, 1000]),
        (0.0, 3.0, 5, [1, 10, 100, 1000]),
        (-2.0, 8.0, 6, [0.01, 1, 100, 1e4, 1e6, 1e8]),
    ],
)
def test_ticks_are_round_and_no_more_than_have_room(low: float, high: float, most: int, expected: list[float]) -> None:
    assert log_ticks(low, high, most) == pytest.approx(expected)


@pytest.mark.parametrize("low", [-3.0, -1.23, 0.1, 0.45, 0.82])
def test_every_range_that_is_shown_has_a_tick(low: float) -> None:
    assert log_ticks(low, low + 0.6, 4)


def test_steps_are_round() -> None:
    assert round_steps(100, 5) == [0, 20, 40, 60, 80, 100]
    assert round_steps(39.06, 8) == [0, 5, 10, 15, 20, 25, 30, 35]
    assert round_steps(7, 100) == list(range(8))
    assert round_steps(40_000, 3) == [0, 20_000, 40_000]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.0012345, "0.00123"),
        (0.0001, "1e-4"),
        (12.345, "12.3"),
        (999.7, "1000"),
        (12345.6, "12346"),
        (3e7, "3e7"),
    ],
)
def test_figures_are_short(value: float, text: str) -> None:
    assert figure(value) == text


def test_in_a_narrow_plot_the_legend_and_the_readout_stay_inside(plot: LossPlot, qtbot: QtBot) -> None:
    steady(plot)
    plot.resize(plot.minimumSize())
    for step in (2, 50, 98):
        over(qtbot, plot, step)
        image, c = grabbed(plot), colours()
        border = [colour_at(image, x, y) for x in (0, plot.width() - 1) for y in range(10, plot.height() - 10)]
        assert set(border) == {rgb(c.line)}, step
        assert any(is_like(colour_at(image, x, y), rgb(c.text), 40) for x in range(120, 236) for y in range(8, 20))
