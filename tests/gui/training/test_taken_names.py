"""Whose a name is: a bundled style's, the user's, another folder's, a damaged file's, a training's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stylecam.gui.training.taken_names import Taken, free_name, taken_names
from stylecam.runs import hold
from stylecam.styles import user_styles_folder
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from pathlib import Path


def test_every_name_has_its_owner(styles: Path, tmp_path: Path) -> None:
    write_tiny_style(user_styles_folder() / "mine.safetensors", title="My Own", author="Me")
    (styles / "torn.safetensors").write_bytes(b"no style")
    runs = tmp_path / "runs"
    for name in ("now", "before"):
        (runs / name).mkdir(parents=True)
        (runs / name / "run.json").write_text(json.dumps({"name": name}))
    with hold(runs / "now"):
        taken = taken_names(runs)
    assert taken["candy"].kind == "bundled"
    assert taken["mine"] == Taken("own", "My Own", "Me")
    assert taken["alpha"].kind == "other"
    assert taken["torn"].kind == "damaged"
    assert taken["now"].kind == "training"
    assert "before" not in taken, "a training that has ended without a style holds no name"


def test_a_free_name_is_the_wished_one_or_has_a_number() -> None:
    assert free_name("mine", {}) == "mine"
    assert free_name("mine", {"mine", "mine_2"}) == "mine_3"
    long = "x" * 64
    assert free_name(long, {long}) == "x" * 62 + "_2"
