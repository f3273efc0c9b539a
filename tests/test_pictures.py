from __future__ import annotations

import io
import os
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import PIL.ImageCms
import pytest

from stylecam.errors import DiskFullError, OutputExistsError, SinkError, SourceOpenError
from stylecam.pictures import MAX_PIXELS, Picture, read_picture, resized, stylize_picture, write_picture

if TYPE_CHECKING:
    from pathlib import Path

    from stylecam.frame import Image


def gradient(height: int = 24, width: int = 32) -> Image:
    """Smooth, with each channel and each corner its own, so that a flip or a swap shows."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // (width - 1), y * 255 // (height - 1), 80 + 0 * x], axis=-1).astype(np.uint8)


def negative(image: Image) -> Image:
    return 255 - image


def png(header: bytes, rows: bytes) -> bytes:
    """A PNG of raw parts, for what Pillow does not write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def difference(a: Image, b: Image) -> int:
    assert a.shape == b.shape
    return int(np.abs(a.astype(int) - b.astype(int)).max())


@pytest.mark.parametrize(("suffix", "tolerance"), [(".png", 0), (".jpg", 6), (".JPEG", 6), (".webp", 12)])
def test_a_picture_comes_back_as_it_was_written(tmp_path: Path, suffix: str, tolerance: int) -> None:
    path = tmp_path / f"p{suffix}"
    write_picture(path, Picture(gradient()))
    back = read_picture(path)
    assert back.alpha is None
    assert back.image.dtype == np.uint8
    assert back.image.flags.c_contiguous
    assert difference(back.image, gradient()) <= tolerance


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_transparency_survives(tmp_path: Path, suffix: str) -> None:
    alpha = np.linspace(0, 255, 24 * 32).reshape(24, 32).astype(np.uint8)
    write_picture(tmp_path / f"in{suffix}", Picture(gradient(), alpha))
    stylize_picture(tmp_path / f"in{suffix}", tmp_path / f"out{suffix}", negative)
    back = read_picture(tmp_path / f"out{suffix}")
    assert back.alpha is not None
    assert np.array_equal(back.alpha, alpha)


def test_transparency_is_laid_on_white_where_the_format_has_none(tmp_path: Path) -> None:
    alpha = np.zeros((24, 32), np.uint8)
    alpha[:, 16:] = 255
    write_picture(tmp_path / "p.jpg", Picture(np.zeros((24, 32, 3), np.uint8), alpha))
    back = read_picture(tmp_path / "p.jpg")
    assert back.image[:, :14].min() > 250
    assert back.image[:, 18:].max() < 5


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright_as_its_exif_says(tmp_path: Path, orientation: int) -> None:
    stored = PIL.Image.fromarray(gradient())
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "p.png", exif=exif)
    # The standard's words: where the stored picture's row 0 and column 0 are in the upright one.
    expected = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],  # row 0 top, column 0 right
        3: lambda a: a[::-1, ::-1],  # bottom, right
        4: lambda a: a[::-1],  # bottom, left
        5: lambda a: a.swapaxes(0, 1),  # left, top
        6: lambda a: a.swapaxes(0, 1)[:, ::-1],  # right, top
        7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],  # right, bottom
        8: lambda a: a.swapaxes(0, 1)[::-1],  # left, bottom
    }[orientation](gradient())
    assert np.array_equal(read_picture(tmp_path / "p.png").image, expected)


def test_a_turned_picture_is_written_upright_and_not_turned_again(tmp_path: Path) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.fromarray(gradient(24, 32)).save(tmp_path / "in.jpg", exif=exif)
    stylize_picture(tmp_path / "in.jpg", tmp_path / "out.jpg", negative)
    with PIL.Image.open(tmp_path / "out.jpg") as out:
        assert out.size == (24, 32)
        assert dict(out.getexif()) == {}


@pytest.mark.parametrize(
    "block",
    [
        b"not TIFF at all",
        b"MM\x00*\xff\xff\xff\xff\x00",  # the directory lies outside
        b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x02\x00\x00\x00\x04top\x00\x00\x00\x00\x00",  # orientation: "top"
    ],
)
def test_a_damaged_exif_block_is_no_reason_to_refuse(tmp_path: Path, block: bytes) -> None:
    PIL.Image.fromarray(gradient()).save(tmp_path / "p.jpg", exif=b"Exif\x00\x00" + block)
    assert read_picture(tmp_path / "p.jpg").size == (32, 24)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
@pytest.mark.parametrize("value", [0, 255])
def test_plain_modes_become_rgb(tmp_path: Path, mode: str, value: int) -> None:
    PIL.Image.new("RGB", (20, 18), (value,) * 3).convert(mode).save(tmp_path / "p.png")
    back = read_picture(tmp_path / "p.png")
    assert back.image.shape == (18, 20, 3)
    assert (back.image == value).all()
    assert back.alpha is None  # opaque everywhere


def test_a_palette_with_a_transparent_colour_has_alpha(tmp_path: Path) -> None:
    indexed = PIL.Image.new("P", (20, 18), 1)
    indexed.putpalette([255, 0, 0, 0, 0, 255])
    indexed.paste(0, (0, 0, 10, 18))
    indexed.save(tmp_path / "p.png", transparency=0)
    back = read_picture(tmp_path / "p.png")
    assert back.alpha is not None
    assert (back.alpha[:, :10] == 0).all()
    assert (back.alpha[:, 10:] == 255).all()
    assert (back.image[:, 10:] == (0, 0, 255)).all()


def test_cmyk_is_converted_and_not_inverted(tmp_path: Path) -> None:
    cmyk = np.zeros((20, 40, 4), np.uint8)
    cmyk[:, 20:, 3] = 255  # white paper on the left, black ink on the right
    PIL.Image.fromarray(cmyk, "CMYK").save(tmp_path / "p.jpg", quality=95)
    back = read_picture(tmp_path / "p.jpg").image
    assert back[:, :16].min() > 250
    assert back[:, 24:].max() < 5


def test_16_bit_grey_is_scaled_and_not_clipped(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 32 * 20).reshape(20, 32).astype(np.uint16)
    PIL.Image.fromarray(values).save(tmp_path / "p.png")
    with PIL.Image.open(tmp_path / "p.png") as stored:
        assert stored.mode.startswith("I")
    back = read_picture(tmp_path / "p.png").image
    assert np.abs(back[..., 0] - values / 257).max() <= 0.5


def test_16_bit_colour_is_scaled_and_not_clipped(tmp_path: Path) -> None:
    values = np.stack([np.linspace(0, 65535, 32).astype(np.uint16)] * 20)
    colour = np.stack([values, values[:, ::-1], np.full_like(values, 0x8080)], axis=-1)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in colour)
    (tmp_path / "p.png").write_bytes(png(struct.pack(">IIBBBBB", 32, 20, 16, 2, 0, 0, 0), rows))
    assert np.abs(read_picture(tmp_path / "p.png").image - colour / 257).max() <= 1


def test_an_embedded_profile_is_converted_to_srgb(tmp_path: Path) -> None:
    # LAB → sRGB gives another picture than the bare numbers do; so does any profile with other primaries.
    swapped = swapped_profile()
    PIL.Image.fromarray(gradient()).save(tmp_path / "p.png", icc_profile=swapped)
    back = read_picture(tmp_path / "p.png").image
    assert difference(back, gradient()[..., [2, 1, 0]]) <= 3


def swapped_profile() -> bytes:
    """SRGB's own profile with its red and blue primaries exchanged."""
    data = bytearray(PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes())
    red, blue = data.index(b"rXYZ"), data.index(b"bXYZ")
    data[red : red + 4], data[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(data)


@pytest.mark.parametrize("profile", [b"garbage", b"\0" * 200])
def test_a_profile_that_makes_no_sense_is_passed_over(tmp_path: Path, profile: bytes) -> None:
    PIL.Image.fromarray(gradient()).save(tmp_path / "p.png", icc_profile=profile)
    assert np.array_equal(read_picture(tmp_path / "p.png").image, gradient())


def test_a_profile_for_other_channels_is_passed_over(tmp_path: Path) -> None:
    grey = PIL.Image.new("L", (20, 20), 77)
    grey.save(tmp_path / "p.png", icc_profile=swapped_profile())
    assert (read_picture(tmp_path / "p.png").image == 77).all()


def test_a_bomb_is_refused_by_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def must_not_run(*_args: object) -> None:
        pytest.fail("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", must_not_run)
    for side in (50_000, 12_000):  # beyond Pillow's own error, and between its warning and that
        (tmp_path / "b.png").write_bytes(png(struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0), b""))
        with pytest.raises(SourceOpenError, match="more than 128 million pixels"):
            read_picture(tmp_path / "b.png")
    assert MAX_PIXELS < 12_000**2


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_picture_cut_off_anywhere_is_refused(tmp_path: Path, suffix: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    write_picture(tmp_path / f"whole{suffix}", Picture(pixels))
    whole = (tmp_path / f"whole{suffix}").read_bytes()
    for length in (0, 1, 8, 20, 40, len(whole) // 2, len(whole) * 3 // 4):
        (tmp_path / f"cut{suffix}").write_bytes(whole[:length])
        with pytest.raises(SourceOpenError) as caught:
            read_picture(tmp_path / f"cut{suffix}")
        assert str(caught.value).isprintable()


def test_other_formats_are_refused_whatever_their_ending(tmp_path: Path) -> None:
    for name in ("GIF", "BMP", "TIFF", "PPM"):
        PIL.Image.fromarray(gradient()).save(tmp_path / "p.png", name)
        with pytest.raises(SourceOpenError, match="not a JPEG, PNG or WebP"):
            read_picture(tmp_path / "p.png")
    (tmp_path / "t.jpg").write_text("not a picture")
    with pytest.raises(SourceOpenError, match="not a JPEG, PNG or WebP"):
        read_picture(tmp_path / "t.jpg")


@pytest.mark.parametrize("name", ["PNG", "WEBP"])
def test_an_animation_is_refused_with_advice(tmp_path: Path, name: str) -> None:
    frames = [PIL.Image.fromarray(gradient()), PIL.Image.fromarray(negative(gradient()))]
    frames[0].save(tmp_path / "a.png", name, save_all=True, append_images=frames[1:])
    with pytest.raises(SourceOpenError, match="animation; save the picture that you mean"):
        read_picture(tmp_path / "a.png")


def test_of_a_jpeg_with_a_second_picture_the_first_is_read(tmp_path: Path) -> None:
    first, second = PIL.Image.fromarray(gradient()), PIL.Image.new("RGB", (16, 16))
    first.save(tmp_path / "p.jpg", "MPO", save_all=True, append_images=[second], quality=95)
    assert read_picture(tmp_path / "p.jpg").size == (32, 24)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for name, reason in (("pipe.png", "not a file"), (".", "not a file"), ("x.png", "no such"), ("a\0.png", "no such")):
        with pytest.raises(SourceOpenError, match=reason):
            read_picture(f"{tmp_path}/{name}")
    with pytest.raises(SourceOpenError):
        read_picture(tmp_path / ("x" * 5000 + ".png"))


def test_a_picture_too_small_to_paint_is_refused(tmp_path: Path) -> None:
    write_picture(tmp_path / "in.png", Picture(np.zeros((15, 40, 3), np.uint8)))
    with pytest.raises(SourceOpenError, match="40×15 pixels; a painting needs 16×16"):
        stylize_picture(tmp_path / "in.png", tmp_path / "out.png", negative)
    assert not (tmp_path / "out.png").exists()


def test_a_painting_is_the_picture_through_the_stylizer(tmp_path: Path) -> None:
    write_picture(tmp_path / "in.png", Picture(gradient(17, 33)))
    stylize_picture(tmp_path / "in.png", tmp_path / "deep" / "out.png", negative)
    assert np.array_equal(read_picture(tmp_path / "deep" / "out.png").image, negative(gradient(17, 33)))


def test_an_existing_painting_is_kept_unless_forced(tmp_path: Path) -> None:
    write_picture(tmp_path / "in.png", Picture(gradient()))
    (tmp_path / "out.png").write_text("precious")
    calls: list[Image] = []

    def painter(image: Image) -> Image:
        calls.append(image)
        return image

    with pytest.raises(OutputExistsError, match="--force"):
        stylize_picture(tmp_path / "in.png", tmp_path / "out.png", painter)
    assert calls == []  # said before the work
    assert (tmp_path / "out.png").read_text() == "precious"
    stylize_picture(tmp_path / "in.png", tmp_path / "out.png", painter, force=True)
    assert read_picture(tmp_path / "out.png").size == (32, 24)


def test_the_picture_itself_is_never_written_over(tmp_path: Path) -> None:
    write_picture(tmp_path / "in.png", Picture(gradient()))
    before = (tmp_path / "in.png").read_bytes()
    (tmp_path / "link.png").symlink_to("in.png")
    os.link(tmp_path / "in.png", tmp_path / "hard.png")
    for output in ("in.png", "link.png", "hard.png"):
        with pytest.raises(OutputExistsError, match="never written over"):
            stylize_picture(tmp_path / "in.png", tmp_path / output, negative, force=True)
    assert (tmp_path / "in.png").read_bytes() == before


@pytest.mark.parametrize("name", ["out.gif", "out", "out.tiff", "out.mp4"])
def test_an_ending_nobody_writes_is_refused_before_the_work(tmp_path: Path, name: str) -> None:
    with pytest.raises(SinkError, match=r"must end in \.jpg, \.png or \.webp"):
        stylize_picture(tmp_path / "not even there.png", tmp_path / name, negative)


def test_a_full_disk_leaves_the_old_painting_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_picture(tmp_path / "out.png", Picture(gradient()))
    before = (tmp_path / "out.png").read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError, match="No space left on device"):
        write_picture(tmp_path / "out.png", Picture(negative(gradient())), force=True)
    assert [p.name for p in tmp_path.iterdir()] == ["out.png"]
    assert (tmp_path / "out.png").read_bytes() == before


def test_a_picture_too_large_for_its_format_is_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"a WEBP of 16400×16 could not be made .* choose \.png"):
        write_picture(tmp_path / "out.webp", Picture(np.zeros((16, 16_400, 3), np.uint8)))
    assert list(tmp_path.iterdir()) == []


def test_only_what_is_larger_is_made_smaller() -> None:
    assert resized(gradient(24, 32), longest=16).shape == (12, 16, 3)
    assert resized(gradient(24, 32), longest=32).shape == (24, 32, 3)
    assert resized(np.zeros((1, 4000, 3), np.uint8), longest=100).shape == (1, 100, 3)


def test_pictures_are_the_same_file_every_time(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        write_picture(tmp_path / name, Picture(gradient()))
    assert (tmp_path / "a.jpg").read_bytes() == (tmp_path / "b.jpg").read_bytes()
    with PIL.Image.open(io.BytesIO((tmp_path / "a.jpg").read_bytes())) as picture:
        assert "icc_profile" not in picture.info
