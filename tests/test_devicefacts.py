from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import torch

from stylecam import devicefacts
from stylecam.devicefacts import describe_devices, processor_name
from tests.test_devices import Machine

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(monkeypatch)
    monkeypatch.setattr(devicefacts, "processor_name", lambda: "Xeon")
    monkeypatch.setattr(devicefacts.os, "sched_getaffinity", lambda _: {0, 1, 5}, raising=False)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    return machine


def test_a_machine_without_a_card_says_why_there_is_none(machine: Machine) -> None:
    processor, cuda = describe_devices()
    assert (processor.label, processor.problem, processor.cores) == ("cpu", None, 3)
    assert processor.details == "Xeon, 3 cores, AVX2"
    assert cuda.label == "cuda"
    assert cuda.details.startswith("cannot be used: no CUDA device found. Check that `nvidia-smi`")


def test_each_card_is_listed_with_its_memory_and_why_it_cannot_be_used(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.cuda("RTX 4070", "Old", broken={"cuda:1": "it was found but does not work (no kernel image)"})
    monkeypatch.setattr(
        torch.cuda,
        "get_device_properties",
        lambda index: SimpleNamespace(name=("RTX 4070", "Old")[index], total_memory=12 * 2**30, major=8, minor=9),
    )
    _, good, bad = describe_devices()
    assert (good.label, good.problem, good.memory) == ("cuda:0", None, 12 * 2**30)
    assert good.details == "RTX 4070, 12.0 GiB, compute capability 8.9"
    assert bad.label == "cuda:1"
    assert "cannot be used: it was found but does not work (no kernel image)" in bad.details


def test_a_card_that_tells_nothing_of_itself_is_listed_all_the_same(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(index: int) -> None:
        raise RuntimeError("CUDA error")

    machine.cuda("Ill", broken={"cuda:0": "it was found but does not work (CUDA error)"})
    monkeypatch.setattr(torch.cuda, "get_device_properties", refuse)
    assert describe_devices()[1].details.startswith("CUDA device, cannot be used: it was found but does not work")


def test_a_mac_has_its_own_device_and_no_cuda(machine: Machine) -> None:
    machine.system("Darwin")
    machine.mps(available=False)
    _, apple = describe_devices()
    assert apple.label == "mps"
    assert apple.details.startswith("Apple GPU, cannot be used: macOS 14 or newer")


@pytest.mark.parametrize(
    ("cpuinfo", "name"),
    [
        ("processor : 0\nmodel name\t: AMD  EPYC 9R14\n", "AMD EPYC 9R14"),
        ("processor : 0\nCPU part : 0xd40\n", "aarch64"),
        (None, "aarch64"),
    ],
)
def test_the_processor_s_name_is_the_maker_s_or_the_architecture_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpuinfo: str | None, name: str
) -> None:
    if cpuinfo is not None:
        (tmp_path / "cpuinfo").write_text(cpuinfo, encoding="utf-8")
    monkeypatch.setattr(devicefacts, "_CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(devicefacts.platform, "system", lambda: "Linux")
    monkeypatch.setattr(devicefacts.platform, "processor", lambda: "")
    monkeypatch.setattr(devicefacts.platform, "machine", lambda: "aarch64")
    assert processor_name() == name
