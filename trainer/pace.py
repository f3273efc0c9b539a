"""A training whose steps are timed by whoever started it: `python -m trainer.pace ours new PAINTING …`.

What follows is the trainer's command line, and what trains is its loop; "plain" in place of "ours" takes the same
settings and trains with the loop of `trainer.plain_loop`. Each line on standard input is a number of seconds: it trains
for so long, and answers with the seconds of every step. Between two lines it stands still, so that several of these can
take turns. At the end of its input it ends, and so when whoever started it is gone.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

from stylecam.environment import set_environment
from stylecam.errors import StylecamError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Pacer", "main"]


@dataclass(slots=True)
class Pacer:
    """Asked by a loop before every step whether to stop; times what comes between, and waits for the next order."""

    orders: TextIO
    answers: TextIO
    took: list[float] = field(default_factory=list)
    _until: float | None = None
    """None before the first order."""
    _began: float = 0.0

    def __call__(self) -> bool:
        now = time.perf_counter()
        if self._until is not None:
            self.took.append(now - self._began)
        if self._until is None or now >= self._until:
            if self._until is not None:
                self.say(seconds=self.took)
                self.took = []
            order = self.orders.readline()
            if not order:
                return True
            self._until = time.perf_counter() + float(order)
        self._began = time.perf_counter()
        return False

    def say(self, **fields: Any) -> None:
        self.answers.write(json.dumps(fields) + "\n")
        self.answers.flush()


def main(argv: Sequence[str], orders: TextIO | None = None, answers: TextIO | None = None) -> int:
    """Prepare as the arguments say, greet with the settings, and train by order; returns the exit code."""
    pacer = Pacer(orders or sys.stdin, answers or sys.stdout)
    set_environment()
    try:
        _train(argv[0], argv[1:], pacer)
    except StylecamError as exc:
        pacer.say(failed=str(exc))
        return exc.exit_code
    return 0


def _train(loop: str, words: Sequence[str], pacer: Pacer) -> None:
    import torch

    from stylecam.devices import choose_device
    from stylecam.runs import read_control
    from trainer.events import EventLog
    from trainer.loop import train
    from trainer.options import build_parser
    from trainer.perceptual import Vgg16
    from trainer.prepare import prepare
    from trainer.request import make_folder, read_request

    arguments = build_parser().parse_args(words)
    device = choose_device(arguments.device or "auto").label
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    vgg = Vgg16(arguments.vgg).to(device)
    run = arguments.run
    make_folder(run, "--run")
    events = EventLog(run / "events.jsonl", silent=True)
    prepare(arguments, run, events, vgg, device, "")
    config = read_request(run).networks[0]
    pacer.say(ready=loop, variant=config.variant, vgg=config.vgg_precision, network=config.network_precision)
    if loop == "plain":
        from trainer.plain_loop import train_plainly

        train_plainly(config, vgg, device=device, stop=pacer)
    else:
        control = partial(read_control, run)
        train(config, run, events, vgg=vgg, stop=pacer, control=control, device=device, checkpoint_every=config.steps)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
