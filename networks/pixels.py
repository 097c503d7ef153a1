"""What images are, for all that take them: values in [0, 1], as networks normalise them inside."""

import torch
from torch import Tensor


def check_pixels(images: Tensor) -> None:
    """Raise ValueError unless these are images (N, 3, H, W), floating point and in [0, 1]."""
    if not images.is_floating_point():
        raise ValueError(f"`images` must be floating point, got {images.dtype}; divide by 255")
    if not len(images):
        raise ValueError(f"`images` has none, got the shape {tuple(images.shape)}")
    low, high = torch.stack(images.aminmax()).tolist()
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"`images` must have values in [0, 1], got {low:g} to {high:g}; do not normalise them, "
            "as networks do that inside, and clamp them after noise"
        )
