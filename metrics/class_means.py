"""Means per class, exact over any number of processes."""

import torch
from torch import Tensor
from torchmetrics import Metric

from labels import one_label_each
from metrics.intervals import mean_interval


class ClassMeans(Metric):
    """Means of values over the images of each class, in float64; NaN is left out.

    Args:
        classes: Number of classes.
        values: Number of values per image.

    Example:
        >>> metric = ClassMeans(classes=2)
        >>> metric.update(torch.tensor([[1.0], [3.0], [5.0]]), torch.tensor([0, 0, 1]))
        >>> metric.compute()[0].flatten()
        tensor([2., 5.], dtype=torch.float64)
    """

    full_state_update = False
    total: Tensor
    squares: Tensor
    images: Tensor

    def __init__(self, classes: int, values: int = 1) -> None:
        super().__init__()
        for name in ("total", "squares", "images"):
            zeros = torch.zeros(classes, values, dtype=torch.float64)
            self.add_state(name, zeros, dist_reduce_fx="sum")

    def update(self, values: Tensor, labels: Tensor) -> None:
        """Add a batch of values (N, V) and labels (N,)."""
        labels = one_label_each(labels, len(values), len(self.images))
        values = values.to(self.total)
        self.images.index_add_(0, labels, values.isnan().logical_not().to(self.images))
        values = values.nan_to_num(0.0, torch.inf, -torch.inf)
        self.total.index_add_(0, labels, values)
        self.squares.index_add_(0, labels, values.square())

    def compute(self) -> Tensor:
        """Return mean, half width of its 95 % interval and image count, (3, classes, values).

        The mean of a class without images is NaN.
        """
        return mean_interval(self.total, self.squares, self.images)
