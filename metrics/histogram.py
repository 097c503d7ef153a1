"""Histogram of values, exact over any number of processes."""

import torch
from torch import Tensor
from torchmetrics import Metric


class Histogram(Metric):
    """Counts of values in bins of equal width.

    Values outside [low, high] count in the first or last bin; NaN is not counted.

    Args:
        low: Lower end of the first bin.
        high: Upper end of the last bin.
        bins: Number of bins.

    Example:
        >>> metric = Histogram(low=0.0, high=1.0, bins=2)
        >>> metric.update(torch.tensor([0.2, 0.7, 3.0]))
        >>> metric.compute()
        tensor([1, 2])
    """

    full_state_update = False
    counts: Tensor

    def __init__(self, low: float, high: float, bins: int = 40) -> None:
        super().__init__()
        if not low < high:
            raise ValueError(f"`low` must be below `high`, got {low} and {high}")
        self.low, self.high = low, high
        self.add_state("counts", torch.zeros(bins, dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, values: Tensor) -> None:
        """Add the values of a batch, shape (N,)."""
        values = values[~values.isnan()].double()
        position = ((values - self.low) / (self.high - self.low)).clamp(0, 1)
        bins = (position * len(self.counts)).long().clamp(max=len(self.counts) - 1)
        self.counts.index_add_(0, bins, torch.ones_like(bins))

    def compute(self) -> Tensor:
        """Return the count of each bin, shape (bins,)."""
        return self.counts
