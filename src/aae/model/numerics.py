"""What decides the bits of a run beside settings, images and code: device, precision, PyTorch, CPU."""

import ctypes
import sys

import torch

from aae.config import RunConfig, TrainSettings
from aae.errors import UserError


def resolve(config: RunConfig) -> RunConfig:
    """The settings with what `auto` means on this machine for device and precision.

    Raises:
        UserError: this machine lacks the device that was asked for.
    """
    device = choose_device(config.train.device)
    precision = choose_precision(config.train.precision, device)
    train = config.train.model_copy(update={"device": device.type, "precision": precision})
    return config.model_copy(update={"train": train})


# Of glibc's mallopt: what to set (malloc.h) and the value, in bytes.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT = 2**30


def choose_device(name: str) -> torch.device:
    """The device that `train.device` names; "auto" takes CUDA, else MPS, else the CPU.

    Raises:
        UserError: this machine has no such device.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(device for device, there in available.items() if there)
    if not available[name]:
        there = ", ".join(device for device, there in available.items() if there)
        raise UserError(f"params.yaml: train.device: this machine has no {name}; it has: {there}")
    return torch.device(name)


def choose_precision(name: str, device: torch.device) -> str:
    """The precision of matrix products in training; "auto" takes bfloat16 on CPUs that gain by it.

    Those are CPUs with AMX, and AMD's with AVX-512's instructions for bfloat16. With Intel's (measured:
    Sapphire Rapids, AMX hidden by the hypervisor) a training step took 1.6 times as long as in float32.
    """
    if name != "auto":
        return name
    cpu = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    gains = cpu.get("amx_bf16") or (cpu.get("avx512_bf16") and "Intel" not in cpu.get("cpu_name", ""))
    return "bfloat16" if gains else "float32"


def prepare_process(settings: TrainSettings) -> None:
    """Set what concerns the whole process; to be called before its first parallel work."""
    torch.set_num_threads(settings.threads)
    # The gradients of pixels that are 0 in every image fade to subnormal numbers, with which a CPU is a
    # hundred times slower. Threads take this setting from the one that starts them.
    torch.set_flush_denormal(True)
    keep_freed_memory()


def keep_freed_memory() -> None:
    """Let the process keep the memory that a training step frees, for the next one; glibc alone.

    Else each step's tensors of megabytes come as fresh pages from the system: thousands of page faults,
    a tenth of a step's time.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        for what in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
            libc.mallopt(what, KEPT)


def environment() -> dict[str, str]:
    """All that decides a training run's bits beside settings, images and code."""
    return {"torch": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability()}
