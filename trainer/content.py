"""Content images: what the network learns to paint. Every batch is a function of seed and step, of nothing else.

So a run that is resumed at step k sees exactly what an unbroken one would have seen, and no state of a sampler or of
a random generator needs keeping.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from PIL import Image as PilImage
from torch import Tensor

from stylecam.errors import TrainError
from stylecam.pictures import middle_of, read_picture
from trainer.config import LONGEST

if TYPE_CHECKING:
    from pathlib import Path

    from stylecam.frame import Image

__all__ = ["ContentImages", "Skipped", "find_images", "load_picture", "to_tensor"]

_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_CACHE_BYTES: Final = 768 * 2**20
_MOST_PIXELS: Final = 80_000_000
FEWEST_PHOTOGRAPHS: Final = 8
"""Below this a network learns the photographs instead of the painting."""
MAX_SHIFT: Final = 12
"""Pixels by which the two views of the consistency loss lie apart at most; a trunk at 1/8 repeats itself every 8."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that cannot serve, and why."""

    path: Path
    reason: str


def load_picture(path: Path, *, short_side: int | None = None) -> Image:
    """A picture file as H×W×3 uint8 RGB, upright, on white where transparent; scaled to a short side of `short_side`.

    Of what is scaled, the long side is at most four times the short side: of a longer picture, that is the middle.

    Raises:
        SourceOpenError: the file is no picture, is damaged or too large.
    """
    image = read_picture(path).opaque
    if short_side is None:
        return image
    image = middle_of(image, LONGEST)
    height, width = image.shape[:2]
    scale = short_side / min(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.array(PilImage.fromarray(image).resize(size, PilImage.Resampling.LANCZOS))


def find_images(folder: Path) -> list[Path]:
    """The picture files of a folder and its subfolders, in a fixed order.

    Raises:
        TrainError: there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise TrainError(f"{folder} is not a folder: name one with photographs, {FEWEST_PHOTOGRAPHS} or more")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
    if not paths:
        raise TrainError(f"no JPEG, PNG or WebP picture in {folder}")
    return paths


def to_tensor(image: Image) -> Tensor:
    """H×W×3 uint8 to 1×3×H×W float32, 0–255."""
    return torch.from_numpy(image.astype(np.float32)).permute(2, 0, 1).unsqueeze(0)


@dataclass
class ContentImages:
    """A folder of photographs: random crops to learn from, and a few photographs kept back to be judged by.

    Raises:
        TrainError: fewer than `FEWEST_PHOTOGRAPHS` usable pictures.
    """

    folder: Path
    crop: int
    batch: int
    seed: int
    skipped: list[Skipped] = field(default_factory=list)
    _cache: dict[int, Image] = field(default_factory=dict, repr=False)
    _cached_bytes: int = 0

    def __post_init__(self) -> None:
        paths = []
        for path in find_images(self.folder):
            reason = _unusable(path, self.crop)
            if reason:
                self.skipped.append(Skipped(path, reason))
            else:
                paths.append(path)
        if len(paths) < FEWEST_PHOTOGRAPHS:
            why = "; ".join(f"{skip.path.name}: {skip.reason}" for skip in self.skipped[:3])
            raise TrainError(
                f"{self.folder} has {len(paths)} usable photographs, training needs at least {FEWEST_PHOTOGRAPHS} "
                f"of {self.crop // 2}×{self.crop // 2} pixels or more" + (f" ({why})" if why else "")
            )
        held_out = min(8, len(paths) // 8)
        chosen = np.random.default_rng(self.seed).permutation(len(paths))
        self.held_out = [paths[i] for i in sorted(chosen[:held_out])]
        self.training = [paths[i] for i in sorted(chosen[held_out:])]

    @property
    def fingerprint(self) -> str:
        """Changes when a photograph is added, taken away or renamed."""
        names = [path.relative_to(self.folder).as_posix() for path in sorted([*self.training, *self.held_out])]
        # Names of other systems need not be UTF-8.
        return hashlib.sha256("\n".join(names).encode(errors="backslashreplace")).hexdigest()

    def batch_at(self, step: int, items: range | None = None) -> tuple[Tensor, tuple[int, int]]:
        """Two overlapping views of each crop: 2n × 3 × crop × crop, 0–255, and how far the second is moved.

        Views n and on show what the first ones show, moved by (down, right) pixels, so that
        `first[..., down:, right:]` and `second[..., :-down, :-right]` are the same places (for positive moves).

        Args:
            step: which batch.
            items: which part of it, for one of several processes or for a device that cannot hold all; default all.
        """
        rng = np.random.default_rng((self.seed, step))
        down, right = (int(v) for v in rng.integers(-MAX_SHIFT, MAX_SHIFT + 1, 2))
        first, second = [], []
        for item in items if items is not None else range(self.batch):
            window = self._window(step * self.batch + item, np.random.default_rng((self.seed, 3, step, item)))
            top, left = max(0, -down), max(0, -right)
            first.append(window[top : top + self.crop, left : left + self.crop])
            top, left = max(0, down), max(0, right)
            second.append(window[top : top + self.crop, left : left + self.crop])
        stacked = np.stack(first + second).astype(np.float32)
        return torch.from_numpy(stacked).permute(0, 3, 1, 2), (down, right)

    def _window(self, draw: int, rng: np.random.Generator) -> Image:
        """A random square of a random photograph, large enough for both views."""
        epoch, position = divmod(draw, len(self.training))
        order = np.random.default_rng((self.seed, 1, epoch)).permutation(len(self.training))
        image = self._picture(int(order[position]))
        side = self.crop + MAX_SHIFT
        height, width = image.shape[:2]
        # From as close as the photograph's own pixels to the whole of its short side.
        taken = int(rng.uniform(min(side, min(height, width)), min(height, width) + 1))
        top = int(rng.integers(0, height - taken + 1))
        left = int(rng.integers(0, width - taken + 1))
        window = image[top : top + taken, left : left + taken]
        if rng.random() < 0.5:
            window = window[:, ::-1]
        if taken != side:
            resized = PilImage.fromarray(window).resize((side, side), PilImage.Resampling.BICUBIC)
            window = np.asarray(resized)
        return window

    def _picture(self, index: int) -> Image:
        if index not in self._cache:
            image = load_picture(self.training[index])
            if min(image.shape[:2]) > 3 * self.crop:
                image = load_picture(self.training[index], short_side=3 * self.crop)
            if self._cached_bytes + image.nbytes > _CACHE_BYTES:
                return image
            self._cache[index] = image
            self._cached_bytes += image.nbytes
        return self._cache[index]


def _unusable(path: Path, crop: int) -> str:
    """Why a file cannot serve, or nothing. Decodes it: a torn file must not end a run hours later."""
    try:
        with PilImage.open(path, formats=_FORMATS) as picture:
            if min(picture.size) < crop // 2:
                return f"too small ({picture.width}×{picture.height})"
            if picture.width * picture.height > _MOST_PIXELS:
                return "too large"
            picture.draft("RGB", (crop, crop))
            picture.load()
    except (OSError, ValueError, SyntaxError, PilImage.DecompressionBombError) as exc:
        return f"unreadable ({exc})"
    return ""
