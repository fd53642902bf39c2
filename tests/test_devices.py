"""Devices and the precision that suits them."""

from dataclasses import asdict

import pytest
import torch

from roam_lite import devices
from roam_lite.errors import InputError
from roam_lite.profiles import get_profile

STAGE = get_profile("laptop-small").training.stages[1]


def with_sets(monkeypatch, *names):
    known = {"avx2": True, "avx512_bf16": False, "amx_bf16": False}
    told = known | dict.fromkeys(names, True)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: told, raising=False)


def test_auto_takes_cuda_where_it_is(monkeypatch):
    for there, device in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        assert devices.choose_device("auto") == device


def test_cuda_is_refused_where_there_is_none(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match=r"cuda:1.*no CUDA device"):
        devices.choose_device("cuda:1")


def test_a_torch_device_is_a_device_too(monkeypatch):
    assert devices.choose_device(torch.device("cpu")) == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert devices.choose_device(torch.device("cuda:1")) == "cuda:1"
    with pytest.raises(InputError, match="cuda:2: 2 CUDA devices here"):
        devices.choose_device("cuda:2")


@pytest.mark.parametrize("name", ["mps", "meta", "gpu", "", None, torch.device("meta")])
def test_other_devices_are_refused(name):
    with pytest.raises(InputError, match="give cpu, cuda or auto"):
        devices.choose_device(name)


@pytest.mark.parametrize("instructions", ["avx512_bf16", "amx_bf16"])
def test_a_cpu_with_bfloat16_keeps_a_stage_as_it_is(monkeypatch, instructions):
    with_sets(monkeypatch, instructions)
    assert STAGE.precision == "bfloat16"
    assert devices.supported_precision(STAGE, "cpu") is STAGE


@pytest.mark.parametrize("found", [True, False])
def test_an_older_torch_is_asked_in_its_own_way(monkeypatch, found):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: found, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False, raising=False)
    assert devices.multiplies_bfloat16("cpu") == found


def test_a_cpu_without_bfloat16_computes_in_float32(monkeypatch):
    with_sets(monkeypatch)
    assert asdict(devices.supported_precision(STAGE, "cpu")) == asdict(STAGE) | {
        "precision": "float32"
    }


def test_a_gpu_is_asked_for_its_own(monkeypatch):
    with_sets(monkeypatch, "amx_bf16")
    for supported, precision in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda s=supported, **_: s)
        assert devices.supported_precision(STAGE, "cuda").precision == precision


def test_every_process_of_a_machine_has_the_gpu_of_its_number(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert devices.own_device("cuda") == "cuda"
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert devices.own_device("cuda") == "cuda:1"
    assert devices.own_device("cpu") == "cpu"
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(InputError, match="cuda:2: 2 CUDA devices here"):
        devices.own_device("cuda")
