"""`new` given once more for a run that has begun: it goes on with it, or is refused before anything is changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stylecam.errors import TrainError
from trainer.options import make_config, variants_of
from trainer.request import cut_out, read_request

if TYPE_CHECKING:
    import argparse

    from trainer.config import TrainConfig

__all__ = ["check_repeated", "continued"]


def check_repeated(arguments: argparse.Namespace, run: Path, sha256: str) -> None:
    """Whether the run in this folder, if there is one, is what the arguments of `new` ask for.

    Raises:
        TrainError: it is of another picture, or of another part of it, or has other settings.
    """
    begun = read_request(run).networks if (run / "run.json").exists() else ()
    if not begun:
        return
    if begun[0].painting_sha256 != sha256:
        raise TrainError(f"the run in {run} is of another painting: name another folder with --run")
    if not np.array_equal(cut_out(arguments.painting, arguments.region), cut_out(Path(begun[0].painting), None)):
        raise TrainError(
            f"the run in {run} learns from another part of the picture: give the same --region, or name another "
            "folder with --run"
        )
    for config in begun:
        if config.variant in variants_of(arguments, arguments.preset):
            config.check_goes_on(continued(arguments, config), run)


def continued(arguments: argparse.Namespace, before: TrainConfig) -> TrainConfig:
    """The settings with which a network goes on: as given, and what was found or measured for it stays."""
    found = {"vgg_precision": before.vgg_precision, "network_precision": before.network_precision}
    sha256 = before.painting_sha256
    config = make_config(
        arguments, arguments.preset, before.variant, base=before.base, sha256=sha256, content=before.content, **found
    )
    # The minutes were turned into steps when it began; as many minutes are others by now.
    return replace(config, steps=before.steps) if arguments.minutes else config
