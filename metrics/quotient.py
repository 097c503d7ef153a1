"""A quotient that is 0 where there is nothing to divide."""

import torch
from torch import Tensor


def quotient(numerator: Tensor, denominator: Tensor) -> Tensor:
    """Return numerator / denominator; 0 where both are 0.

    Example:
        >>> quotient(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 2.0]))
        tensor([0.0000, 0.5000])
    """
    nothing = (numerator == 0) & (denominator == 0)
    return torch.where(nothing, 0, numerator / denominator)
