"""Looks: what the window paints with - a style or a mix, on a device -, read, made ready and put in place. No Qt here.

Invariant: what cannot be had changes nothing, but for a device at the start: a window paints in any case, so that the
automatic choice takes the place of one that is not there. That is told, never done in silence.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stylecam.errors import DeviceError, StylecamError, StyleError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stylecam.styles import Style, StyleLibrary
    from stylecam.stylizer import Stylizer

    Parts: TypeAlias = list[tuple[Style, float]]

__all__ = ["TRIAL", "Look", "Looks"]

_log = logging.getLogger(__name__)

Look: TypeAlias = tuple[str, str, int]
"""Name of the style; of a second one mixed in, or empty; share of the second in percent."""
TRIAL: Final = "trial:"
"""What the name in a look begins with while a style is tried that is in no library; no style's own name has a colon."""


class Looks:
    """One look at a time. What takes time is for the thread of the jobs; the rest may be used from any."""

    def __init__(
        self,
        *,
        device: str,
        quality: Literal["fast", "full", "auto"],
        on_other_device: Callable[[str, str, str], None],
        exact: bool = False,
    ) -> None:
        """Load nothing yet; torch comes with the first look.

        Args:
            device: as for `stylecam.devices.choose_device`.
            quality: as for `Stylizer`.
            on_other_device: told of a device that was asked for and cannot be had: its name, what runs instead, for
                people, and why.
            exact: as for `Stylizer`.
        """
        self._exact = exact
        self._device, self._quality, self._on_other_device = device, quality, on_other_device
        self._library: StyleLibrary | None = None
        self._stylizer: Stylizer | None = None
        self._place: tuple[Look, Parts] | None = None
        self._strength, self._keep_colors = 1.0, False

    @property
    def library(self) -> StyleLibrary | None:
        """As it was read last."""
        return self._library

    @property
    def stylizer(self) -> Stylizer | None:
        """What paints, once there is one."""
        return self._stylizer

    @property
    def exact(self) -> bool:
        """Whether all is computed in float32."""
        return self._exact

    @property
    def has_sixteen_bits(self) -> bool | None:
        """Whether the device that paints has a faster number of sixteen bits; None while none paints."""
        if self._stylizer is None:
            return None
        from stylecam.inference import half_precision

        return half_precision(self._stylizer.device.kind) is not None

    @property
    def look(self) -> Look | None:
        """What is in place."""
        place = self._place
        return place[0] if place else None

    def set_strength(self, strength: float) -> None:
        """0–1, also for what is loaded later."""
        self._strength = strength
        if self._stylizer:
            self._stylizer.strength = strength

    def set_keep_colors(self, keep: bool) -> None:
        """Also for what is loaded later."""
        self._keep_colors = keep
        if self._stylizer:
            self._stylizer.keep_colors = keep

    def read_library(self) -> StyleLibrary:
        """Read all styles anew."""
        from stylecam.styles import StyleLibrary

        self._library = library = StyleLibrary()
        return library

    def put(self, look: Look, path: Path | None = None) -> Stylizer:
        """Put a look in place, or the style in this file under that look's name; returns what paints it.

        Raises:
            StylecamError: it cannot be had; the one before stays.
        """
        parts = _style_in(path) if path is not None else self._parts(look)
        if self._stylizer is None:
            self._stylizer = self._first_stylizer(parts)
            # What was moved in the window while torch was loading.
            self._stylizer.strength, self._stylizer.keep_colors = self._strength, self._keep_colors
        else:
            self._stylizer.set_style(parts)
        self._place = (look, parts)
        return self._stylizer

    def change_device(self, device: str) -> Stylizer | None:
        """Run on another device from now on; returns what paints there.

        None: nothing has to be put in another's place, for no style is loaded yet, or the present device goes on,
        since that one cannot be had.

        Raises:
            StyleError: what is in place cannot be run there.
        """
        place, present = self._place, self._stylizer
        if place is not None and present is not None:
            try:
                self._stylizer = self._new_stylizer(place[1], device)
            except DeviceError as error:
                self._tell_other(device, present, error)
                return None
        self._device = device
        return self._stylizer

    def change_exact(self, exact: bool) -> Stylizer | None:
        """Compute in float32 from now on, or in what is fastest; returns what paints so, None while no style is loaded.

        Raises:
            StylecamError: what is in place cannot be built anew; it goes on as it is.
        """
        place, present, before = self._place, self._stylizer, self._exact
        self._exact = exact
        if place is None or present is None:
            return None
        try:
            self._stylizer = self._new_stylizer(place[1], self._device)
        except StylecamError:
            self._exact = before
            raise
        return self._stylizer

    def copy_of_stylizer(self) -> Stylizer:
        """Another one with the present settings.

        Raises:
            StyleError: no style is loaded yet.
        """
        place = self._place
        if place is None:
            raise StyleError("No style is loaded yet. Choose one first.")
        return self._new_stylizer(place[1], self._device)

    def _parts(self, look: Look) -> Parts:
        library = self._library if self._library is not None else self.read_library()
        name, second, share = look
        if not second or not share:
            return [(library[name], 1.0)]
        return [(library[name], 1 - share / 100), (library[second], share / 100)]

    def _first_stylizer(self, parts: Parts) -> Stylizer:
        try:
            return self._new_stylizer(parts, self._device)
        except DeviceError as error:
            if self._device == "auto":
                raise
            stylizer = self._new_stylizer(parts, "auto")
            self._tell_other(self._device, stylizer, error)
            self._device = "auto"
            return stylizer

    def _tell_other(self, wanted: str, running: Stylizer, error: DeviceError) -> None:
        _log.warning("%s: it runs on %s", error, running.device)
        self._on_other_device(wanted, running.device.name, str(error))

    def _new_stylizer(self, parts: Parts, device: str) -> Stylizer:
        from stylecam.stylizer import Stylizer

        return Stylizer(
            parts,
            device=device,
            quality=self._quality,
            strength=self._strength,
            keep_colors=self._keep_colors,
            exact=self._exact,
        )


def _style_in(path: Path) -> Parts:
    from stylecam.styles import read_style

    return [(read_style(path), 1.0)]
