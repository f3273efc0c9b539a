"""Sixteen bits are proven without a GPU: every bundled style, in float16 and in bfloat16, comes close to float32."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from stylecam.architecture import ARCHITECTURES, Variant
from stylecam.bundled import bundled_path
from stylecam.inference import FORMS, build_network, to_network
from stylecam.styles import Style, StyleLibrary

BUNDLED = StyleLibrary([bundled_path("styles")])
NETWORKS = [(style, variant) for style in BUNDLED.values() for variant in style.variants]


def photograph_like() -> torch.Tensor:
    """64×96×3 uint8: an even sky, a slope, edges, fine texture and a little noise."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:96, 0:128].astype(np.float64)
    image = np.stack([150 + 0.3 * y, 180 + 0.2 * y, 230 - 0.4 * y], axis=-1)
    image[y > 50 + 8 * np.sin(x / 17)] = (70, 110, 50)
    image[(x - 90) ** 2 + (y - 40) ** 2 < 400] = (210, 60, 40)
    image[20:80, 20:34] = (15, 12, 10)
    image[60:] += 25 * np.sin(x[60:] / 1.7)[..., None] * np.cos(y[60:] / 2.3)[..., None]
    image += rng.normal(0, 3, image.shape)
    return torch.from_numpy(image[16:80, 16:112].clip(0, 255).astype(np.uint8))


def test_there_are_bundled_styles_and_all_can_be_read() -> None:
    assert len(BUNDLED) >= 1
    assert BUNDLED.problems == []


@pytest.mark.parametrize(("style", "variant"), NETWORKS, ids=[f"{style.name}-{variant}" for style, variant in NETWORKS])
@pytest.mark.parametrize("half_type", [torch.float16, torch.bfloat16])
def test_a_bundled_style_in_half_precision_is_finite_and_40_db_from_float32(
    style: Style, variant: Variant, half_type: torch.dtype
) -> None:
    form = FORMS["cuda" if half_type == torch.float16 else "cpu"]
    outputs = []
    for dtype in (half_type, torch.float32):
        network = build_network(
            ARCHITECTURES[variant], style.weights(variant), form=form, dtype=dtype, device=torch.device("cpu")
        )
        with torch.inference_mode():
            outputs.append(network(to_network(photograph_like(), form=form, dtype=dtype)).float())
    half, exact = outputs
    assert half.isfinite().all()
    error = torch.nn.functional.mse_loss(half.clamp(0, 255), exact.clamp(0, 255)).item()
    assert 10 * np.log10(255**2 / max(error, 1e-9)) >= 40
