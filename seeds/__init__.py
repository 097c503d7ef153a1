"""Random generators seeded by their purpose, so that earlier random numbers never matter."""

import numpy as np
import torch


def combined_seed(*parts: int) -> int:
    """Return one 63-bit seed from several non-negative integers, the same in all numpy versions.

    Example:
        >>> combined_seed(0, 1, 2)
        1535930435702422785
    """
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(1))


def generator(*parts: int) -> torch.Generator:
    """Return a torch generator whose seed combines several non-negative integers."""
    return torch.Generator().manual_seed(combined_seed(*parts))


def generators(indices: torch.Tensor, *parts: int) -> list[torch.Generator]:
    """Return one generator per image, seeded by `parts` and the image's index, shape (N,)."""
    return [generator(*parts, index) for index in indices.tolist()]
