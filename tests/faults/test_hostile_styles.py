"""Style files and checkpoints as an attacker would make them: one clear line each, and nothing happens."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import safetensors.numpy
import torch

from stylecam.architecture import ARCHITECTURES, parameter_shapes
from stylecam.errors import StyleFormatError
from stylecam.importers import import_checkpoint
from stylecam.stylecheck import FORMAT, MAX_FILE_BYTES, MAX_HEADER_BYTES, TEXT_LIMITS
from stylecam.styles import StyleLibrary, read_style
from tests.tiny import random_weights, write_tiny_style

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def tensors() -> dict[str, Any]:
    return {f"fast.{key}": value.astype(np.float16) for key, value in random_weights("fast").items()}


def write(path: Path, content: dict[str, Any], **metadata: str) -> Path:
    """What `write_style` writes, without its checks."""
    path.write_bytes(safetensors.numpy.save(content, {"format": FORMAT, **metadata}))
    return path


def rewrite_header(path: Path, change: Callable[[dict[str, Any]], str | None]) -> None:
    """Let `change` edit the parsed header, or return another text for it."""
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    text = change(header)
    new = (json.dumps(header) if text is None else text).encode()
    path.write_bytes(len(new).to_bytes(8, "little") + new + data[end:])


def refusal(path: Path) -> str:
    """The one line with which the file is refused, by the reader and in a library alike."""
    with pytest.raises(StyleFormatError) as caught:
        read_style(path)
    line = str(caught.value)
    assert line.isprintable()  # one line, and nothing that moves a cursor
    assert len(line) < 400
    library = StyleLibrary([path.parent])
    assert path.stem not in library
    # The reason is the same, but safetensors names another culprit each time where two tensors are at odds.
    ((skipped, reason),) = library.problems
    assert (skipped, reason.partition(": ")[0]) == (path, line.partition(": ")[0])
    return line


@pytest.fixture
def style(tmp_path: Path) -> Path:
    folder = tmp_path / "styles"
    folder.mkdir()
    return folder / "s.safetensors"


def test_the_files_made_here_are_good_before_they_are_spoilt(style: Path) -> None:
    assert read_style(write(style, tensors(), title="Fine")).title == "Fine"
    rewrite_header(style, lambda header: None)
    assert read_style(style).title == "Fine"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite(style: Path, bad: float) -> None:
    content = tensors()
    content["fast.res3.conv1.conv2d.weight"][1, 2, 0, 1] = bad
    write(style, content)
    with pytest.raises(
        StyleFormatError, match=r"fast\.res3\.conv1\.conv2d\.weight holds values that are not finite"
    ) as caught:
        read_style(style)
    # A list does not look at weights: whoever asks for them is told, in the same words.
    listed = StyleLibrary([style.parent])["s"]
    with pytest.raises(StyleFormatError) as later:
        listed.weights("fast")
    assert str(later.value) == str(caught.value)
    checked = StyleLibrary([style.parent], check_weights=True)
    assert (list(checked), checked.problems) == ([], [(style, str(caught.value))])


def test_a_wrong_shape(style: Path) -> None:
    content = tensors()
    content["fast.in1.weight"] = np.ones(17, np.float16)
    assert "fast.in1.weight does not have the shape [16]" in refusal(write(style, content))


def test_a_shape_that_claims_more_than_the_file_holds(style: Path) -> None:
    write(style, tensors())
    rewrite_header(style, lambda header: header["fast.in1.weight"].update(shape=[0, 2**40]))
    assert "does not have the shape" in refusal(style)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_a_wrong_dtype(style: Path, dtype: type) -> None:
    content = tensors()
    content["fast.in2.bias"] = np.zeros(32, dtype)
    assert "fast.in2.bias is not stored as float16" in refusal(write(style, content))


def test_a_missing_and_an_extra_key(style: Path) -> None:
    content = tensors()
    del content["fast.conv1.conv2d.bias"]
    assert "missing: 'fast.conv1.conv2d.bias'" in refusal(write(style, content))
    content = {**tensors(), "fast.in9.weight": np.ones(3, np.float16), "payload": np.ones(3, np.uint8)}
    assert "no style holds: 'fast.in9.weight', 'payload'" in refusal(write(style, content))


def test_a_variant_nobody_knows_and_no_variant_at_all(style: Path) -> None:
    assert "no style holds" in refusal(write(style, {"slow.in1.weight": np.ones(3, np.float16)}))
    assert "holds no network" in refusal(write(style, {"thumbnail": np.zeros((4, 4, 3), np.uint8)}))


@pytest.mark.parametrize(
    "thumbnail",
    [
        np.zeros((257, 8, 3), np.uint8),
        np.zeros((8, 257, 3), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((0, 8, 3), np.uint8),
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 3), np.float16),
    ],
    ids=lambda array: f"{array.shape} {array.dtype}",
)
def test_a_thumbnail_that_is_too_large_or_none(style: Path, thumbnail: Any) -> None:
    assert "its thumbnail is not uint8 and at most 256×256×3" in refusal(
        write(style, {**tensors(), "thumbnail": thumbnail})
    )


def test_trailing_bytes_and_a_file_cut_off_anywhere(style: Path) -> None:
    whole = write(style, tensors()).read_bytes()
    style.write_bytes(whole + b"#!/bin/sh")
    assert "damaged" in refusal(style)
    header_end = 8 + int.from_bytes(whole[:8], "little")
    for length in (0, 1, 7, 8, 9, 100, header_end - 1, header_end, header_end + 1, len(whole) - 1):
        style.write_bytes(whole[:length])
        refusal(style)


@pytest.mark.parametrize("length", [MAX_HEADER_BYTES + 1, 2**40, 2**63 - 1, 2**64 - 1])
def test_a_header_that_claims_to_be_huge(style: Path, length: int) -> None:
    style.write_bytes(length.to_bytes(8, "little") + b"{" + b" " * (MAX_HEADER_BYTES + 10))
    assert "header" in refusal(style) or "cut off" in refusal(style)


def test_a_header_of_two_hundred_thousand_tensors_is_not_even_parsed(
    style: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = '"{}":{{"dtype":"F16","shape":[0],"data_offsets":[0,0]}}'
    text = "{" + ",".join(entry.format(n) for n in range(200_000)) + "}"
    style.write_bytes(len(text).to_bytes(8, "little") + text.encode())
    monkeypatch.setattr("stylecam.stylecheck.json.loads", lambda *_a, **_k: pytest.fail("parsed"))
    assert "bytes; 262,144 are allowed" in refusal(style)


def test_a_file_of_more_than_64_megabytes_is_not_read_to_its_end(style: Path) -> None:
    with style.open("wb") as file:
        file.truncate(MAX_FILE_BYTES * 1000)  # sparse: takes no room on the disk
    assert "larger than 64 MB" in refusal(style)


def test_duplicate_keys(style: Path) -> None:
    write(style, tensors())

    def twice(header: dict[str, Any]) -> str:
        return json.dumps(header)[:-1] + ', "fast.in1.bias": ' + json.dumps(header["fast.in1.bias"]) + "}"

    rewrite_header(style, twice)
    assert "a key stands there twice" in refusal(style)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"a": NaN}',
        "{" + '"a":{' * 5000,
        "[" * 100_000,
        '{"a":' + "9" * 10_000 + "}",
        "\ufeff{}",
    ],
    ids=["empty", "list", "null", "open", "NaN", "deep", "deep list", "long number", "byte order mark"],
)
def test_a_header_that_is_not_the_json_it_should_be(style: Path, text: str) -> None:
    write(style, tensors())
    rewrite_header(style, lambda header: text)
    refusal(style)


def test_a_header_that_is_not_text(style: Path) -> None:
    style.write_bytes((4).to_bytes(8, "little") + b"{\xff\xfe}")
    assert "not a safetensors file" in refusal(style)


@pytest.mark.parametrize("entry", [None, 3, "F16", [], {}, {"dtype": ["F16"]}, {"dtype": "F16", "shape": "16"}])
def test_tensor_entries_of_the_wrong_kind(style: Path, entry: object) -> None:
    write(style, tensors())
    rewrite_header(style, lambda header: header.update({"fast.in1.weight": entry}))
    assert "fast.in1.weight" in refusal(style)


def test_offsets_that_overlap_or_leave_a_hole(style: Path) -> None:
    write(style, tensors())

    def overlap(header: dict[str, Any]) -> None:
        header["fast.in1.weight"]["data_offsets"] = header["fast.in1.bias"]["data_offsets"]

    rewrite_header(style, overlap)
    assert "damaged" in refusal(style)


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"format": "stylecam.style/2"}, "a newer stylecam may read it"),
        ({"format": "pt"}, "not one of stylecam.style/1"),
        ({"run_me": "rm -rf"}, "metadata holds what no style's does: 'run_me'"),
        ({"title": "x" * (TEXT_LIMITS["title"] + 1)}, "its title has 121 characters"),
        ({"record": "not json"}, "its training record is damaged"),
        ({"record": "[1]"}, "its training record is damaged"),
        ({"record": '{"loss": Infinity}'}, "its training record is damaged"),
        ({"record": '{"a":' * 10_000}, "its training record is damaged"),
        ({"record": '{"a": 1, "a": 2}'}, "its training record is damaged"),
    ],
)
def test_metadata_that_no_style_has(style: Path, metadata: dict[str, str], reason: str) -> None:
    assert reason in refusal(write(style, tensors(), **metadata))


@pytest.mark.parametrize("metadata", [None, [], "text", {"format": FORMAT, "title": 3}])
def test_metadata_of_the_wrong_kind(style: Path, metadata: object) -> None:
    write(style, tensors())
    rewrite_header(style, lambda header: header.update({"__metadata__": metadata}))
    refusal(style)


def test_keys_cannot_write_to_the_terminal(style: Path) -> None:
    line = refusal(write(style, {**tensors(), "\x1b]0;owned\x07\u202e\n" + "k" * 500: np.ones(1, np.float16)}))
    assert "\\x1b]0;owned\\x07\\u202e" in line


BAD_NAMES = [
    "../../x",
    "..",
    ".",
    "",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "a\x00b",
    "a\nb",
    "\u202egpj.exe",
    "x" * 65,
    "x" * 300,
    "Candy",
    "-rf",
    "_x",
    "a b",
    "é",
    "con",
    "nul",
    "com1",
    "lpt9",
    "<b>x</b>",
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_names_that_are_paths_devices_or_tricks(tmp_path: Path, name: str) -> None:
    torch.save({}, tmp_path / "n.pth")
    folder = tmp_path / "deep" / "down" / "styles"
    for act in (
        lambda: import_checkpoint(tmp_path / "n.pth", name=name, folder=folder),
        lambda: read_style(tmp_path / "s.safetensors", name=name),
    ):
        with pytest.raises(StyleFormatError, match="is no name for a style") as caught:
            act()
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 300
    assert [p.name for p in tmp_path.iterdir()] == ["n.pth"]


class Payload:
    """Runs a command when it is unpickled carelessly."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.trace),)


def import_refusal(path: Path) -> str:
    with pytest.raises(StyleFormatError) as caught:
        import_checkpoint(path, name="n", folder=path.parent / "out")
    assert not (path.parent / "out").exists()
    line = str(caught.value)
    assert line.isprintable()
    assert len(line) < 400
    assert "weights_only" not in line  # torch's own text advises to switch the protection off
    return line


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "bare pickle"])
@pytest.mark.filterwarnings("default")  # writing the old format is what torch deprecates
def test_a_malicious_pickle_runs_nothing(tmp_path: Path, zipped: bool) -> None:
    trace, path = tmp_path / "trace", tmp_path / "evil.pth"
    torch.save({"conv1.conv2d.weight": Payload(trace)}, path, _use_new_zipfile_serialization=zipped)
    torch.load(path, weights_only=False)
    assert trace.exists()  # the payload works
    trace.rmdir()
    assert "could run a program; none was run" in import_refusal(path)
    assert not trace.exists()


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_malicious_plain_pickle_runs_nothing(tmp_path: Path, protocol: int) -> None:
    trace, path = tmp_path / "trace", tmp_path / "evil.model"
    path.write_bytes(pickle.dumps(Payload(trace), protocol=protocol))
    import_refusal(path)
    assert not trace.exists()


def test_a_checkpoint_with_the_ending_of_a_style_is_seen_for_what_it_is(tmp_path: Path, style: Path) -> None:
    torch.save({"x": torch.zeros(1)}, style)
    assert "it is a PyTorch checkpoint; convert it with 'stylecam styles import'" in refusal(style)
    trace = tmp_path / "trace"
    torch.save({"x": Payload(trace)}, style)
    refusal(style)
    import_refusal(style)
    assert not trace.exists()


def test_a_tensor_that_is_huge_by_its_strides_is_never_copied(tmp_path: Path) -> None:
    state = {key: torch.zeros(1).expand(2**40) for key in parameter_shapes(ARCHITECTURES["full"])}
    torch.save(state, tmp_path / "n.pth")
    assert "has the shape [1099511627776]" in import_refusal(tmp_path / "n.pth")


def test_a_zip_bomb_is_refused_by_what_it_would_become(tmp_path: Path) -> None:
    path = tmp_path / "n.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(MAX_FILE_BYTES + 1))
    assert path.stat().st_size < 100_000
    assert "unpacked it is larger than 64 MB" in import_refusal(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"PK\x03\x04" + bytes(100), b"\x80\x02.", b"\x80\x02}.", b"\x80\x04" + bytes(50), b"hello", b"<html>"],
)
def test_what_is_no_checkpoint_at_all(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "n.pth"
    path.write_bytes(content)
    import_refusal(path)


def test_things_that_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pth")
    (tmp_path / "folder.pth").mkdir()
    assert "not a file" in import_refusal(tmp_path / "pipe.pth")
    assert "not a file" in import_refusal(tmp_path / "folder.pth")
    assert "no such file" in import_refusal(tmp_path / "absent.pth")


def test_random_damage_never_ends_in_anything_but_a_refusal_or_a_style(style: Path) -> None:
    whole = bytearray(write_tiny_style(style).path.read_bytes())
    rng = np.random.default_rng(7)
    header = struct.unpack("<Q", whole[:8])[0] + 8
    outcomes = set()
    for _ in range(150):
        damaged = bytearray(whole)
        for position in rng.integers(0, header, size=3):
            damaged[position] = rng.integers(0, 256)
        style.write_bytes(damaged)
        try:
            read_style(style)
            outcomes.add("read")
        except StyleFormatError as exc:
            outcomes.add("refused" if str(exc).isprintable() else repr(exc))
    assert outcomes <= {"read", "refused"}
    assert "refused" in outcomes
