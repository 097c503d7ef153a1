"""Selection of images to show: best, median, worst and random ones."""

import torch
from torch import Tensor
from torchmetrics import Metric

SAMPLE, SHOWN = 101, 3


class Examples(Metric):
    """Images with the lowest, median and highest value, and random ones, three of each.

    Images whose value is NaN are among the random ones alone. The median is that of a random sample
    of at most 101 images, so that memory does not grow with the number of images.

    Args:
        images: Number of images in the split.
        columns: Number of further values to keep for each image.

    Example:
        >>> metric = Examples(images=5, columns=0)
        >>> metric.update(torch.arange(5), torch.tensor([4.0, 0, 1, 2, 3]), torch.zeros(5, 0))
        >>> metric.compute()["best"][:, 1]
        tensor([1., 2., 3.], dtype=torch.float64)
    """

    full_state_update = False
    lowest: Tensor
    highest: Tensor
    sample: Tensor
    seen: Tensor
    chosen: Tensor

    def __init__(self, images: int, columns: int) -> None:
        super().__init__()
        random = torch.randperm(images, generator=torch.Generator().manual_seed(0))
        # clone, because a slice would keep the memory of the whole permutation
        self.register_buffer("chosen", random[:SAMPLE].clone(), persistent=False)
        # each row holds the value, the image's index and the further values
        none = torch.full((SHOWN, 2 + columns), torch.nan, dtype=torch.float64)
        rows = torch.zeros(len(self.chosen), 2 + columns, dtype=torch.float64)
        self.add_state("lowest", none, dist_reduce_fx=self._lowest)
        self.add_state("highest", none.clone(), dist_reduce_fx=self._highest)
        self.add_state("sample", rows, dist_reduce_fx="sum")
        seen = torch.zeros(len(self.chosen), dtype=torch.int64)
        self.add_state("seen", seen, dist_reduce_fx="sum")

    def update(self, indices: Tensor, values: Tensor, shown: Tensor) -> None:
        """Add a batch: indices (N,), values to rank by (N,) and further values (N, columns)."""
        rows = torch.cat([torch.stack([values, indices.to(values)], 1), shown], 1).to(self.sample)
        self.lowest = self._lowest(torch.cat([self.lowest, rows]))
        self.highest = self._highest(torch.cat([self.highest, rows]))
        slot, row = (self.chosen[:, None] == indices).nonzero().unbind(1)
        self.sample[slot] = rows[row]
        self.seen.index_add_(0, slot, torch.ones_like(slot))

    def compute(self) -> dict[str, Tensor]:
        """Return at most three rows (value, index, further values) for each kind of example.

        The kinds are "best" (the lowest values), "median", "worst" (the highest) and "random".

        Raises: ValueError: an image of the sample was added more than once.
        """
        if (self.seen > 1).any():
            raise ValueError(
                f"{int((self.seen > 1).sum())} images were evaluated more than once, expected once "
                "each; call reset() before another evaluation"
            )
        sample = self.sample[self.seen > 0]
        ranked = sorted_by_value(filled(sample))
        middle = len(ranked) // 2
        return {
            "best": filled(self.lowest),
            "median": ranked[middle : middle + SHOWN],
            "worst": filled(self.highest).flip(0),
            "random": sample[:SHOWN],
        }

    def _lowest(self, rows: Tensor) -> Tensor:
        return sorted_by_value(rows)[:SHOWN]

    def _highest(self, rows: Tensor) -> Tensor:
        return sorted_by_value(rows, descending=True)[:SHOWN]


def filled(rows: Tensor) -> Tensor:
    """Return the rows that hold an image with a value; empty rows have the index NaN."""
    return rows[~rows[:, :2].isnan().any(1)]


def sorted_by_value(rows: Tensor, descending: bool = False) -> Tensor:
    """Return rows (..., C) sorted by value, ties by index, with NaN last, as shape (rows, C)."""
    rows = rows.flatten(0, -2)
    rows = rows[rows[:, 1].argsort(stable=True)]
    values = -rows[:, 0] if descending else rows[:, 0]
    return rows[values.argsort(stable=True)]
