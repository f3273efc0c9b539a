"""Thumbnails painted aside: of every style, as it stands now, and none of them takes the others away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from stylecam import stylizer
from stylecam.gui.settings import Settings
from tests.gui.conftest import painted
from tests.gui.widgets import plain
from tests.tiny import spoil_weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from pytestqt.qtbot import QtBot

    from stylecam.frame import Image
    from stylecam.gui.app import Studio


def test_a_style_with_damaged_weights_does_not_end_the_chain(
    qtbot: QtBot, open_studio: Callable[..., Studio], styles: Path
) -> None:
    spoil_weights(styles / "beta.safetensors")
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    got: dict[str, Image | None] = {}
    studio.stills.thumbnail_painted.connect(lambda name, image: got.update({name: image}))
    window.actions_.live_pictures.trigger()
    qtbot.waitUntil(lambda: set(got) == set(window.gallery.names), timeout=120_000)
    window.actions_.live_pictures.trigger()
    assert [name for name, image in got.items() if image is None] == ["beta"]
    assert window.banner.text == ""


def test_thumbnails_are_as_exact_as_the_picture_and_follow_its_change(
    qtbot: QtBot, open_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    studio = open_studio(Settings(source="test", style="alpha", size="160x120", device="cpu"), exact=True)
    window = studio.window
    painted(qtbot, window, "alpha")
    assert "float32" in window.status.device_text
    made: list[bool] = []

    class Noted(stylizer.Stylizer):
        def __init__(self, *given: object, exact: bool = False, **more: object) -> None:
            made.append(exact)
            super().__init__(*given, exact=exact, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(stylizer, "Stylizer", Noted)
    got: list[str] = []
    studio.stills.thumbnail_painted.connect(lambda name, image: got.append(name) if image is not None else None)

    def paint(count: int) -> None:
        studio.stills.paint_thumbnail("beta", plain((9, 90, 180)))
        qtbot.waitUntil(lambda: len(got) == count, timeout=60_000)

    paint(1)
    paint(2)
    assert made == [True], "it is kept"
    studio.session.set_exact(False)
    paint(3)
    assert made == [True, False, False], "the picture's own, and the thumbnail's"
    assert "bfloat16" in window.status.device_text
