"""Min-max normalisation of heatmaps."""

import torch
from torch import Tensor


def normalize(heatmap: Tensor) -> Tensor:
    """Scale each heatmap to [0, 1] by its own minimum and maximum.

    Args:
        heatmap: shape (N, L, h, w), any range.

    Returns: shape (N, L, h, w); a constant heatmap becomes zeros with zero gradients, and so does
        one whose range is below the smallest normal number of its precision.
    """
    low = heatmap.amin((2, 3), keepdim=True)
    span = heatmap.amax((2, 3), keepdim=True) - low
    # the inverse of a subnormal number overflows; the inner where keeps it out of the gradient too
    flat = span < torch.finfo(heatmap.dtype).tiny
    return torch.where(flat, 0.0, (heatmap - low) / torch.where(flat, 1.0, span))
