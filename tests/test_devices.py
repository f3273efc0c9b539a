from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

from stylecam import devices
from stylecam.devices import choose_device, limit_threads, list_devices
from stylecam.errors import DeviceError


class Machine:
    """Puts another machine under torch: so many CUDA devices, or a reason why there are none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        self.system("Linux")
        self.cuda()

    def system(self, name: str) -> None:
        self._monkeypatch.setattr(devices.platform, "system", lambda: name)

    def cuda(self, *names: str, built: bool = True, init_error: str = "", broken: dict[str, str] | None = None) -> None:
        def available() -> bool:
            if init_error:
                warnings.warn(init_error, UserWarning, stacklevel=1)
            return bool(names)

        def init() -> None:
            raise RuntimeError(init_error)

        def small_sum(device: torch.device) -> str | None:
            return (broken or {}).get(str(device))

        patch = self._monkeypatch.setattr
        patch(torch.backends.cuda, "is_built", lambda: built)
        patch(torch.cuda, "is_available", available)
        patch(torch.cuda, "device_count", lambda: len(names))
        patch(torch.cuda, "get_device_name", lambda index: names[index])
        patch(torch.cuda, "init", init)
        patch(devices, "_failure_of_a_small_sum", small_sum)

    def mps(self, *, built: bool = True, available: bool = True) -> None:
        self._monkeypatch.setattr(torch.backends.mps, "is_built", lambda: built)
        self._monkeypatch.setattr(torch.backends.mps, "is_available", lambda: available)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_auto_takes_the_first_cuda_device(machine: Machine) -> None:
    machine.cuda("RTX 4070", "RTX 3060")
    device = choose_device()
    assert (device.kind, device.index, device.label, str(device)) == (
        "cuda",
        0,
        "cuda:0",
        "RTX 4070 (the first CUDA device)",
    )


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ({"built": False}, "no CUDA device found: this build of torch has no GPU support"),
        (
            {"init_error": "Found no NVIDIA driver on your system. Please check"},
            "no CUDA device found: no NVIDIA driver",
        ),
        (
            {"init_error": "The NVIDIA driver on your system is too old (found version 11040). Please update"},
            "the NVIDIA driver is too old for this build of torch (found version 11040)",
        ),
        ({"init_error": "No CUDA GPUs are available"}, "no CUDA device found"),
    ],
)
def test_auto_takes_the_cpu_and_says_why(machine: Machine, setting: dict[str, Any], reason: str) -> None:
    machine.cuda(**setting)
    device = choose_device("auto")
    assert (device.kind, device.name) == ("cpu", "CPU")
    assert device.reason.startswith(reason)


def test_auto_says_that_the_environment_hides_the_gpu(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "CUDA_VISIBLE_DEVICES hides" in choose_device().reason


def test_auto_passes_over_a_gpu_that_is_listed_but_does_not_work(machine: Machine) -> None:
    machine.cuda("GTX 460", broken={"cuda:0": "it was found but does not work (no kernel image)"})
    assert str(choose_device()) == "CPU (it was found but does not work (no kernel image))"


def test_on_a_mac_auto_takes_the_apple_gpu(machine: Machine) -> None:
    machine.system("Darwin")
    machine.cuda(built=False)
    machine.mps()
    assert [device.label for device in list_devices()] == ["mps", "cpu"]


def test_on_a_mac_the_cpu_is_explained_by_the_apple_gpu(machine: Machine) -> None:
    machine.system("Darwin")
    machine.cuda(built=False)
    machine.mps(available=False)
    assert choose_device().reason == "macOS 14 or newer on Apple silicon is needed"


def test_every_working_device_is_listed_and_the_cpu_last(machine: Machine) -> None:
    machine.cuda("A", "B", "C", broken={"cuda:1": "it was found but does not work"})
    found = list_devices()
    assert [(device.label, device.name) for device in found] == [("cuda:0", "A"), ("cuda:2", "C"), ("cpu", "CPU")]
    assert found[0] == choose_device("auto")


@pytest.mark.parametrize(("wanted", "index"), [("cuda", 0), ("cuda:0", 0), ("cuda:1", 1)])
def test_a_cuda_device_is_had_by_name(machine: Machine, wanted: str, index: int) -> None:
    machine.cuda("A", "B")
    assert choose_device(wanted) == devices.Device("cuda", index, "AB"[index], "as asked")


def test_a_device_that_cannot_be_had_is_an_error_and_never_the_cpu(machine: Machine) -> None:
    with pytest.raises(DeviceError, match=r"cuda cannot be used: no CUDA device found\. Check that .*--device cpu"):
        choose_device("cuda")
    machine.cuda("A")
    with pytest.raises(DeviceError, match=r"no CUDA device of that number \(cuda:0 is A\)"):
        choose_device("cuda:1")
    machine.cuda(built=False)
    with pytest.raises(DeviceError, match=r"Install a build of torch for your GPU \(https://"):
        choose_device("cuda")
    with pytest.raises(DeviceError, match=r"Apple GPU cannot be used: only Macs have it.*--device cpu"):
        choose_device("mps")
    machine.system("Darwin")
    machine.mps(built=False)
    with pytest.raises(DeviceError, match="this build of torch has no support"):
        choose_device("mps")


@pytest.mark.parametrize("wanted", ["gpu", "cuda:", "cuda:-1", "cuda:x", "CPU", "", "cuda:1234"])
def test_a_device_of_an_unknown_name_is_an_error_that_lists_the_names(wanted: str) -> None:
    with pytest.raises(DeviceError, match="Choose auto, cpu, cuda"):
        choose_device(wanted)


def test_the_cpu_is_had_when_asked_for_though_there_is_a_gpu(machine: Machine) -> None:
    machine.cuda("A")
    assert str(choose_device("cpu")) == "CPU (as asked)"


def test_the_small_sum_passes_on_a_device_that_works_and_tells_what_failed_on_one_that_does_not() -> None:
    assert devices._failure_of_a_small_sum(torch.device("cpu")) is None
    failure = devices._failure_of_a_small_sum(torch.device("meta"))
    assert failure is not None
    assert failure.startswith("it was found but does not work (")


def test_threads_are_limited_only_when_asked() -> None:
    before = torch.get_num_threads()
    try:
        choose_device("auto")
        assert torch.get_num_threads() == before
        limit_threads(1)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
    with pytest.raises(ValueError, match="count = 0"):
        limit_threads(0)
