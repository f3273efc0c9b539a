"""A style's name is free, or what has it is left alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from stylecam.errors import OutputExistsError, StyleError
from stylecam.runs import hold
from stylecam.styles import user_styles_folder
from tests.test_runs import STEP, make_run, tell
from tests.tiny import write_tiny_style
from trainer.target import style_target_path

if TYPE_CHECKING:
    from pathlib import Path

_SHA256 = "5" * 64


def _target(name: str, run: Path, *, out: str = "", replace: bool = False, variant: str = "fast") -> Path:
    return style_target_path(name, out, sha256=_SHA256, variants=(variant,), run=run, replace=replace)


def test_a_free_name_is_a_file_among_the_user_s_styles(tmp_path: Path) -> None:
    assert _target("discs", tmp_path) == user_styles_folder() / "discs.safetensors"
    with pytest.raises(StyleError):
        _target("../discs", tmp_path)


@pytest.mark.parametrize("replace", [False, True])
def test_a_bundled_style_is_never_hidden_but_a_folder_elsewhere_may_have_its_name(
    tmp_path: Path, replace: bool
) -> None:
    with pytest.raises(OutputExistsError, match=r"candy is taken by a bundled style, 'Candy' by .*another --name"):
        _target("candy", tmp_path, replace=replace)
    out = tmp_path / "styles"
    assert _target("candy", tmp_path, out=str(out)) == out / "candy.safetensors"


def test_a_style_of_one_s_own_is_replaced_only_where_that_was_asked_for(tmp_path: Path) -> None:
    path = write_tiny_style(user_styles_folder() / "discs.safetensors", origin_sha256=_SHA256).path
    words = (
        "discs is taken by a style of your own, 'Discs' by 'A Test': choose another --name, or replace it with --rep"
    )
    with pytest.raises(OutputExistsError, match=words):
        _target("discs", tmp_path)
    assert _target("discs", tmp_path, replace=True) == path
    # The other network of the same painting takes nobody's place.
    assert _target("discs", tmp_path, variant="full") == path
    path.write_bytes(b"?")
    with pytest.raises(OutputExistsError, match="a file that is no style"):
        _target("discs", tmp_path)
    assert _target("discs", tmp_path, replace=True) == path


def test_the_style_that_a_run_made_is_its_own_to_replace(tmp_path: Path) -> None:
    out = tmp_path / "out"
    path = write_tiny_style(out / "discs.safetensors", origin_sha256=_SHA256).path
    mine = make_run(tmp_path / "mine", {"event": "exported", "path": str(path)}, STEP)
    other = make_run(tmp_path / "other", {"event": "exported", "path": str(out / "others.safetensors")})
    assert _target("discs", mine, out=str(out)) == path
    with pytest.raises(OutputExistsError, match=f"by 'A Test' in {re.escape(str(out))}: choose another"):
        _target("discs", other, out=str(out))
    write_tiny_style(path, origin_sha256="6" * 64)  # somebody put another in its place
    with pytest.raises(OutputExistsError):
        _target("discs", mine, out=str(out))


def test_a_style_that_would_hide_the_new_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tiny_style(tmp_path / "more" / "discs.safetensors")
    monkeypatch.setenv("STYLECAM_STYLES", str(tmp_path / "more"))
    with pytest.raises(OutputExistsError, match="a folder of STYLECAM_STYLES: choose another --name"):
        _target("discs", tmp_path, replace=True)


def test_a_name_is_not_free_while_a_style_of_that_name_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STYLECAM_RUNS", str(tmp_path / "runs"))
    run = make_run(tmp_path / "runs" / "first", STEP, name="discs")
    with hold(run):
        with pytest.raises(OutputExistsError, match="discs is being trained now"):
            _target("discs", tmp_path / "second", replace=True)
        assert _target("discs", run)
        assert _target("discs", tmp_path / "second", out=str(tmp_path / "elsewhere"))
    tell(run, {"event": "stopped", "step": 40, "text": ""})
    assert _target("discs", tmp_path / "second")
