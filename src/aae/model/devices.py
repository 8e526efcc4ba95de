"""Meaning of `auto` on this machine, for device and precision."""

import torch

from aae.settings.config import RunConfig
from aae.system.errors import UserError


def resolve(config: RunConfig) -> RunConfig:
    """The settings with what `auto` means on this machine for device and precision.

    Raises:
        UserError: this machine lacks the device that was asked for.
    """
    device = choose_device(config.train.device)
    precision = choose_precision(config.train.precision, device)
    train = config.train.model_copy(update={"device": device.type, "precision": precision})
    return config.model_copy(update={"train": train})


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
