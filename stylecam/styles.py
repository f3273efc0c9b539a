"""StyleLibrary: the styles of several folders under one roof, and the way a user names one or a mix of them.

Folders are searched in this order, and the first that has a style of a name wins, as with PATH: those of
STYLECAM_STYLES, the user's own, the bundled ones. A file that is no usable style is named in `problems` and skipped:
one damaged file never takes the others away. Links are followed, since a style is only ever read.
"""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar, overload

import platformdirs

from stylecam.bundled import bundled_path
from stylecam.errors import StyleError, StyleFormatError, StyleNotFoundError
from stylecam.printable import printable
from stylecam.stylefile import SUFFIX, Style, check_name, read_style, read_style_header, write_style

__all__ = ["Style", "StyleLibrary", "parse_mix", "read_style", "style_path", "user_styles_folder", "write_style"]

_Default = TypeVar("_Default")


def user_styles_folder() -> Path:
    """Where styles that were imported or trained go; it need not exist."""
    return platformdirs.user_data_path("stylecam", appauthor=False) / "styles"


def style_path(name: str, folder: Path) -> Path:
    """Where in `folder` a style of this name stands; `StyleFormatError` if none can be called so."""
    return folder / (check_name(name) + SUFFIX)


class StyleLibrary(Mapping[str, Style]):
    """Name → Style, sorted by name. What is there is read once, when the library is made.

    Args:
        folders: searched in this order; by default the three places above.
        check_weights: read every style whole, and skip those whose weights are damaged, too. Without, a style is read
            up to its weights, which takes some milliseconds for all, and `Style.weights` finds what is wrong with them.

    A name that is not there raises `StyleNotFoundError`, or `StyleFormatError` if there is such a file but it is
    damaged. Neither is a `KeyError`, so `get` and `in` are answered here and not by `Mapping`.
    """

    def __init__(self, folders: Sequence[str | os.PathLike[str]] | None = None, *, check_weights: bool = False) -> None:
        self.user_folder = user_styles_folder()
        self.folders: tuple[Path, ...] = tuple(map(Path, folders)) if folders is not None else self._default_folders()
        self.problems: list[tuple[Path, str]] = []
        """What was skipped, and why, in one line each."""
        read = read_style if check_weights else read_style_header
        found: dict[str, Style] = {}
        for folder in self.folders:
            for path in self._style_files(folder):
                try:
                    style = read(path)
                except StyleFormatError as exc:
                    self.problems.append((path, str(exc)))
                else:
                    found.setdefault(style.name, style)
        self._styles = dict(sorted(found.items()))

    def _default_folders(self) -> tuple[Path, ...]:
        # An empty entry would mean the folder the user happens to stand in.
        own = [Path(entry).expanduser() for entry in os.environ.get("STYLECAM_STYLES", "").split(os.pathsep) if entry]
        return (*own, self.user_folder, bundled_path("styles"))

    def _style_files(self, folder: Path) -> list[Path]:
        try:
            return sorted(p for p in folder.iterdir() if p.suffix == SUFFIX and not p.name.startswith("."))
        except FileNotFoundError:
            if folder not in (self.user_folder, bundled_path("styles")):
                self.problems.append((folder, f"there is no folder {printable(str(folder))}"))
        except OSError as exc:
            self.problems.append((folder, f"{printable(str(folder))} cannot be read as a folder ({exc.strerror})"))
        return []

    def __getitem__(self, name: str) -> Style:
        if name in self._styles:
            return self._styles[name]
        for path, reason in self.problems:
            if path.name == name + SUFFIX:
                raise StyleFormatError(reason)
        near = difflib.get_close_matches(name, self._styles, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        there = f"there are {', '.join(self._styles)}" if self._styles else "there is none at all yet"
        raise StyleNotFoundError(f"no style is called {printable(name)}: {hint}{there}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._styles)

    def __len__(self) -> int:
        return len(self._styles)

    def __contains__(self, name: object) -> bool:
        return name in self._styles

    @overload
    def get(self, name: str, /) -> Style | None: ...
    @overload
    def get(self, name: str, /, default: Style | _Default) -> Style | _Default: ...
    def get(self, name: str, /, default: object = None) -> object:
        return self._styles.get(name, default)

    def __repr__(self) -> str:
        return f"StyleLibrary({list(self._styles)})"


def parse_mix(text: str) -> tuple[tuple[str, float], ...]:
    """``"candy"``, or ``"candy:0.7,wave:0.3"``, as (name, weight) pairs; a weight not given is 1.

    Weights are shares of the whole: only their ratios count.

    Raises:
        StyleError: the text cannot be read so; says which part.
    """
    mix: dict[str, float] = {}
    for part in text.split(","):
        name, colon, share = part.strip().partition(":")
        try:
            weight = float(share) if colon else 1.0
        except ValueError:
            weight = math.nan
        if not (math.isfinite(weight) and weight > 0):
            raise StyleError(f"{printable(part)} is not NAME or NAME:WEIGHT with a weight above 0, as in candy:0.7")
        if check_name(name.strip()) in mix:
            raise StyleError(f"style {name.strip()} is named twice in {printable(text)}; give it one weight")
        mix[name.strip()] = weight
    return tuple(mix.items())
