"""Peers: who is there is compared, who is not is named, and nobody ends the bench."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from stylecam.architecture import ARCHITECTURES
from stylecam.benching.children import ChildError, Worker, python
from stylecam.benching.peers import EXACT, PLAIN, Peer, all_peers, measure_peers
from stylecam.benching.pictures import IDENTICAL_DB, decibels, frames
from stylecam.benching.plain import paint_plainly, plain_network
from stylecam.benching.runtimes import MissingPeerError, library
from stylecam.network import TransformerNet
from tests.tiny import random_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from stylecam.benching.plan import Bench


@pytest.fixture(autouse=True)
def _in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this processor likes best."""
    monkeypatch.setattr("stylecam.engine.half_precision", lambda kind: None)


def _rows(bench: Bench, make: Any) -> dict[str, Any]:
    return {row["name"]: row for row in measure_peers(bench, make).rows}


def test_the_plain_loop_paints_what_stylecam_paints(make_bench: Callable[..., Bench]) -> None:
    rows = _rows(make_bench(), {PLAIN: all_peers()[PLAIN]})
    assert list(rows) == ["stylecam, fast", "stylecam, full", PLAIN]
    assert rows[PLAIN]["decibels"] > 50
    assert rows[PLAIN]["ms"]["count"] == 2
    assert rows["stylecam, full"]["of_full"]["median"] == 1
    assert set(rows[PLAIN]) >= {"of_full", "of_fast"}
    assert [rows[name]["note"] for name in ("stylecam, fast", "stylecam, full")] == ["in float32"] * 2


def test_a_network_of_sixteen_bits_is_measured_beside_itself_in_float32(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stylecam.engine.half_precision", lambda kind: torch.bfloat16)
    monkeypatch.setattr("stylecam.engine.half_precision_problem", lambda half, exact, form: None)
    rows = _rows(make_bench(), {PLAIN: all_peers()[PLAIN]})
    assert list(rows) == ["stylecam, fast", "stylecam, full", EXACT, PLAIN]
    assert rows["stylecam, full"]["note"] == "in bfloat16"
    assert rows[EXACT]["note"] == "in float32"
    assert rows[EXACT]["decibels"] < 60
    assert rows[PLAIN]["decibels_exact"] > max(50, rows[PLAIN]["decibels"])
    assert rows[PLAIN]["of_exact"]["count"] == 2


def test_the_plain_network_has_the_parameters_of_full_and_gives_its_output() -> None:
    weights = random_weights("full")
    network = plain_network(weights, torch.device("cpu"))
    ours = TransformerNet(ARCHITECTURES["full"])
    assert [*network.state_dict()] == [*ours.state_dict()]
    ours.load_state_dict(network.state_dict())
    x = 255 * torch.rand(1, 3, 32, 48)
    with torch.inference_mode():
        torch.testing.assert_close(network(x), ours(x), rtol=1e-4, atol=1e-2)
    image = frames((48, 32), 1)[0].image
    assert paint_plainly(network, image, torch.device("cpu")).shape == image.shape


def test_a_peer_that_is_not_installed_is_named_with_its_command(make_bench: Callable[..., Bench]) -> None:
    def missing(table: object) -> Peer:
        library("no_such_runtime_anywhere", "no-such-runtime")
        raise AssertionError

    rows = _rows(make_bench(), {"Nobody": missing})
    assert rows["Nobody"] == {"name": "Nobody", "note": "not installed: pip install no-such-runtime"}
    assert "ms" in rows["stylecam, full"]


@pytest.mark.parametrize("when", ["made", "run", "compared"])
def test_a_peer_that_fails_says_so_and_the_others_are_measured(make_bench: Callable[..., Bench], when: str) -> None:
    def fail(*_: object) -> Any:
        raise RuntimeError("no kernel for this\nand a trace")

    def fine() -> Any:
        return np.zeros((32, 32, 3), np.uint8)

    def maker(table: object) -> Peer:
        if when == "made":
            fail()
        return Peer("Odd", fail if when == "run" else fine, fail if when == "compared" else fine)

    rows = _rows(make_bench(), {"Odd": maker, PLAIN: all_peers()[PLAIN]})
    assert rows["Odd"]["note"] == "failed: no kernel for this"
    assert rows["Odd"].get("decibels") is None
    assert rows[PLAIN]["decibels"] > 50


def test_openvino_s_child_says_that_it_is_not_installed(make_bench: Callable[..., Bench]) -> None:
    hidden = "import sys; sys.modules['openvino'] = None"  # this machine may have it
    code = f"{hidden}; from stylecam.benching.openvino_child import main; main('', '', 'auto')"
    with Worker(python("-c", code), make_bench().stop) as worker:
        assert worker.ask() == {"missing": "pip install openvino"}


def test_a_child_that_dies_is_told_with_its_signal(make_bench: Callable[..., Bench]) -> None:
    code = "import os, signal; print('{\"hello\": 1}', flush=True); input(); os.kill(os.getpid(), signal.SIGKILL)"
    with Worker(python("-c", code), make_bench().stop) as worker:
        assert worker.ask() == {"hello": 1}
        with pytest.raises(ChildError, match="signal 9"):
            worker.ask("paint")


def test_a_library_that_is_there_is_given() -> None:
    assert library("json", "nothing") is sys.modules["json"]
    with pytest.raises(MissingPeerError, match="pip install thing"):
        library("no_such_thing_anywhere", "thing")


def test_equal_pictures_are_as_near_as_can_be() -> None:
    black = np.zeros((4, 4, 3), np.uint8)
    assert decibels(black, black) == IDENTICAL_DB
    assert decibels(black, black + np.uint8(1)) == pytest.approx(48.13, abs=0.01)
    assert decibels(black, black + np.uint8(255)) == pytest.approx(0)
