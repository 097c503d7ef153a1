"""In which order insertion and deletion change an image's values, by its attribution."""

from collections.abc import Callable

import torch
from torch import Tensor

# from attributions (N, C, H, W) and the pixels in a step to the step of each value, counted from 0,
# shape (N, 1 or 3, H, W)
PixelOrder = Callable[[Tensor, int], Tensor]


def standard(attribution: Tensor, step: int) -> Tensor:
    """Pixels by the sum over channels, from the highest (Petsiuk et al. 2018, section 3.2).

    Args:
        attribution: shape (N, C, H, W), any range; of equal pixels the first one comes first.
        step: how many pixels change at once.
    """
    return ranks(attribution.sum(1, keepdim=True).flatten(2)).view_as(attribution[:, :1]) // step


def variant_u(attribution: Tensor, step: int) -> Tensor:
    """A pixel changes with the first of its channels, each ranked apart, as AttEXplore's code does.

    A step changes up to `step` pixels for each channel. Raises ValueError for one channel.
    """
    check_channels(attribution)
    first = ranks(attribution.flatten(2)).amin(1, keepdim=True)
    return first.view_as(attribution[:, :1]) // step


def variant_f(attribution: Tensor, step: int) -> Tensor:
    """Values of all channels in one order, as the code of LA has it; pixels change in part.

    A step changes 3 * `step` values. Raises ValueError for one channel.
    """
    check_channels(attribution)
    return ranks(attribution.flatten(1)).view_as(attribution) // (3 * step)


def check_channels(attribution: Tensor) -> None:
    """Refuse one channel, of which a step would change fewer pixels than of three."""
    if attribution.shape[1] != 3:
        raise ValueError(
            f"the order ranks three channels and the attribution has {attribution.shape[1]}; take "
            "`metrics.pixel_orders.standard`, or captum's class in the interpreter's place"
        )


def ranks(values: Tensor) -> Tensor:
    """The place of each value in its row, the highest at 0, of equal ones the first before."""
    order = values.argsort(dim=-1, descending=True, stable=True)
    places = torch.arange(values.shape[-1], device=values.device).expand_as(order)
    return torch.empty_like(order).scatter_(-1, order, places)
