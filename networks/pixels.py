"""Check that images are in [0, 1]; networks normalise them inside."""

from math import isnan

import torch
from torch import Tensor


def check_pixels(images: Tensor) -> None:
    """Raise ValueError unless images (N, 3, H, W) are floating point and in [0, 1], and not empty.

    Example:
        >>> check_pixels(torch.rand(2, 3, 8, 8))
    """
    if not images.is_floating_point():
        raise ValueError(f"`images` must be floating point, got {images.dtype}; divide by 255")
    if not len(images):
        raise ValueError(
            f"`images` has none, got the shape {tuple(images.shape)}; give at least one image"
        )
    low, high = torch.stack(images.aminmax()).tolist()
    if isnan(low):
        broken = int(images.isnan().flatten(1).any(1).sum())
        raise ValueError(
            f"`images` must be finite, got NaN in {broken} of {len(images)}; leave them out, or "
            "read them again"
        )
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"`images` must have values in [0, 1], got {low:g} to {high:g}; do not normalise them, "
            "because the network does, and clamp them after adding noise"
        )
