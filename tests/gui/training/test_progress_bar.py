"""How far it is; and where nobody knows, one whole block that moves while it is seen."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QTimer

from stylecam.gui.theme import colours
from stylecam.gui.training.progress_bar import TrainingBar
from tests.gui.widgets import grabbed, is_like, pixels

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def shown(qtbot: QtBot) -> TrainingBar:
    bar = TrainingBar()
    qtbot.addWidget(bar)
    bar.resize(400, 22)
    bar.show()
    qtbot.waitExposed(bar)
    return bar


def test_the_block_is_always_whole_and_goes_to_and_fro(qtbot: QtBot) -> None:
    bar = shown(qtbot)
    blocks = [bar.block(ms) for ms in range(0, 6400, 50)]
    assert all(QRectF(bar.rect()).contains(block) for block in blocks)
    assert {round(block.width()) for block in blocks} == {round(blocks[0].width())}
    lefts = [block.left() for block in blocks]
    assert max(lefts) > 300
    assert min(lefts) == lefts[0] == lefts[64]


def test_one_block_is_painted(qtbot: QtBot, dark: None) -> None:
    row = pixels(grabbed(shown(qtbot)))[11]
    accent = [is_like(tuple(int(v) for v in pixel), colours_of_accent()) for pixel in row]
    changes = sum(one != other for one, other in itertools.pairwise(accent))
    assert 0 < sum(accent) < 120
    assert changes <= 2, "a block that wraps has an end of it at both ends"


def colours_of_accent() -> tuple[int, int, int]:
    text = colours().accent.lstrip("#")
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)


def test_it_moves_only_while_it_is_busy_and_seen(qtbot: QtBot) -> None:
    bar = shown(qtbot)
    (timer,) = bar.findChildren(QTimer)
    assert (bar.busy, timer.isActive()) == (True, True)
    bar.show_step(40, 100)
    assert (bar.busy, bar.value(), bar.maximum(), timer.isActive()) == (False, 40, 100, False)
    bar.show_busy()
    assert timer.isActive()
    bar.hide()
    assert not timer.isActive()
