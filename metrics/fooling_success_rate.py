"""Fooling success rate (Heo et al. 2019, eq. 8)."""

import torch
from torch import Tensor
from torchmetrics import Metric


def fooled(measure: Tensor, low: float, high: float) -> Tensor:
    """Return True for each success measure t, shape (N,), in the success interval [low, high].

    NaN gives False.

    Example:
        >>> fooled(torch.tensor([0.1, 0.3, torch.nan]), low=0.0, high=0.2)
        tensor([ True, False, False])
    """
    return (measure >= low) & (measure <= high)


class FoolingSuccessRate(Metric):
    """Share of images whose success measure lies in the success interval (Heo et al. 2019, eq. 8).

    Images without a measure (NaN) are left out.

    Args:
        low: Lower end of the success interval; by default the interval of `losses.Location`.
        high: Upper end of the success interval.

    Example:
        >>> metric = FoolingSuccessRate(low=0.0, high=0.2)
        >>> metric.update(torch.tensor([0.1, 0.3]))
        >>> metric.compute()
        tensor(0.5000, dtype=torch.float64)
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    successes: Tensor
    images: Tensor

    def __init__(self, low: float = 0.0, high: float = 0.2) -> None:
        super().__init__()
        if not low <= high:
            raise ValueError(f"`low` must not be above `high`, got {low} and {high}")
        self.low, self.high = low, high
        self.add_state("successes", torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("images", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, measure: Tensor) -> None:
        """Add the success measures of a batch, shape (N,)."""
        self.successes += fooled(measure, self.low, self.high).sum()
        self.images += measure.isnan().logical_not().sum()

    def compute(self) -> Tensor:
        """Return the fooling success rate, in [0, 1]; NaN without a measure."""
        return self.successes.double() / self.images
