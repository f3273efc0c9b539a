"""Of a region that is cropped: what the mouse takes hold of, and where that can be dragged to."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF, QSize

from stylecam.gui.training.crop_region import Region, dragged, part_at


def test_a_small_region_can_still_be_moved_and_resized() -> None:
    tiny = QRectF(100, 100, 9, 9)
    assert part_at(tiny, QPointF(104.5, 104.5)) == "inside"
    assert part_at(tiny, QPointF(101, 101)) == "lt"
    assert part_at(tiny, QPointF(118, 104)) == "r"
    assert part_at(tiny, QPointF(125, 104)) == ""


@pytest.mark.parametrize(
    ("part", "by", "expected"),
    [
        ("l", (50, 50), (150, 80, 150, 120)),
        ("r", (900, 0), (100, 80, 300, 120)),
        ("lt", (-900, -30), (0, 50, 300, 150)),
        ("rb", (-900, 20), (100, 80, 64, 140)),
        ("inside", (-10, 5), (90, 85, 200, 120)),
    ],
)
def test_an_edge_moves_and_the_other_stays(part: str, by: tuple[int, int], expected: Region) -> None:
    assert dragged((100, 80, 200, 120), part, *by, QSize(400, 300)) == expected
