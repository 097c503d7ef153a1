"""A mean for each point of a curve, over any number of processes."""

import torch
from torch import Tensor
from torchmetrics import Metric

from metrics.intervals import mean_interval


class MeanCurve(Metric):
    """The mean of one curve for each image, point by point, in float64.

    Args:
        points: Number of points of each curve.
    """

    full_state_update = False
    total: Tensor
    squares: Tensor
    images: Tensor

    def __init__(self, points: int = 1) -> None:
        super().__init__()
        for name in ("total", "squares"):
            zeros = torch.zeros(points, dtype=torch.float64)
            self.add_state(name, zeros, dist_reduce_fx="sum")
        self.add_state("images", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, curves: Tensor) -> None:
        """Add the curves of a batch, shape (N, points)."""
        values = curves.to(self.total)
        self.total += values.sum(0)
        self.squares += values.square().sum(0)
        self.images += len(values)

    def compute(self) -> Tensor:
        """Mean and half the width of its 95 % interval, and the images, shape (3, points)."""
        return mean_interval(self.total, self.squares, self.images.expand_as(self.total))
