"""A table of values per image, filled by any number of processes."""

import torch
from torch import Tensor
from torchmetrics import Metric


class PerImage(Metric):
    """One row for each image and one column for each quantity; each process fills its own rows.

    The rows are zero until they are filled and each is filled once, so that the sum over
    processes is the table of a single process.

    Args:
        images: Number of rows.
        columns: Names of the columns.
    """

    full_state_update = False
    values: Tensor
    filled: Tensor

    def __init__(self, images: int, columns: tuple[str, ...]) -> None:
        super().__init__()
        self.columns = columns
        zeros = torch.zeros(images, len(columns), dtype=torch.float64)
        self.add_state("values", zeros, dist_reduce_fx="sum")
        self.add_state("filled", torch.zeros(images, dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, indices: Tensor, row: dict[str, Tensor]) -> None:
        """Fill rows `indices`, shape (N,), with a value of shape (N,) for every column."""
        columns = [row[column].to(self.values) for column in self.columns]
        self.values[indices] = torch.stack(columns, 1)
        self.filled.index_add_(0, indices, torch.ones_like(indices))

    def compute(self) -> Tensor:
        """The filled rows, each with its number first, float64, shape (rows, 1 + columns)."""
        if (self.filled > 1).any():
            raise ValueError(f"{int((self.filled > 1).sum())} images were evaluated more than once")
        index = self.filled.nonzero()
        return torch.cat([index.to(self.values), self.values[index[:, 0]]], dim=1)

    def table(self) -> dict[str, Tensor]:
        """Each column of the filled rows by name, on the CPU, and `index`, the rows' numbers."""
        index, *columns = self.compute().cpu().unbind(1)
        return {"index": index.long(), **dict(zip(self.columns, columns, strict=True))}
