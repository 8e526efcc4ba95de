"""Named generators: each its own, whatever others draw."""

import torch

from aae.model.randomness import named_generator


def test_named_generators_depend_on_seed_and_name_alone() -> None:
    def draw(seed: int, name: str) -> list[float]:
        return torch.rand(4, generator=named_generator(seed, name)).tolist()

    names = [(0, "prior samples"), (0, "batch order"), (1, "prior samples"), (2**32 - 1, "batch order")]
    drawn = [draw(*name) for name in names]
    assert drawn == [draw(*name) for name in reversed(names)][::-1]
    assert len({tuple(numbers) for numbers in drawn}) == len(names)
