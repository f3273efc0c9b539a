from __future__ import annotations

import io
import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stylecam.errors import StyleFormatError
from stylecam.stylefile import read_style, read_style_header
from stylecam.stylehead import read_bytes, read_head
from tests.tiny import random_weights, spoil_weights, write_tiny_style

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)


class Counted(io.BytesIO):
    """Counts the bytes that are read from it; may claim to be longer than it is."""

    def __init__(self, data: bytes, *, more: int = 0) -> None:
        super().__init__(data)
        self.given = 0
        self._more = more

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.given += len(data)
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return super().seek(offset, whence) + (self._more if whence == os.SEEK_END else 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_tiny_style(tmp_path / "s.safetensors", variants=("fast", "full"), thumbnail=PIXELS, base="b").path


def test_the_head_says_what_the_whole_file_says(path: Path) -> None:
    whole, head = read_style(path), read_style_header(path)
    for field in ("name", "title", "author", "licence", "base", "origin", "record", "variants", "path"):
        assert getattr(head, field) == getattr(whole, field)
    for style in (whole, head):
        assert style.thumbnail is not None
        assert np.array_equal(style.thumbnail, PIXELS)
        style.thumbnail[0, 0, 0] = 7  # a picture that may be written to, as ever
        assert style.thumbnail[0, 0, 0] == 7


def test_the_weights_are_not_read(path: Path) -> None:
    file = Counted(path.read_bytes())
    head = read_head(file, path)
    assert head.variants == ("full", "fast")
    assert file.given < 40_000 + PIXELS.nbytes < path.stat().st_size / 20


def test_a_long_header_is_read_to_its_end(tmp_path: Path) -> None:
    record = {"note": "x" * 90_000}
    style = write_tiny_style(tmp_path / "s.safetensors", record=record, thumbnail=PIXELS)
    read = read_style_header(style.path)
    assert read.record == record
    assert np.array_equal(read.thumbnail, PIXELS)  # type: ignore[arg-type]


def test_a_file_that_was_cut_off_is_found_without_its_weights(path: Path) -> None:
    whole = path.read_bytes()
    header_end = 8 + int.from_bytes(whole[:8], "little")
    for length in (header_end, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(StyleFormatError, match=r"the file is damaged: it has .* bytes after its header, not "):
            read_style_header(path)


def test_a_file_that_shrinks_while_it_is_read_is_found(path: Path) -> None:
    whole = path.read_bytes()
    with pytest.raises(StyleFormatError, match="its thumbnail is cut off"):
        read_head(Counted(whole[:-5], more=5), path)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (None, "does not say where"),
        ([0], "does not say where"),
        ([0, True], "does not say where"),
        ([0, 96.0], "does not say where"),
        ([0, 94], "has 94 bytes, not 32"),
        ([-32, 0], "begins at -32, not at 0"),
        ([2**70, 2**70 + 32], "begins at"),
    ],
)
def test_offsets_that_cannot_be_are_refused(path: Path, place: Any, words: str) -> None:
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    header["fast.in1.weight"]["data_offsets"] = place
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[end:])
    with pytest.raises(StyleFormatError, match=words):
        read_style_header(path)


def test_weights_that_are_not_finite_are_found_when_they_are_asked_for(path: Path) -> None:
    spoil_weights(path)
    style = read_style_header(path)
    with pytest.raises(StyleFormatError) as early:
        read_style(path)
    with pytest.raises(StyleFormatError, match="holds values that are not finite in half precision") as late:
        style.weights("full")
    assert str(late.value) == str(early.value)


def test_a_style_that_was_replaced_since_gives_the_weights_of_the_new_one(path: Path) -> None:
    style = read_style_header(path)
    write_tiny_style(path, variants=("fast",), seed=5)
    weights = style.weights("fast")
    assert all(np.array_equal(weights[key], value) for key, value in random_weights("fast", seed=5).items())
    assert np.array_equal(style.thumbnail, PIXELS)  # type: ignore[arg-type]
    with pytest.raises(StyleFormatError, match=r"no 'full' network any more, only fast: .* was replaced since it was"):
        style.weights("full")
    path.write_bytes(b"something else")
    with pytest.raises(StyleFormatError, match="not a safetensors file"):
        style.weights("fast")


def test_threads_that_ask_while_the_file_is_replaced_each_get_one_style_whole(path: Path, tmp_path: Path) -> None:
    style = read_style_header(path)
    other = write_tiny_style(tmp_path / "other" / "s.safetensors", seed=5).path
    expected = [random_weights("fast", seed=seed) for seed in (0, 5)]

    def ask() -> tuple[bool, ...]:
        assert np.array_equal(style.thumbnail, PIXELS)  # type: ignore[arg-type]
        weights = style.weights("fast")
        return tuple(all(np.array_equal(weights[k], v) for k, v in one.items()) for one in expected)

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask) for _ in range(20)]
        other.replace(path)
        asked += [pool.submit(ask) for _ in range(4)]
        got = [each.result() for each in asked]
    assert set(got) <= {(True, False), (False, True)}
    assert got[-1] == (False, True)


def test_a_folder_and_nothing_at_all_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "folder.safetensors").mkdir()
    for name, words in (("folder", "it is not a file"), ("absent", "there is no such file")):
        for read in (read_style, read_style_header, read_bytes):
            with pytest.raises(StyleFormatError, match=words):
                read(tmp_path / f"{name}.safetensors")  # type: ignore[operator]
