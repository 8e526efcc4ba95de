"""The machines of an environment, by their processors' names: kept in the store."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from aae.runs.store import Store
from aae.system import artifacts


def remember(store: Store, environment: str, device: str) -> None:
    """Note that a machine like this one has an environment, by taking its fingerprint."""
    known = _machines(store, environment)
    if (machine := describe(device)) not in known:
        artifacts.save_json({"machines": [*known, machine]}, _file(store, environment))


def remembers(store: Store, environment: str) -> bool:
    """Tell if that was noted: then its results need no fingerprint. For CPUs alone."""
    installed = version("torch").partition("+")[0]
    return environment.startswith(f"torch-{installed}-cpu-") and describe("cpu") in _machines(
        store, environment
    )


def describe(device: str) -> str:
    """The processor that trains, by its name."""
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    about = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    name = about.get("model name", platform.processor() or platform.machine())
    if "cpu family" in about:  # On a virtual machine the name says little.
        name += f" (family {about['cpu family']}, model {about['model']})"
    return f"{name}, {os.cpu_count()} cores"


def _machines(store: Store, environment: str) -> list[str]:
    path = _file(store, environment)
    return list(artifacts.load_json(path)["machines"]) if path.exists() else []


def _file(store: Store, environment: str) -> Path:
    return store.folder / "environments" / f"{environment}.json"
