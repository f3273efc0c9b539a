"""`stylecam bench`: its options, its forms of output, and how it ends."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import stylecam.benching.networks
from stylecam.benching.plan import Bench
from stylecam.benching.sections import Column, Section, plain
from stylecam.cli import main
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A style called alpha, and rounds that take no time."""
    folder = tmp_path / "styles"
    folder.mkdir()
    write_tiny_style(folder / "alpha.safetensors")
    monkeypatch.setenv("STYLECAM_STYLES", str(folder))
    quick = Bench.quick.__func__  # type: ignore[attr-defined]

    def smaller(cls: type[Bench], *parts: Any) -> Bench:
        bench: Bench = quick(cls, *parts)
        return replace(bench, product_side=32, rounds=1, sizes=((32, 24),), lives=(), exports=())

    monkeypatch.setattr(Bench, "quick", classmethod(smaller))


_BENCH = ["bench", "--quick", "--style", "alpha", "--device", "cpu"]


def test_json_is_one_object_on_stdout_and_progress_is_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*_BENCH, "--only", "network", "--json"]) == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert found["style"] == "alpha"
    assert found["complete"] is True
    assert list(found["sections"]) == ["network", "promises"]
    assert found["sections"]["network"]["rows"][0]["size"] == [32, 24]
    held = {row["claim"]: row["held"] for row in found["sections"]["promises"]["rows"]}
    assert set(held.values()) == {None}  # this style has no full network
    assert "1/1 network (0:00): round 1 of 1" in printed.err


def test_markdown_is_for_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*_BENCH, "--only", "network, live", "--markdown", "-q"]) == 0
    printed = capsys.readouterr()
    assert "## The networks alone\n\n| network | size |" in printed.out
    assert "## The live pipeline" in printed.out
    assert "## What is promised\n\n| promise | figure | target | holds | note |" in printed.out
    assert printed.err == ""


def test_without_either_each_table_is_for_reading(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*_BENCH, "--only", "network"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("The networks alone\nfast\t32×24\t")
    assert "\nWhat is promised\nfull beside" in printed


@pytest.mark.parametrize("wrong", [["--only", "speed"], ["--json", "--markdown"]])
def test_wrong_usage_is_refused_before_anything_is_measured(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*_BENCH, *wrong]) == 2
    assert capsys.readouterr().out == ""


def test_an_unknown_style_is_exit_code_5() -> None:
    assert main(["bench", "--quick", "--style", "nobody"]) == 5


def test_ctrl_c_shows_what_was_measured_by_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(bench: Bench) -> Section:
        signal.raise_signal(signal.SIGINT)
        return Section("network", "The networks alone", (Column("n", plain("n")),), rows=[{"n": 1}])

    monkeypatch.setattr(stylecam.benching.networks, "measure_networks", interrupted)
    assert main([*_BENCH, "--only", "network,start", "--json"]) == 130
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert found["complete"] is False
    assert list(found["sections"]) == ["network", "promises"]
    assert found["sections"]["network"]["rows"] == [{"n": 1}]
    assert "stopped" in printed.err


def test_a_bug_does_not_take_with_it_what_was_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import stylecam.benching.starting

    def broken(bench: Bench) -> Section:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(stylecam.benching.starting, "measure_starts", broken)
    assert main([*_BENCH, "--only", "network,start", "--json"]) == 1
    printed = capsys.readouterr()
    assert list(json.loads(printed.out)["sections"]) == ["network", "promises"]
    assert "this is a bug" in printed.err
