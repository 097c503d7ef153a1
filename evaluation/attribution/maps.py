"""The size of attributions."""

import torch
from torch import Tensor


def largest_of(attribution: Tensor) -> Tensor:
    """Return the largest absolute value of each image, (N, 1, 1, 1); 1 where all are 0."""
    size = attribution.abs().amax((1, 2, 3), keepdim=True)
    return torch.where(size != 0, size, 1.0)
