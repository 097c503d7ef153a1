"""Which images to show of many: the best, the worst, the middle and some at random."""

import torch
from torch import Tensor
from torchmetrics import Metric

SAMPLE, SHOWN = 101, 3


class Examples(Metric):
    """A few images by a value: the lowest, the highest, and the median of a random sample.

    However many images there are, only three of the lowest and of the highest are kept, and a
    sample of at most 101.

    Args:
        images: Number of images in the split.
        columns: How many further values of each image are kept, to be shown with it.
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
        # a slice alone would keep the numbers of all images
        self.register_buffer("chosen", random[:SAMPLE].clone(), persistent=False)
        # a row is the value, the image's index, and the further values
        none = torch.full((SHOWN, 2 + columns), torch.nan, dtype=torch.float64)
        rows = torch.zeros(len(self.chosen), 2 + columns, dtype=torch.float64)
        self.add_state("lowest", none, dist_reduce_fx=self._lowest)
        self.add_state("highest", none.clone(), dist_reduce_fx=self._highest)
        self.add_state("sample", rows, dist_reduce_fx="sum")
        seen = torch.zeros(len(self.chosen), dtype=torch.int64)
        self.add_state("seen", seen, dist_reduce_fx="sum")

    def update(self, indices: Tensor, values: Tensor, shown: Tensor) -> None:
        """Add a batch: indices (N,), the values that decide (N,), the values to show (N, C)."""
        rows = torch.cat([torch.stack([values, indices.to(values)], 1), shown], 1).to(self.sample)
        self.lowest = self._lowest(torch.cat([self.lowest, rows]))
        self.highest = self._highest(torch.cat([self.highest, rows]))
        place, row = (self.chosen[:, None] == indices).nonzero().unbind(1)
        self.sample[place] = rows[row]
        self.seen.index_add_(0, place, torch.ones_like(place))

    def compute(self) -> dict[str, Tensor]:
        """By kind, rows of value, index and further values, at most three each.

        Raises: ValueError: images of the sample were evaluated more than once.
        """
        if (self.seen > 1).any():
            raise ValueError(f"{int((self.seen > 1).sum())} images were evaluated more than once")
        sample = self.sample[self.seen > 0]
        ranked = ordered(sample)
        middle = len(ranked) // 2
        return {
            "best": known(self.lowest),
            "median": ranked[middle : middle + SHOWN],
            "worst": known(self.highest).flip(0),
            "random": sample[:SHOWN],
        }

    def _lowest(self, rows: Tensor) -> Tensor:
        return ordered(rows)[:SHOWN]

    def _highest(self, rows: Tensor) -> Tensor:
        return ordered(rows, descending=True)[:SHOWN]


def known(rows: Tensor) -> Tensor:
    """The rows that hold an image."""
    return rows[rows[:, 1].isfinite()]


def ordered(rows: Tensor, descending: bool = False) -> Tensor:
    """Rows (..., C) by their value, equal ones by their index, those without a value last."""
    rows = rows.flatten(0, -2)
    rows = rows[rows[:, 1].argsort(stable=True)]
    values = -rows[:, 0] if descending else rows[:, 0]
    return rows[values.argsort(stable=True)]
