"""Pictures in and out. Whatever a file holds, what comes in is upright 8-bit sRGB, with its transparency beside it.

Only JPEG, PNG and WebP are opened: each further decoder is one more that a stranger's file can attack. The size is
checked before a pixel is decoded, and a picture is written whole or not at all.
"""

from __future__ import annotations

import io
import os.path
import struct
import warnings
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import PIL.Image
import PIL.ImageCms

from stylecam.errors import OutputExistsError, SinkError, SourceOpenError
from stylecam.printable import printable
from stylecam.wholefile import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stylecam.frame import Image

__all__ = [
    "PICTURE_SUFFIXES",
    "Picture",
    "check_picture_output",
    "middle_of",
    "on_white",
    "read_picture",
    "resized",
    "stylize_picture",
    "write_picture",
]

# How each format is written. Painted edges are saturated: JPEG keeps its colours at full resolution.
_ENCODERS: Final[dict[str, dict[str, Any]]] = {
    "JPEG": {"quality": 93, "subsampling": 0, "optimize": True},
    "PNG": {"compress_level": 6},
    "WEBP": {"quality": 92, "method": 4},
}
_FORMATS: Final = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
PICTURE_SUFFIXES: Final = frozenset(_FORMATS)
"""Endings, in lower case, of the pictures that are read and written."""

MAX_PIXELS: Final = 128_000_000
"""A phone's 108 megapixels pass; what would fill the memory does not."""
MIN_SIDE: Final = 16

# EXIF orientation to what turns the picture upright.
_UPRIGHT: Final = {
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}
_UNREADABLE = (OSError, SyntaxError, ValueError, TypeError, EOFError, struct.error, zlib.error, MemoryError)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A still picture."""

    image: Image
    """H×W×3 uint8 sRGB, upright."""
    alpha: NDArray[np.uint8] | None = None
    """H×W, 255 where the picture is opaque; None if it is everywhere."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.shape[1], self.image.shape[0]

    @property
    def opaque(self) -> Image:
        """H×W×3: the picture itself, laid on white where it is transparent."""
        return self.image if self.alpha is None else on_white(self.image, self.alpha)


def read_picture(path: str | os.PathLike[str]) -> Picture:
    """Read a JPEG, PNG or WebP picture of any mode.

    Raises:
        SourceOpenError: there is no such file, or it is no picture, damaged, animated or too large.
    """
    path = Path(path)
    shown = printable(str(path), limit=200)
    try:
        if not os.path.isfile(path):  # a pipe would block for ever
            reason = "it is not a file" if os.path.exists(path) else "there is no such file"
            raise SourceOpenError(f"cannot open {shown}: {reason}")
        file = path.open("rb")
    except OSError as exc:
        raise SourceOpenError(f"cannot open {shown}: {exc.strerror or exc}") from exc
    try:
        with file, warnings.catch_warnings():
            # Pillow warns of a bomb from 89 megapixels on; the limit here is checked below, before anything is decoded.
            warnings.simplefilter("ignore")
            with PIL.Image.open(file, formats=("JPEG", "PNG", "WEBP")) as opened:
                _check_opened(opened, shown)
                opened.load()
                return _upright_srgb(opened)
    except PIL.Image.DecompressionBombError as exc:
        raise _too_large(shown) from exc
    except PIL.UnidentifiedImageError as exc:
        raise SourceOpenError(f"cannot open {shown}: it is not a JPEG, PNG or WebP picture; convert it first") from exc
    except _UNREADABLE as exc:
        raise SourceOpenError(f"cannot read {shown}: it is damaged or cut off ({exc or type(exc).__name__})") from exc


def write_picture(path: str | os.PathLike[str], picture: Picture, *, force: bool = False) -> None:
    """Write a picture whole or not at all, in the format that its ending names; without any metadata, in sRGB.

    Transparency is kept in PNG and WebP; in JPEG, which has none, the picture is laid on white.

    Raises:
        OutputExistsError: there is such a file already, and `force` is not given.
        SinkError: no such format, too large for it, or not writable; `DiskFullError` where there is no room.
    """
    path = Path(path)
    check_picture_output(path, force=force)
    name = _FORMATS[path.suffix.lower()]
    pixels = picture.opaque if name == "JPEG" else picture.image
    if picture.alpha is not None and name != "JPEG":
        pixels = np.dstack([picture.image, picture.alpha])
    encoded = io.BytesIO()
    try:
        PIL.Image.fromarray(np.ascontiguousarray(pixels)).save(encoded, name, **_ENCODERS[name])
    except (OSError, ValueError, struct.error) as exc:
        width, height = picture.size
        raise SinkError(
            f"cannot write {printable(str(path), limit=200)}: a {name} of {width}×{height} could not be made ({exc}); "
            "choose .png"
        ) from exc
    write_whole(path, encoded.getvalue())


def stylize_picture(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    stylizer: Callable[[Image], Image],
    *,
    force: bool = False,
) -> None:
    """Read a picture, paint it, write it. Its size and its transparency stay.

    Raises:
        SourceOpenError: it cannot be read, or is smaller than 16×16.
        OutputExistsError: there is such a file already, and `force` is not given; or it is the source itself.
        SinkError: it cannot be written.
    """
    check_picture_output(output, force=force, source=source)
    picture = read_picture(source)
    width, height = picture.size
    if min(width, height) < MIN_SIDE:
        raise SourceOpenError(
            f"{printable(str(source), limit=200)} has {width}×{height} pixels; a painting needs {MIN_SIDE}×{MIN_SIDE}"
        )
    write_picture(output, replace(picture, image=stylizer(picture.image)), force=force)


def check_picture_output(
    path: str | os.PathLike[str], *, force: bool, source: str | os.PathLike[str] | None = None
) -> None:
    """Say now what would be said after the work: that `path` has no picture's ending, exists, or is the source."""
    path = Path(path)
    shown = printable(str(path), limit=200)
    if path.suffix.lower() not in PICTURE_SUFFIXES:
        raise SinkError(f"cannot write {shown}: the name must end in .jpg, .png or .webp")
    if path.is_dir():
        raise SinkError(f"cannot write {shown}: there is a folder of that name")
    if not path.exists():
        return
    if source is not None and Path(source).exists() and path.samefile(source):
        raise OutputExistsError(f"{shown} is the picture to be read, which is never written over; choose another name")
    if not force:
        raise OutputExistsError(f"{shown} exists and is kept; choose another name, or overwrite it with --force")


def resized(image: Image, *, longest: int) -> Image:
    """`image` made smaller, in proportion, until no side is longer than `longest`; as it is if none was."""
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.array(PIL.Image.fromarray(image).resize(size, PIL.Image.Resampling.LANCZOS))


def _check_opened(opened: PIL.Image.Image, shown: str) -> None:
    """What the header alone tells."""
    width, height = opened.size
    if width * height > MAX_PIXELS:
        raise _too_large(shown, f": {width:,}×{height:,}")
    # A phone's JPEG may hold a second picture (format MPO); the first is the one that is meant.
    if opened.format in ("PNG", "WEBP") and getattr(opened, "n_frames", 1) > 1:
        raise SourceOpenError(f"{shown} is an animation; save the picture that you mean as a file of its own")


def _too_large(shown: str, size: str = "") -> SourceOpenError:
    return SourceOpenError(f"{shown} has more than {MAX_PIXELS // 1_000_000} million pixels{size}; make it smaller")


def _upright_srgb(opened: PIL.Image.Image) -> Picture:
    orientation = _orientation(opened)
    alpha: PIL.Image.Image | None = None
    colour = opened
    if opened.mode.startswith("I"):
        # 16-bit grey. Pillow's own conversion cuts every value above 255 to white.
        grey = np.asarray(opened).astype(np.float32) / 257
        colour = PIL.Image.fromarray(np.clip(np.rint(grey), 0, 255).astype(np.uint8))
    elif opened.has_transparency_data:
        rgba = opened.convert("RGBA")
        alpha = rgba.getchannel("A")
        colour = rgba.convert("RGB")
    elif opened.mode not in ("RGB", "L", "CMYK"):
        colour = opened.convert("RGB")
    colour = _to_srgb(colour, opened.info.get("icc_profile"))
    if orientation in _UPRIGHT:
        colour = colour.transpose(_UPRIGHT[orientation])
        alpha = alpha.transpose(_UPRIGHT[orientation]) if alpha is not None else None
    transparency = np.array(alpha) if alpha is not None else None
    if transparency is not None and transparency.min() == 255:
        transparency = None
    return Picture(np.array(colour), transparency)


def _orientation(opened: PIL.Image.Image) -> int:
    try:
        return int(opened.getexif().get(0x0112, 1))
    except Exception:  # a damaged EXIF block raises almost anything, and is no reason to refuse the picture
        return 1


def _to_srgb(colour: PIL.Image.Image, profile: bytes | None) -> PIL.Image.Image:
    if profile:
        try:
            source = PIL.ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = PIL.ImageCms.createProfile("sRGB")
            converted = PIL.ImageCms.profileToProfile(colour, source, target, outputMode="RGB")
            if converted is not None:
                return converted
        except (PIL.ImageCms.PyCMSError, OSError, TypeError, ValueError):
            pass  # a profile that is damaged, or made for other channels, tells nothing: take the colours as sRGB
    return colour.convert("RGB")


def on_white(image: Image, alpha: NDArray[np.uint8]) -> Image:
    """The picture (H×W×3) laid on white, as transparent (H×W, 255 is opaque) as it is."""
    opacity = alpha[..., None].astype(np.float32) / 255
    blended: Image = np.rint(image * opacity + 255 * (1 - opacity)).astype(np.uint8)
    return blended


def middle_of(image: Image, longest: int) -> Image:
    """The picture itself; of one whose long side is more than `longest` times its short side, the middle, copied."""
    most = longest * min(image.shape[:2])
    if max(image.shape[:2]) <= most:
        return image
    top, left = (max(0, (side - most) // 2) for side in image.shape[:2])
    return image[top : top + most, left : left + most].copy()
