"""Device, precision, named generators, and what is set for the whole process."""

import ctypes
import subprocess
import sys

import pytest
import torch
from conftest import ROOT
from tiny import make_config

from aae.model.devices import choose_device, choose_precision, resolve
from aae.model.randomness import named_generator
from aae.system.errors import UserError

AMD, INTEL = "AMD EPYC 9R14", "Intel(R) Xeon(R) Platinum 8488C"
CPU = torch.device("cpu")


def without_accelerator(monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, object]) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)


@pytest.mark.parametrize(
    ("capabilities", "chosen"),
    [
        ({"avx512_bf16": True, "amx_bf16": False, "cpu_name": AMD}, "bfloat16"),
        ({"avx512_bf16": True, "amx_bf16": True, "cpu_name": INTEL}, "bfloat16"),
        ({"avx512_bf16": False, "amx_bf16": True}, "bfloat16"),
        ({"avx512_bf16": True, "amx_bf16": False, "cpu_name": INTEL}, "float32"),  # Slower in bfloat16.
        ({"avx512_bf16": False, "amx_bf16": False, "cpu_name": AMD}, "float32"),
        ({}, "float32"),
    ],
)
def test_auto_takes_bfloat16_only_where_the_cpu_gains_by_it(
    capabilities: dict[str, object], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_accelerator(monkeypatch, capabilities)
    assert choose_precision("auto", CPU) == chosen
    assert choose_precision("auto", torch.device("cuda")) == "float32"
    assert [choose_precision(name, CPU) for name in ("float32", "bfloat16")] == ["float32", "bfloat16"]
    resolved = resolve(make_config(train={"device": "auto", "precision": "auto"})).train
    assert (resolved.device, resolved.precision) == ("cpu", chosen)


def test_auto_takes_cuda_before_mps_before_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    without_accelerator(monkeypatch, {})
    assert choose_device("auto").type == "cpu"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto").type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"
    assert choose_device("cpu").type == "cpu"


@pytest.mark.parametrize("absent", ["cuda", "mps"])
def test_an_absent_device_is_refused_in_one_line(absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without_accelerator(monkeypatch, {})
    line = rf"^params\.yaml: train\.device: this machine has no {absent}; it has: cpu$"
    with pytest.raises(UserError, match=line):
        choose_device(absent)
    with pytest.raises(UserError, match=line):
        resolve(make_config(train={"device": absent}))


def prepared(then: str) -> str:
    """Output of lines of Python in a prepared process of their own, with `train.threads: 3`."""
    lines = (
        "import torch; from aae.model.numerics import prepare_process\n"
        "from aae.settings.params import parse_params\n"
        f"train = parse_params(open({str(ROOT / 'params.yaml')!r}, encoding='utf-8').read()).train\n"
        "prepare_process(train.model_copy(update={'threads': 3}))\n"
    )
    command = [sys.executable, "-c", lines + then]
    return subprocess.run(command, cwd=ROOT / "src", check=True, capture_output=True, text=True).stdout


def test_a_prepared_process_takes_subnormal_numbers_for_zero_in_all_its_threads() -> None:
    numbers = 1_000_000  # So many that PyTorch shares them among its threads.
    nonzero = f"(torch.full(({numbers},), 1e-40) * 2).count_nonzero().item()"
    assert prepared(f"print(torch.get_num_threads(), {nonzero})") == "3 0\n"


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="glibc alone")
def test_a_prepared_process_keeps_what_it_frees() -> None:
    """Memory that it takes again brings no page faults, once the holes between other blocks are filled."""
    printed = prepared(
        "from resource import RUSAGE_SELF, getrusage\n"
        "for _ in range(32):\n"
        "    before = getrusage(RUSAGE_SELF).ru_minflt; torch.ones(2**22)\n"  # 16 MB.
        "    print(getrusage(RUSAGE_SELF).ru_minflt - before)"
    )
    first, *again = map(int, printed.split())
    assert max(again[-4:]) < first / 100


# Named generators.


def test_named_generators_depend_on_seed_and_name_alone() -> None:
    def draw(seed: int, name: str) -> list[float]:
        return torch.rand(4, generator=named_generator(seed, name)).tolist()

    names = [(0, "prior samples"), (0, "batch order"), (1, "prior samples"), (2**32 - 1, "batch order")]
    drawn = [draw(*name) for name in names]
    assert drawn == [draw(*name) for name in reversed(names)][::-1]
    assert len({tuple(numbers) for numbers in drawn}) == len(names)
