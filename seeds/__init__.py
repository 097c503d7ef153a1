"""Random numbers that depend on what they are for, never on what was drawn before."""

import numpy as np
import torch


def mixed(*parts: int) -> int:
    """One 63-bit seed from several non-negative integers; numpy guarantees it never changes."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(1))


def generator(*parts: int) -> torch.Generator:
    """A generator of torch for this seed."""
    return torch.Generator().manual_seed(mixed(*parts))


def generators(indices: torch.Tensor, *parts: int) -> list[torch.Generator]:
    """A generator for each image of a batch, by the seed's parts and the image's index, (N,)."""
    return [generator(*parts, index) for index in indices.tolist()]
