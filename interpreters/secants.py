"""Slopes between a baseline and a value, told from rounding (DeepLIFT, Shrikumar et al. 2017)."""

import torch
from torch import Tensor


def secant(x: tuple[Tensor, Tensor], y: tuple[Tensor, Tensor], slope: Tensor) -> Tensor:
    """Return the slope of a function from its baseline to its value, or that at its value.

    The latter where rounding is most of what differs: whatever the units, the differences of x, or
    those of y and what the slope makes of them, are then the last digits.
    """
    run, rise = x[0] - x[1], y[0] - y[1]
    with torch.no_grad():
        flat = alike(run * slope, *y) & alike(rise, *y)
    return quotient(rise, run, slope, alike(run, *x) | flat)


@torch.no_grad()
def alike(difference: Tensor, value: Tensor, baseline: Tensor) -> Tensor:
    """Return where a difference is as small as the rounding of a value and its baseline."""
    eps = torch.finfo(difference.dtype).eps
    return difference.abs() <= 10 * eps * torch.maximum(value.abs(), baseline.abs())


def quotient(above: Tensor, below: Tensor, limit: Tensor, near: Tensor) -> Tensor:
    """Return above / below, and its limit where `below` is near 0."""
    return torch.where(near, limit, above / torch.where(near, 1.0, below))
