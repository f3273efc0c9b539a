from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stylecam.architecture import ARCHITECTURES, parameter_shapes
from stylecam.errors import DiskFullError, SinkError, StyleError, StyleFormatError, StyleNotFoundError
from stylecam.styles import StyleLibrary, parse_mix, read_style, write_style
from tests.tiny import random_weights, spoil_weights, write_tiny_style

if TYPE_CHECKING:
    from pathlib import Path


def test_a_style_comes_back_as_it_was_written(tmp_path: Path) -> None:
    thumbnail = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)
    fields = {
        "title": "The Wave",
        "author": "Ada",
        "licence": "CC0-1.0",
        "origin": "a print",
        "origin_sha256": "ab" * 32,
        "base": "base-1",
    }
    record = {"steps": 3, "losses": {"style": [0.5, 1.25]}, "title": "größer"}
    written = write_tiny_style(
        tmp_path / "wave.safetensors", variants=("full", "fast"), record=record, thumbnail=thumbnail, **fields
    )
    for style in (written, read_style(tmp_path / "wave.safetensors")):
        assert style.name == "wave"
        assert {key: getattr(style, key) for key in fields} == fields
        assert style.record == record
        assert style.thumbnail is not None
        assert np.array_equal(style.thumbnail, thumbnail)
        assert style.variants == ("full", "fast")
        for variant in style.variants:
            weights = style.weights(variant)
            assert {k: v.shape for k, v in weights.items()} == parameter_shapes(ARCHITECTURES[variant])
            assert all(value.dtype == np.float16 for value in weights.values())
            assert all(np.array_equal(weights[k], v) for k, v in random_weights(variant).items())


def test_a_style_without_texts_or_thumbnail_goes_by_its_name(tmp_path: Path) -> None:
    style = write_style(tmp_path / "plain.safetensors", weights={"fast": random_weights("fast")}, title="")
    assert (style.title, style.author, style.record, style.thumbnail) == ("plain", "", {}, None)


def test_control_characters_never_reach_a_title(tmp_path: Path) -> None:
    style = write_tiny_style(tmp_path / "s.safetensors", title="  red\n\tgreen\x1b[31m \u202eeulb\x00 ")
    assert style.title == "red green[31m eulb"


def test_a_variant_that_is_not_there_is_named_with_what_is(tmp_path: Path) -> None:
    style = write_tiny_style(tmp_path / "s.safetensors", variants=("fast",))
    with pytest.raises(StyleFormatError, match=r"no 'full' network, only fast; use --quality fast"):
        style.weights("full")


def test_weights_of_a_style_whose_file_has_gone_are_an_error_of_the_style(tmp_path: Path) -> None:
    style = write_tiny_style(tmp_path / "s.safetensors")
    style.path.unlink()
    with pytest.raises(StyleFormatError, match="no such file"):
        style.weights("fast")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e6])
def test_weights_that_are_not_finite_in_half_precision_are_not_written(tmp_path: Path, bad: float) -> None:
    weights = random_weights("fast")
    weights["in3.bias"][5] = bad
    with pytest.raises(StyleFormatError, match=r"fast\.in3\.bias .* not finite"):
        write_style(tmp_path / "s.safetensors", weights={"fast": weights}, title="S")
    assert list(tmp_path.iterdir()) == []


def test_weights_of_another_network_are_the_programmers_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not those of a 'full' network"):
        write_style(tmp_path / "s.safetensors", weights={"full": random_weights("fast")}, title="S")
    with pytest.raises(ValueError, match="at least one network"):
        write_style(tmp_path / "s.safetensors", weights={}, title="S")
    with pytest.raises(ValueError, match=r"ends in \.safetensors"):
        write_style(tmp_path / "s.pth", weights={"fast": random_weights("fast")}, title="S")
    with pytest.raises(ValueError, match="thumbnail"):
        write_tiny_style(tmp_path / "s.safetensors", thumbnail=np.zeros((257, 9, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_keeps_the_old_style_and_leaves_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write_tiny_style(tmp_path / "s.safetensors", title="Old")

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(DiskFullError, match="No space left"):
        write_tiny_style(tmp_path / "s.safetensors", title="New")
    assert read_style(old.path).title == "Old"
    assert list(tmp_path.iterdir()) == [old.path]


def test_a_folder_that_cannot_be_made_is_a_sink_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SinkError, match="cannot write"):
        write_tiny_style(tmp_path / "file" / "s.safetensors")


def test_a_library_reads_the_good_styles_and_names_the_bad(tmp_path: Path) -> None:
    for name in ("wave", "candy"):
        write_tiny_style(tmp_path / f"{name}.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"nothing like a style")
    (tmp_path / "Capital.safetensors").write_bytes((tmp_path / "wave.safetensors").read_bytes())
    (tmp_path / "notes.txt").write_text("not looked at")
    (tmp_path / ".wave.safetensors.1a2b.part").write_text("nor this")
    library = StyleLibrary([tmp_path])
    assert list(library) == ["candy", "wave"]
    assert len(library) == 2
    assert {path.name: reason.count("\n") for path, reason in library.problems} == {
        "Capital.safetensors": 0,
        "broken.safetensors": 0,
    }
    with pytest.raises(StyleFormatError, match=r"broken\.safetensors"):
        library["broken"]


def test_a_library_reads_no_weights_unless_it_is_to_check_them(tmp_path: Path) -> None:
    for name in ("wave", "candy"):
        write_tiny_style(tmp_path / f"{name}.safetensors")
    spoil_weights(tmp_path / "wave.safetensors")
    library = StyleLibrary([tmp_path])
    assert (list(library), library.problems) == (["candy", "wave"], [])
    with pytest.raises(StyleFormatError, match=r"wave\.safetensors.*not finite"):
        library["wave"].weights("fast")
    assert library["candy"].weights("fast")
    checked = StyleLibrary([tmp_path], check_weights=True)
    assert list(checked) == ["candy"]
    with pytest.raises(StyleFormatError, match=r"wave\.safetensors.*not finite"):
        checked["wave"]


def test_a_missing_style_names_the_nearest_and_what_there_is(tmp_path: Path) -> None:
    for name in ("wave", "candy"):
        write_tiny_style(tmp_path / f"{name}.safetensors")
    library = StyleLibrary([tmp_path])
    with pytest.raises(StyleNotFoundError, match=r"'candi': did you mean 'candy'\? there are candy, wave"):
        library["candi"]
    with pytest.raises(StyleNotFoundError, match=r"there is none at all"):
        StyleLibrary([tmp_path / "nowhere"])["candy"]


def test_a_library_is_a_mapping_that_answers_for_absent_names(tmp_path: Path) -> None:
    write_tiny_style(tmp_path / "wave.safetensors")
    library = StyleLibrary([tmp_path])
    assert "wave" in library
    assert "candy" not in library
    assert library.get("candy") is None
    assert library.get("candy", 3) == 3
    assert library.get("wave") is library["wave"]
    assert dict(library) == {"wave": library["wave"]}


def test_own_folders_win_over_the_users_and_the_users_over_the_bundled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, user, bundled = tmp_path / "own", tmp_path / "user", tmp_path / "bundled"
    for folder, names in ((own, ["a"]), (user, ["a", "b"]), (bundled, ["a", "b", "c"])):
        for name in names:
            write_tiny_style(folder / f"{name}.safetensors", title=folder.name)
    monkeypatch.setattr("stylecam.styles.user_styles_folder", lambda: user)
    monkeypatch.setattr("stylecam.styles.bundled_path", lambda _relative: bundled)
    monkeypatch.setenv("STYLECAM_STYLES", os.pathsep.join(["", str(own), str(tmp_path / "absent")]))
    library = StyleLibrary()
    assert {name: style.title for name, style in library.items()} == {"a": "own", "b": "user", "c": "bundled"}
    assert [path for path, _ in library.problems] == [tmp_path / "absent"]
    assert library.user_folder == user
    # A damaged file does not hide the good one behind it.
    (own / "a.safetensors").write_bytes(b"")
    assert StyleLibrary()["a"].title == "user"


def test_a_link_to_a_style_is_followed_and_a_dead_one_named(tmp_path: Path) -> None:
    write_tiny_style(tmp_path / "elsewhere" / "wave.safetensors")
    folder = tmp_path / "styles"
    folder.mkdir()
    (folder / "sea.safetensors").symlink_to(tmp_path / "elsewhere" / "wave.safetensors")
    (folder / "dead.safetensors").symlink_to(tmp_path / "gone.safetensors")
    library = StyleLibrary([folder])
    assert list(library) == ["sea"]
    assert [path.name for path, _ in library.problems] == ["dead.safetensors"]


def test_a_mix_is_read_with_and_without_weights() -> None:
    assert parse_mix("candy") == (("candy", 1.0),)
    assert parse_mix("candy:0.7, wave:0.3") == (("candy", 0.7), ("wave", 0.3))
    assert parse_mix("candy,wave:2") == (("candy", 1.0), ("wave", 2.0))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "candy,",
        ":1",
        "candy:",
        "candy:x",
        "candy:0",
        "candy:-1",
        "candy:nan",
        "candy:inf",
        "a:1:2",
        "a,a",
        "A",
    ],
)
def test_a_mix_that_cannot_be_read_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(StyleError) as caught:
        parse_mix(text)
    assert "\n" not in str(caught.value)


def test_listing_styles_loads_neither_numpy_nor_torch_opencv_or_av(tmp_path: Path) -> None:
    write_tiny_style(tmp_path / "wave.safetensors")
    code = (
        "import sys; from stylecam.styles import StyleLibrary\n"
        f"assert list(StyleLibrary([{str(tmp_path)!r}])) == ['wave']\n"
        "assert not {'numpy', 'safetensors', 'torch', 'cv2', 'av', 'PIL'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
