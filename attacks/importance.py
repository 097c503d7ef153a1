"""Importance: normalised absolute attribution (Ghorbani et al. 2019, section 2)."""

import torch
from torch import Tensor


def importance(heatmap: Tensor) -> Tensor:
    """Return absolute values, normalised to mean 1 over the positions.

    Args:
        heatmap: shape (N, 1, h, w), any range.

    Returns: shape (N, 1, h, w); 0 for a heatmap that is 0 everywhere.

    Example:
        >>> import torch
        >>> importance(torch.tensor([[[[1.0, -3.0]]]]))
        tensor([[[[0.5000, 1.5000]]]])
    """
    size = heatmap.abs()
    mean = size.mean((1, 2, 3), keepdim=True)
    return size / mean.clamp_min(torch.finfo(size.dtype).tiny)


def center_of(heatmap: Tensor) -> Tensor:
    """Return row and column of the centre of mass of the importance, in positions, (N, 2).

    The first position is 0. A heatmap that is 0 everywhere has its centre in the middle, with zero
    gradients; one that is not finite has none, which is NaN.

    Example:
        >>> import torch
        >>> center_of(torch.tensor([[[[1.0, -3.0]]]]))
        tensor([[0.0000, 0.7500]])
    """
    weights = importance(heatmap)[:, 0]
    weights = torch.where(weights.amax((1, 2), keepdim=True) != 0, weights, 1.0)
    rows, columns = (torch.arange(side).to(weights) for side in weights.shape[1:])
    row = (weights.mean(2) * rows).mean(1)
    column = (weights.mean(1) * columns).mean(1)
    return torch.stack([row, column], 1)
