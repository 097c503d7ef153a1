"""Min-max normalisation of heatmaps."""

import torch
from torch import Tensor

from losses.finite import precise


def normalize(heatmap: Tensor) -> Tensor:
    """Scale each heatmap to [0, 1] by its own minimum and maximum.

    Args:
        heatmap: shape (N, L, h, w), any range.

    Returns: shape (N, L, h, w), half precision as float32; zeros, with zero gradients, for a
        constant heatmap and for one whose range is below the smallest normal number of its
        precision; NaN for one that is not finite.

    Example:
        >>> normalize(torch.tensor([[[[-2.0, 0.0, 2.0]]]]))
        tensor([[[[0.0000, 0.5000, 1.0000]]]])
    """
    heatmap = precise(heatmap)
    low = heatmap.amin((2, 3), keepdim=True)
    span = heatmap.amax((2, 3), keepdim=True) - low
    # dividing by a subnormal number overflows; the inner `where` keeps it out of the gradient
    flat = span < torch.finfo(heatmap.dtype).tiny
    # the whole heatmap is NaN: a loss that reads few positions of it must not miss an infinite one
    span = torch.where(span.isfinite(), span, torch.nan)
    return torch.where(flat, 0.0, (heatmap - low) / torch.where(flat, 1.0, span))
