"""A few images of a split at random, with what was found of them."""

import torch
from torch import Tensor
from torchmetrics import Metric


class Sample(Metric):
    """The images that come first in a random order of the split, and some values of each.

    Args:
        images: Number of images in the split.
        columns: How many values of each image are kept.
        count: How many images are kept.
    """

    full_state_update = False
    places: Tensor
    rows: Tensor

    def __init__(self, images: int, columns: int, count: int = 3) -> None:
        super().__init__()
        order = torch.randperm(images, generator=torch.Generator().manual_seed(0))
        self.register_buffer("places", order.argsort(), persistent=False)
        # a row is the image's place in the order, and its values
        none = torch.full((count, 1 + columns), torch.inf, dtype=torch.float32)
        self.add_state("rows", none, dist_reduce_fx=self._first)

    def update(self, indices: Tensor, values: Tensor) -> None:
        """Add a batch: indices (N,), and values (N, columns)."""
        # not in the precision of the values, as half precision does not tell places apart
        rows = torch.cat([self.places[indices, None].to(self.rows), values.to(self.rows)], 1)
        self.rows = self._first(torch.cat([self.rows, rows]))

    def compute(self) -> Tensor:
        """At most `count` rows, shape (n, 1 + columns): an image's index, and its values."""
        rows = self.rows[self.rows[:, 0].isfinite()]
        indices = self.places.argsort()[rows[:, 0].long()]
        return torch.cat([indices[:, None].to(rows), rows[:, 1:]], 1)

    def _first(self, rows: Tensor) -> Tensor:
        rows = rows.flatten(0, -2)
        return rows[rows[:, 0].argsort()[: len(self.rows)]]
