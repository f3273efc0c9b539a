"""Stylizer: image → image with the current style, mix, strength, colours and working size.

A style is built and tried aside, then put in place by one assignment, which the next frame reads once: every picture
is painted by one style whole, and a style that fails leaves the one before.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from stylecam.architecture import ARCHITECTURES, VARIANTS, Variant
from stylecam.compositing import blend, fit_within, keep_source_colors, resize
from stylecam.devices import Device, choose_device
from stylecam.engine import Engine, Painter
from stylecam.errors import SourceError, StyleError
from stylecam.mixing import mix_title, mixed_weights, normalised
from stylecam.pending import Pending
from stylecam.politeness import run_politely

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from stylecam.frame import Image
    from stylecam.styles import Style

__all__ = ["Painted", "Quality", "Stylizer"]

Quality: TypeAlias = Literal["fast", "full", "auto"]

_LEAST_SIDE: Final = 16
"""Below it the reflection padding of the inner layers would be wider than the picture."""
_READY: Final = 16
"""Styles and mixes that are kept ready; with its weights in float32, a `full` one takes 10 to 13 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """A painted picture, and what it was painted with."""

    image: Image
    """H×W×3 uint8 RGB, of the source's size."""
    style: str
    """The style's name, or the mix in words."""
    look: object
    """Equal for two pictures as long as nothing that shows in them was changed between them."""


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """Everything that one style or mix puts in place at once."""

    title: str
    variant: Variant
    note: str | None
    engine: Engine
    painter: Painter
    styles: tuple[Style, ...]
    """Held so that no other object gets their ids."""


class Stylizer:
    """Paints pictures with a style: a callable from an H×W×3 uint8 RGB picture to one of the same size.

    Call it from one thread. `set_style` and the properties `strength`, `keep_colors` and `size` may be used from any
    other thread meanwhile: each is one plain assignment, read once at the start of a picture.
    """

    def __init__(
        self,
        style: Style | Sequence[tuple[Style, float]],
        *,
        device: str | Device = "auto",
        quality: Quality = "auto",
        strength: float = 1.0,
        keep_colors: bool = False,
        size: tuple[int, int] | None = None,
        exact: bool = False,
    ) -> None:
        """Choose the device, and build and try the style on it.

        Args:
            style: a style, or several with their weights: the network's parameters are mixed (at no cost per
                picture), which gives good pictures where the styles were trained from one another or from one base.
            device: for `choose_device`, or what that returned.
            quality: which variant of the style to run; `"auto"` is full on a GPU and fast on a CPU. A style that
                lacks it runs the one it has, and `describe` says so.
            strength: 0 (the source) to 1 (the painting).
            keep_colors: take only the luminance from the painting.
            size: width and height within which the network works, for speed; results keep the source's size.
            exact: compute in float32 even where sixteen bits are faster and the difference is too small to be seen.

        Raises:
            StyleError: the style is damaged, or the styles of a mix have no variant in common.
            DeviceError: the device cannot be had, or failed.
            ValueError: a setting out of its range.
        """
        if quality not in ("fast", "full", "auto"):
            raise ValueError(f"expected 'fast', 'full' or 'auto', got {quality = }")
        self.strength = strength
        self.keep_colors = keep_colors
        self.size = size
        self._quality: Quality = quality
        self._exact = exact
        self._device = choose_device(device) if isinstance(device, str) else device
        self._changing_style = Lock()  # between threads that set styles; painting never waits for it
        self._ready: OrderedDict[tuple[tuple[int, float], ...], _Look] = OrderedDict()
        """What was set last, by its styles' ids and weights; all of the present engine."""
        self._look = self._make_look(style, current=None)

    def __call__(self, image: Image) -> Image:
        """The painted picture, a new array.

        Raises:
            SourceError: the picture is smaller than 16×16.
            StyleError: the style gave values that are not finite.
            DeviceError: the device ran out of memory, or failed.
        """
        return self.paint(image).image

    def paint(self, image: Image) -> Painted:
        """As a call, and which style it was that painted this very picture."""
        return self.start(image).result()

    def overlapping(self) -> AbstractContextManager[None]:
        """While this lasts, `start` on a CPU paints several pictures at a time: more in a second, each of them later.

        What an export wants, and not a live picture. On a GPU nothing changes.
        """
        return self._look.engine.overlapping()

    @property
    def ahead(self) -> int:
        """How many further pictures are worth starting before the result of the first is read.

        0 on a CPU, but within `overlapping`.
        """
        return self._look.engine.ahead

    def start(self, image: Image) -> Pending[Painted]:
        """Begin to paint, with the style and settings of now; on a GPU or within `overlapping`, return at once.

        What goes wrong while painting is raised where the result is read, so that results and errors come in the order
        of their pictures. `image` must stay as it is until then.
        """
        look, strength, keep_colors, size = self._look, self._strength, self._keep_colors, self._size
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(f"expected H×W×3 uint8, got {image.shape = }, {image.dtype = }")
        height, width, _ = image.shape
        if min(width, height) < _LEAST_SIDE:
            raise SourceError(
                f"A picture of {width}×{height} is too small to paint. Use one of {_LEAST_SIDE}×{_LEAST_SIDE} or more."
            )
        told = look.title, (look, strength, keep_colors, size)
        if strength == 0:
            return Pending.done(Painted(image.copy(), *told))
        source = image
        if size is not None:
            image = resize(image, fit_within((width, height), size, least=_LEAST_SIDE))

        def finish(painting: Image) -> Painted:
            painting = resize(painting, (width, height))
            if keep_colors:
                painting = keep_source_colors(source, painting)
            return Painted(painting if strength == 1 else blend(source, painting, strength), *told)

        return look.engine.start(look.painter, image).then(finish)

    def set_style(self, style: Style | Sequence[tuple[Style, float]]) -> None:
        """Paint with another style or mix from the next picture on. Takes a moment; painting goes on meanwhile.

        The last few are kept ready, and come back at once.

        Raises:
            StyleError, DeviceError: as when constructed; the style before stays in place.
        """
        with self._changing_style:
            # A picture on its way has precedence: on two cores, a live one lost frames to the trial of the new style.
            self._look = run_politely(lambda: self._make_look(style, current=self._look))

    @property
    def strength(self) -> float:
        """0 returns the source exactly, 1 the painting exactly."""
        return self._strength

    @strength.setter
    def strength(self, strength: float) -> None:
        if not 0 <= strength <= 1:
            raise ValueError(f"expected 0 to 1, got {strength = }")
        self._strength = float(strength)

    @property
    def keep_colors(self) -> bool:
        """Whether the source's chroma stays and only the luminance is painted."""
        return self._keep_colors

    @keep_colors.setter
    def keep_colors(self, keep_colors: bool) -> None:
        self._keep_colors = bool(keep_colors)

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height within which the network works, the source's aspect kept; None: the source's own size."""
        return self._size

    @size.setter
    def size(self, size: tuple[int, int] | None) -> None:
        if size is not None and min(size) < _LEAST_SIDE:
            raise ValueError(f"expected sides of {_LEAST_SIDE} or more, got {size = }")
        self._size = None if size is None else (int(size[0]), int(size[1]))

    @property
    def variant(self) -> Variant:
        """Which of the style's networks is running."""
        return self._look.variant

    @property
    def device(self) -> Device:
        """Where it is running, and why there."""
        return self._device

    @property
    def style(self) -> str:
        """The style's name, or the mix in words."""
        return self._look.title

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not as asked: another variant than wanted, float32 where half precision failed."""
        look = self._look
        return tuple(note for note in (look.note, look.painter.note) if note)

    def describe(self) -> str:
        """One line for people: ``"candy, fast, on CPU (no CUDA device found), float32"``, and what was not as asked."""
        look = self._look
        dtype = str(look.painter.dtype).removeprefix("torch.")
        parts = [look.title, look.variant, f"on {self._device}", dtype]
        return "; ".join([", ".join(parts), *self.notes])

    def _make_look(self, style: Style | Sequence[tuple[Style, float]], *, current: _Look | None) -> _Look:
        mix = normalised(style if isinstance(style, Sequence) else [(style, 1.0)])
        variant, note = self._choose_variant([part for part, _ in mix])
        key = tuple((id(part), share) for part, share in mix)
        if current is not None and current.variant == variant:
            if key in self._ready:
                self._ready.move_to_end(key)
                return self._ready[key]
            engine = current.engine  # its buffers and recordings serve the new style, too
        else:
            self._ready.clear()  # a network of another size would keep the memory of its engine
            engine = Engine(ARCHITECTURES[variant], self._device, exact=self._exact)
        weights = mixed_weights([(part.weights(variant), share) for part, share in mix])
        styles = tuple(part for part, _ in mix)
        look = self._ready[key] = _Look(mix_title(mix), variant, note, engine, engine.prepare(weights), styles)
        while len(self._ready) > _READY:
            self._ready.popitem(last=False)
        return look

    def _choose_variant(self, styles: Sequence[Style]) -> tuple[Variant, str | None]:
        """The variant to run, and a note where it is not the one asked for."""
        shared = [variant for variant in VARIANTS if all(variant in style.variants for style in styles)]
        if not shared:
            if len(styles) == 1:
                raise StyleError(f"The style {styles[0].name!r} holds no network. Import or train it anew.")
            held = ", ".join(f"{style.name} has {' and '.join(style.variants) or 'none'}" for style in styles)
            raise StyleError(f"These styles cannot be mixed: they have no variant in common ({held}).")
        automatic: Variant = "fast" if self._device.kind == "cpu" else "full"
        wanted = automatic if self._quality == "auto" else self._quality
        if wanted in shared:
            return wanted, None
        which = "the style has no" if len(styles) == 1 else "the styles do not all have the"
        return shared[0], f"{which} {wanted} variant"
