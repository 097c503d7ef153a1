"""Fooling success rate (Heo et al. 2019, eq. 8)."""

import torch
from torch import Tensor
from torchmetrics import Metric


def fooled(measure: Tensor, low: float, high: float) -> Tensor:
    """Whether each success measure t, shape (N,), lies in [low, high]; NaN does not."""
    return (measure >= low) & (measure <= high)


class FoolingSuccessRate(Metric):
    """Share of images whose success measure lies in [low, high] (Heo et al. 2019, eq. 8).

    Args:
        low: Lower end of the interval.
        high: Upper end of the interval.
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    successes: Tensor
    images: Tensor

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        if not low <= high:
            raise ValueError(f"`low` must not be above `high`, got {low} and {high}")
        self.low, self.high = low, high
        self.add_state("successes", torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("images", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, measure: Tensor) -> None:
        """Count the images of a batch by their success measure, shape (N,)."""
        self.successes += fooled(measure, self.low, self.high).sum()
        self.images += measure.numel()

    def compute(self) -> Tensor:
        """The rate, in [0, 1]."""
        return self.successes.double() / self.images
