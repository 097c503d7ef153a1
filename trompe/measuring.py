"""Measures of heatmaps, as one number."""

from torch import Tensor

from losses import Location, Loss
from metrics import FoolingSuccessRate


def fooling_success_rate(
    heatmap: Tensor, reference: Tensor | None = None, loss: Loss | None = None
) -> float:
    """Return the share of heatmaps that count as fooled, in [0, 1] (Heo et al. 2019, eq. 8).

    Heatmaps without a measure, which are not finite, are left out; NaN if all are.

    Args:
        heatmap: heatmaps of the manipulated network, shape (N, 1, h, w).
        reference: heatmaps of the original network; losses such as `losses.TopK` need them.
        loss: One of `trompe.losses`, which says what counts as fooled; Location() if not given.

    Example:
        >>> import torch
        >>> frame = torch.ones(1, 1, 14, 14)
        >>> frame[..., 2:-2, 2:-2] = 0
        >>> fooling_success_rate(frame)
        1.0
    """
    loss = Location() if loss is None else loss
    if reference is None and loss.needs_reference:
        raise ValueError(
            f"{type(loss).__name__} compares with the original network's heatmaps; give `reference`"
        )
    rate = FoolingSuccessRate(*loss.success)
    rate.update(loss.measure(heatmap, heatmap if reference is None else reference))
    return float(rate.compute())
