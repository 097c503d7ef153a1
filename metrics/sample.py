"""Random sample of a split's images, with values of each image."""

import torch
from torch import Tensor
from torchmetrics import Metric


class Sample(Metric):
    """Random sample of a split's images, with values of each, the same in every run.

    Args:
        images: Number of images in the split.
        columns: Number of values per image.
        count: Number of images in the sample.

    Example:
        >>> metric = Sample(images=4, columns=1, count=2)
        >>> metric.update(torch.arange(4), torch.rand(4, 1))
        >>> metric.compute().shape
        torch.Size([2, 2])
    """

    full_state_update = False
    positions: Tensor
    rows: Tensor

    def __init__(self, images: int, columns: int, count: int = 3) -> None:
        super().__init__()
        order = torch.randperm(images, generator=torch.Generator().manual_seed(0))
        self.register_buffer("positions", order.argsort(), persistent=False)
        # each row holds the image's position in the random order and its values
        none = torch.full((count, 1 + columns), torch.inf, dtype=torch.float32)
        self.add_state("rows", none, dist_reduce_fx=self._first)

    def update(self, indices: Tensor, values: Tensor) -> None:
        """Add a batch: indices (N,), and values (N, columns)."""
        # not in the precision of the values, because half precision would merge positions
        rows = torch.cat([self.positions[indices, None].to(self.rows), values.to(self.rows)], 1)
        self.rows = self._first(torch.cat([self.rows, rows]))

    def compute(self) -> Tensor:
        """Return at most `count` rows, an image's index and its values, shape (n, 1 + columns)."""
        rows = self.rows[self.rows[:, 0].isfinite()]
        indices = self.positions.argsort()[rows[:, 0].long()]
        return torch.cat([indices[:, None].to(rows), rows[:, 1:]], 1)

    def _first(self, rows: Tensor) -> Tensor:
        rows = rows.flatten(0, -2)
        return rows[rows[:, 0].argsort()[: len(self.rows)]]
