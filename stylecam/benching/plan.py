"""Bench: how much is measured, on what, and how it can be stopped. Every subject gets one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from stylecam.architecture import VARIANTS

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from stylecam.architecture import Variant
    from stylecam.devices import Device
    from stylecam.styles import Style

__all__ = ["Bench", "ExportCase", "LiveCase", "Size"]

Size: TypeAlias = tuple[int, int]
"""Width and height."""


@dataclass(frozen=True, slots=True)
class ExportCase:
    """One clip to export."""

    variant: Variant
    size: Size
    frames: int


@dataclass(frozen=True, slots=True)
class LiveCase:
    """One way to run the live pipeline."""

    variant: Variant
    size: Size
    """The working size; the source is 640×480."""


def _exports(variant: Variant, frames: int) -> tuple[ExportCase, ...]:
    """The one that counts first; then three sizes and three lengths in all."""
    usual = (640, 480)
    return (
        ExportCase(variant, usual, frames),
        ExportCase(variant, (320, 240), frames),
        ExportCase(variant, (960, 720), frames),
        ExportCase(variant, usual, frames // 2),
        ExportCase(variant, usual, 2 * frames),
    )


@dataclass(frozen=True, slots=True)
class Bench:
    """Made by the command, or with smaller figures by a test. The defaults take about twelve minutes on two cores."""

    style: Style
    other: Style
    """The one that is swapped to. Where it lacks a variant, `style` itself is taken once more, at the same cost."""
    device: Device
    stop: threading.Event
    say: Callable[[str], None] = lambda text: None
    """Takes a line of progress."""
    product_side: int = 2048
    """Of the square matrices whose product is the machine's limit."""
    rounds: int = 9
    sizes: tuple[Size, ...] = ((320, 240), (640, 480), (1280, 720))
    many_sizes: tuple[Size, ...] = ((640, 480),)
    """Of those, the ones at which several pictures on their way at once are measured, too."""
    peer_rounds: int = 9
    peer_size: Size = (640, 480)
    exports: tuple[ExportCase, ...] = field(default=(*_exports("fast", 60), *_exports("full", 12)))
    export_rounds: int = 3
    lives: tuple[LiveCase, ...] = (
        LiveCase("fast", (640, 480)),
        LiveCase("fast", (480, 360)),
        LiveCase("fast", (320, 240)),
        LiveCase("full", (640, 480)),
        LiveCase("full", (320, 240)),
    )
    live_rounds: int = 3
    live_seconds: float = 5.0
    swap: tuple[LiveCase, ...] = (LiveCase("fast", (320, 240)), LiveCase("full", (96, 72)))
    """Sizes small enough that a usual processor paints every frame: else a lost one says nothing of the swap."""
    swaps: int = 9
    start_rounds: int = 9
    memory_sizes: tuple[Size, ...] = ((640, 480), (1280, 720))
    training_rounds: int = 5
    training_seconds: float = 4.0
    """Of each loop in each round; at least one step."""

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Those that the style has, the quicker first."""
        return tuple(variant for variant in reversed(VARIANTS) if variant in self.style.variants)

    @classmethod
    def quick(
        cls, style: Style, other: Style, device: Device, stop: threading.Event, say: Callable[[str], None]
    ) -> Bench:
        """A look within two or three minutes, with spreads that say little."""
        return cls(
            style,
            other,
            device,
            stop,
            say,
            product_side=1024,
            rounds=3,
            sizes=((320, 240), (640, 480)),
            peer_rounds=3,
            exports=(
                ExportCase("fast", (640, 480), 30),
                ExportCase("fast", (320, 240), 30),
                ExportCase("fast", (640, 480), 15),
                ExportCase("full", (640, 480), 6),
            ),
            export_rounds=1,
            lives=(LiveCase("fast", (640, 480)), LiveCase("fast", (320, 240)), LiveCase("full", (320, 240))),
            live_rounds=1,
            live_seconds=3.0,
            swaps=3,
            start_rounds=3,
            memory_sizes=((640, 480),),
            training_rounds=2,
            training_seconds=2.0,
        )
