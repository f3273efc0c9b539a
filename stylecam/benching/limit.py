"""The machine's limit: how fast it multiplies large matrices, which nothing else it computes can beat by much.

A network's limit is the product in its own type. The products are candidates of a round, so that they meet the same
machine as the networks do; each multiplies several times in its turn, and of all its times the best counts, since a
limit that somebody disturbed is none.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import torch

from stylecam.benching.rounds import Candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stylecam.devices import Device

__all__ = ["MatrixProduct", "products_of"]

_ON_A_GPU: Final = 4
"""Times the side on a GPU, to which a small product is nothing."""
_IN_A_TURN: Final = 5


class MatrixProduct:
    """A square matrix product on the device."""

    def __init__(self, device: Device, side: int, dtype: torch.dtype) -> None:
        gpu = device.kind != "cpu"
        self.dtype = dtype
        self.name = f"{str(self.dtype).removeprefix('torch.')} product"
        self.side = side * _ON_A_GPU if gpu else side
        self._device = torch.device(device.label)
        generator = torch.Generator().manual_seed(0)
        self._one, self._other = (
            torch.randn(self.side, self.side, generator=generator).to(self._device, self.dtype) for _ in range(2)
        )
        self._product = torch.empty_like(self._one)

    @property
    def candidate(self) -> Candidate:
        return Candidate(self.name, self.run, own_clock=True)

    @torch.inference_mode()
    def run(self) -> float:
        """Several products, each waited for; the seconds of the quickest."""
        times = []
        for _ in range(_IN_A_TURN):
            began = time.perf_counter()
            torch.mm(self._one, self._other, out=self._product)
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
            elif self._device.type == "mps":
                torch.mps.synchronize()
            times.append(time.perf_counter() - began)
        return min(times)

    def rate(self, times: Sequence[float]) -> float | None:
        """Multiply-adds a second, from the times of `run`; None without one."""
        return self.side**3 / min(times) if times else None

    def describe(self, times: Sequence[float]) -> str | None:
        """One line for people."""
        rate = self.rate(times)
        if rate is None:
            return None
        return f"{self.name} of {self.side}×{self.side} matrices, the best in this run: {2 * rate / 1e9:,.0f} GFLOP/s"


def products_of(device: Device, side: int) -> list[MatrixProduct]:
    """In every type that a network may run in here: float32, and the one of sixteen bits that the device has."""
    dtypes = [torch.float32]
    if device.kind != "cpu":
        dtypes.append(torch.float16)
    elif _multiplies_bfloat16():
        dtypes.append(torch.bfloat16)
    return [MatrixProduct(device, side, dtype) for dtype in dtypes]


def _multiplies_bfloat16() -> bool:
    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):  # a build without oneDNN
        return False
