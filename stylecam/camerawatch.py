"""What a camera's pictures and their times tell: a pause too long, a picture that stands still, nothing but darkness.

Only judgement; what to do about it is `CameraSource`'s. No clock here: all times are given, in seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from stylecam.frame import Image

__all__ = ["FROZEN_S", "Pace", "PictureWatch"]

FROZEN_S: Final = 2.0
_BLACK_S: Final = 3.0
_START_S: Final = 5.0
"""For the first two pictures: some cameras take seconds to warm up, and what is late shows by the distance of two.
Also the longest that any pause is waited out."""
_STALL_FRAMES: Final = 5


class Pace:
    """How far apart pictures come, and so how long a pause means that none will."""

    def __init__(self, patience: float) -> None:
        self.given = 0
        self._patience = patience
        self._beat = 0.0
        self._last_at = 0.0

    def tick(self, at: float) -> None:
        """A picture came at this time, in seconds."""
        interval, self._last_at = at - self._last_at, at
        self.given += 1
        if self.given == 2:
            self._beat = interval
        elif self.given > 2:
            self._beat += 0.2 * (interval - self._beat)  # light, and with it the rate, changes slowly

    @property
    def limit(self) -> float:
        """Seconds without a picture that are still nothing unusual."""
        return _START_S if self.given < 2 else min(_START_S, max(self._patience, _STALL_FRAMES * self._beat))


class PictureWatch:
    """Whether pictures change, and whether there is anything in them."""

    _STEP: Final = 8
    """Every eighth pixel of every eighth line tells enough of darkness; of sameness all are asked, if those are."""

    def __init__(self) -> None:
        self.changed = False
        self.frozen = False
        self.dark = False
        self.black = False
        self._image: Image | None = None
        self._same_since = 0.0
        self._dark_since: float | None = None

    def look(self, image: Image, now: float) -> None:
        """See the next picture, H×W×3 uint8, which nobody writes to any more."""
        before = self._image
        few = image[:: self._STEP, :: self._STEP]
        same = (
            before is not None
            and before.shape == image.shape
            and np.array_equal(before[:: self._STEP, :: self._STEP], few)
            and np.array_equal(before, image)
        )
        self.changed = before is not None and not same
        if not same:
            self._same_since = now
        self.frozen = same and now - self._same_since >= FROZEN_S
        self._image = image
        self.dark = bool(few.mean() < 2 and few.var() < 1)
        if not self.dark:
            self._dark_since = None
        elif self._dark_since is None:
            self._dark_since = now
        self.black = self._dark_since is not None and now - self._dark_since >= _BLACK_S
