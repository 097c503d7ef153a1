"""Mean of curves over images, exact over any number of processes."""

import torch
from torch import Tensor
from torchmetrics import Metric

from metrics.intervals import mean_interval


class MeanCurve(Metric):
    """Mean over images of a curve per image, point by point, in float64.

    NaN is left out, so that each point has its own number of images.

    Args:
        points: Number of points of each curve.

    Example:
        >>> metric = MeanCurve(points=2)
        >>> metric.update(torch.tensor([[0.0, 1.0], [2.0, 3.0]]))
        >>> metric.compute()[0]
        tensor([1., 2.], dtype=torch.float64)
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
        self.add_state("images", torch.zeros(points, dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, curves: Tensor) -> None:
        """Add the curves of a batch, shape (N, points)."""
        values = curves.to(self.total)
        self.images += values.isnan().logical_not().sum(0)
        values = values.nan_to_num(0.0, torch.inf, -torch.inf)
        self.total += values.sum(0)
        self.squares += values.square().sum(0)

    def compute(self) -> Tensor:
        """Return mean, half width of its 95 % interval and image count, shape (3, points)."""
        return mean_interval(self.total, self.squares, self.images)
