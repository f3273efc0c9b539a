"""TrainRequest: what a person asked a training for, as the trainer's arguments. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stylecam.errors import TrainError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["TrainRequest", "painting_of"]


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """One training."""

    painting: Path
    name: str
    """Of the style; `stylecam.stylefile.check_name` allows it."""
    preset: str
    """One of "quick", "standard" and "best"."""
    content: str
    """ "bundled", "camera", or the path of a folder or a video."""
    painting_size: int
    """Pixels of the painting's short side: the larger, the larger the strokes."""
    region: tuple[int, int, int, int] | None = None
    """x, y, width, height in the picture's own pixels; None for all of it."""
    title: str = ""
    author: str = ""
    licence: str = ""

    def arguments(self, folder: Path) -> list[str]:
        """For `python -m trainer`, the run in `folder`; there, in `content`, lie the camera's pictures."""
        content = str(folder / "content") if self.content == "camera" else self.content
        given = ["new", str(self.painting.absolute()), "--name", self.name, "--run", str(folder)]
        given += ["--preset", self.preset, "--content", content]
        if self.region is not None:
            given += ["--region", ",".join(map(str, self.region))]
        given += ["--painting-size", str(self.painting_size)]
        # In one piece: a title may begin with a dash.
        texts = {"title": self.title, "author": self.author, "licence": self.licence}
        return given + [f"--{key}={text}" for key, text in texts.items() if text]


def painting_of(folder: Path) -> Path:
    """The run's own copy of its picture.

    Raises:
        TrainError: there is none.
    """
    found = sorted(folder.glob("painting.*"))
    if not found:
        raise TrainError(f"the run {folder} has lost its picture: there is no painting.jpg or painting.png in it")
    return found[0]
