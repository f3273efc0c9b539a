"""High dynamic range and wide gamut to BT.709: what a normal screen shows of an HDR clip.

Works on decoded Y'CbCr codes with numpy alone, because the scalers at hand either ignore the HDR transfer curves or
shift hues when they squeeze the gamut. The result is display-referred for BT.1886 (gamma 2.4), the pair of BT.709.

The curves are those of ITU-R BT.2100, the matrices of BT.2020 and BT.2087, diffuse white (203 cd/m²) of BT.2408.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from stylecam.frame import Image

__all__ = ["Transfer", "to_bt709"]

Transfer: TypeAlias = Literal["pq", "hlg", "sdr"]
"""How light was coded: PQ and HLG are high dynamic range, "sdr" is BT.2020 or BT.709 with an ordinary curve."""

_Floats: TypeAlias = NDArray[np.float32]

_WHITE_NITS = 203.0
_PEAK_NITS = 1000.0
_KNEE = 0.3
"""Up to this share of diffuse white, light passes unchanged; above it the highlights are rolled off."""

_BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)
_BT2020_LUMA = np.array([0.2627, 0.6780, 0.0593], np.float32)

_ROWS = 32
"""Rows worked on at once: the dozen float planes of a strip stay in the cache, and a 4K clip needs no gigabyte."""


def to_bt709(codes: NDArray[np.uint16], *, transfer: Transfer, full_range: bool) -> Image:
    """Turn BT.2020 Y'CbCr into an ordinary picture.

    Args:
        codes: 3×H×W, the Y', Cb and Cr codes in 16 bits (a 10-bit code times 64), chroma at full size.
        transfer: the curve the clip is coded with.
        full_range: whether the codes use 0–1023 rather than 64–940 (in 10 bits).

    Returns:
        H×W×3 uint8 RGB.
    """
    _, height, width = codes.shape
    image = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _ROWS):
        strip = codes[:, top : top + _ROWS]
        signal = _signal(strip, full_range=full_range)
        light = _linear(signal, transfer=transfer)
        image[top : top + _ROWS] = _encoded(light @ _BT2020_TO_BT709.T)
    return image


def _signal(codes: NDArray[np.uint16], *, full_range: bool) -> _Floats:
    """R'G'B' in 0–1, rows×W×3, of BT.2020's non-constant-luminance Y'CbCr."""
    black, span, chroma_span = (0, 1023, 1023) if full_range else (64, 876, 896)
    y, cb, cr = codes.astype(np.float32) / 64
    y = (y - black) / span
    cb = (cb - 512) / chroma_span
    cr = (cr - 512) / chroma_span
    signal = np.stack([y + 1.4746 * cr, y - 0.16455 * cb - 0.57135 * cr, y + 1.8814 * cb], axis=2)
    return np.clip(signal, 0, 1, out=signal)


def _linear(signal: _Floats, *, transfer: Transfer) -> _Floats:
    """Light relative to the white of a normal screen (1.0), highlights rolled off."""
    light = _curve(transfer)[(signal * 4095 + 0.5).astype(np.uint16)]
    if transfer == "sdr":
        return light
    if transfer == "hlg":
        # BT.2100's system gamma for a 1000-nit screen, taken on luminance so that hues stay.
        light *= (np.maximum(light @ _BT2020_LUMA, 1e-6) ** 0.2)[..., np.newaxis] * (_PEAK_NITS / _WHITE_NITS)
    peak = np.maximum(light.max(axis=2), 1e-6)
    light *= (_rolled_off(peak) / peak)[..., np.newaxis]
    return light


def _rolled_off(level: _Floats) -> _Floats:
    """The Möbius tone curve: the identity up to the knee, then smoothly to 1.0 at the peak."""
    peak = _PEAK_NITS / _WHITE_NITS
    a = -(_KNEE**2) * (peak - 1) / (_KNEE**2 - 2 * _KNEE + peak)
    b = (_KNEE**2 - 2 * _KNEE * peak + peak) / (peak - 1)
    scale = (b * b + 2 * b * _KNEE + _KNEE**2) / (b - a)
    return np.where(level <= _KNEE, level, scale * (level + a) / (level + b)).astype(np.float32)


@cache
def _curve(transfer: Transfer) -> _Floats:
    """Light for each of 4096 signal levels: in units of diffuse white (PQ), of scene peak (HLG), of white (sdr)."""
    signal = np.linspace(0, 1, 4096)
    if transfer == "pq":
        m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
        root = signal ** (1 / m2)
        nits = 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
        return (nits / _WHITE_NITS).astype(np.float32)
    if transfer == "hlg":
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12).astype(np.float32)
    return (signal**2.4).astype(np.float32)


@cache
def _display_codes() -> NDArray[np.uint8]:
    """The 8-bit code for each of 65,536 levels of light."""
    return np.rint(255 * np.linspace(0, 1, 65536) ** (1 / 2.4)).astype(np.uint8)


def _encoded(light: _Floats) -> Image:
    return _display_codes()[(np.clip(light, 0, 1) * 65535).astype(np.uint16)]
