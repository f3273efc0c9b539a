"""The machine's limit: how fast it multiplies large matrices, which nothing else it computes can beat by much.

float32 on a processor, float16 on a GPU: what the networks run in. The product is one of the candidates of a round, so
that it meets the same machine as the networks do; of its times the best counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from stylecam.benching.rounds import Candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stylecam.devices import Device

__all__ = ["MatrixProduct", "bfloat16_product"]

_ON_A_GPU = 4
"""Times the side on a GPU, to which a small product is nothing."""


class MatrixProduct:
    """A square matrix product on the device."""

    def __init__(self, device: Device, side: int, dtype: torch.dtype | None = None) -> None:
        gpu = device.kind != "cpu"
        self.dtype = dtype or (torch.float16 if gpu else torch.float32)
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
        return Candidate(self.name, self.run)

    @torch.inference_mode()
    def run(self) -> None:
        """One product, waited for."""
        torch.mm(self._one, self._other, out=self._product)
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        elif self._device.type == "mps":
            torch.mps.synchronize()

    def rate(self, times: Sequence[float]) -> float | None:
        """Multiply-adds a second, from the times of `run`; None without one."""
        return self.side**3 / min(times) if times else None

    def describe(self, times: Sequence[float]) -> str | None:
        """One line for people."""
        rate = self.rate(times)
        if rate is None:
            return None
        return f"{self.name} of {self.side}×{self.side} matrices, the best in this run: {2 * rate / 1e9:,.0f} GFLOP/s"


def bfloat16_product(device: Device, side: int) -> MatrixProduct | None:
    """Of a processor with units for it, beside the limit: what lower precision could give. None for any other."""
    try:
        able = device.kind == "cpu" and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):  # a build without oneDNN
        able = False
    return MatrixProduct(device, side, torch.bfloat16) if able else None
