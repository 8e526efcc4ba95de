"""Named random generators: drawing from one never moves another."""

import hashlib

import torch


def named_generator(seed: int, name: str) -> torch.Generator:
    """A CPU generator that depends on nothing but `seed` and `name`.

    Weights, batch order, prior samples and encoder noise each get their own, so that (say) a
    second sample of the prior leaves the batch order alone. Always on the CPU: the numbers are
    then the same whatever device trains.

    Args:
        seed: the run's seed, an integer >= 0.
        name: what the generator is for, such as "batch order".
    """
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
