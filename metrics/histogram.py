"""How values are spread, over any number of processes."""

import torch
from torch import Tensor
from torchmetrics import Metric


class Histogram(Metric):
    """Counts in bins of equal width; what lies beyond an end is in the last bin, NaN in none.

    Args:
        low: Where the first bin begins.
        high: Where the last bin ends.
        bins: How many bins there are.
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
        """Count the values of a batch, shape (N,)."""
        values = values[~values.isnan()].double()
        share = ((values - self.low) / (self.high - self.low)).clamp(0, 1)
        bins = (share * len(self.counts)).long().clamp(max=len(self.counts) - 1)
        self.counts.index_add_(0, bins, torch.ones_like(bins))

    def compute(self) -> Tensor:
        """The count of each bin, shape (bins,)."""
        return self.counts
