"""Orders in which insertion and deletion change an image's values, by its attribution."""

from collections.abc import Callable

import torch
from torch import Tensor

# maps attributions (N, C, H, W) and the number of pixels per step to the step at which each value
# changes, from 0, shape (N, 1 or 3, H, W)
PixelOrder = Callable[[Tensor, int], Tensor]


def standard(attribution: Tensor, step: int) -> Tensor:
    """Order pixels by their attribution summed over channels, highest first (Petsiuk et al. 2018).

    Args:
        attribution: shape (N, C, H, W), any range; ties keep the order of the pixels.
        step: number of pixels per step.

    Returns: the step of each pixel, from 0, shape (N, 1, H, W).
    """
    return ranks(attribution.sum(1, keepdim=True).flatten(2)).view_as(attribution[:, :1]) // step


def variant_u(attribution: Tensor, step: int) -> Tensor:
    """Rank each channel separately; a pixel takes its best rank, as in the code of AttEXplore.

    A step changes up to `step` pixels per channel. Returns the step of each pixel, from 0, shape
    (N, 1, H, W). Raises ValueError unless there are three channels.
    """
    check_channels(attribution)
    first = ranks(attribution.flatten(2)).amin(1, keepdim=True)
    return first.view_as(attribution[:, :1]) // step


def variant_f(attribution: Tensor, step: int) -> Tensor:
    """Rank the values of all channels together, as in the code of LA.

    A step changes 3 * `step` values, so that a pixel's channels may change at different steps.
    Returns the step of each value, from 0, shape (N, 3, H, W). Raises ValueError unless there are
    three channels.
    """
    check_channels(attribution)
    return ranks(attribution.flatten(1)).view_as(attribution) // (3 * step)


def check_channels(attribution: Tensor) -> None:
    """Raise ValueError unless there are three channels, which the step size assumes."""
    if attribution.shape[1] != 3:
        raise ValueError(
            f"the order ranks three channels and the attribution has {attribution.shape[1]}; use "
            "`metrics.pixel_orders.standard`, or an interpreter with three channels, such as "
            "`interpreters.Captum`"
        )


def ranks(values: Tensor) -> Tensor:
    """Return the rank of each value in its row, 0 for the highest; ties keep their order."""
    order = values.argsort(dim=-1, descending=True, stable=True)
    positions = torch.arange(values.shape[-1], device=values.device).expand_as(order)
    return torch.empty_like(order).scatter_(-1, order, positions)
