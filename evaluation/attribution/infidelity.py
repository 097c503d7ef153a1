"""Infidelity: drops that an attribution predicts, against the network's real drops."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from attacks.balls import uniform
from binary import two_logits
from evaluation.attribution.maps import largest_of
from evaluation.attribution.measure import Explained, Judge, Measure
from interpreters import Interpreter
from metrics.quotient import quotient
from seeds import generators


@dataclass(frozen=True)
class Infidelity(Measure):
    """Normalised squared error between predicted and real drops of the logit.

    When a square is removed, the attribution predicts a drop by its sum over the square. The
    squared error (Yeh et al. 2019) with the best scale from 0, as heatmaps have no unit, is
    divided by the mean square drop: 0 is perfect, 1 is no better than a constant. Contributions
    can be measured so, plain gradients are no contributions.

    Args:
        squares: Number of squares for each image, of random size and position.
        largest: The largest side, as a share of the image's.
        seed: Of the squares, with the image's index.
    """

    better: ClassVar[str] = "lower"
    squares: int = 50
    largest: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.squares < 2:
            raise ValueError(f"`squares` must be at least 2, got {self.squares}")
        if not 0 < self.largest < 1:
            raise ValueError(f"`largest` must be a share in (0, 1), got {self.largest}")

    @torch.no_grad()
    def judge(self, batch: Explained) -> Judge:
        """Return the measure, from the drops of all logits when each square is removed."""
        rows, columns = self.sides(batch.images, batch.indices)
        logits = batch.logits
        every = torch.arange(len(batch.images), device=batch.images.device)
        drops = torch.stack(
            [
                logits - two_logits(batch.network(batch.without(every, row & column)))
                for row, column in zip(rows.split(1, 1), columns.split(1, 1), strict=True)
            ],
            1,
        )

        def infidelity(interpreter: Interpreter, attribution: Tensor) -> Tensor:
            explained = interpreter.explained(logits, batch.labels)[:, None, :1]
            drop = drops.gather(2, explained.expand(-1, self.squares, -1))[..., 0]
            # squares of small attributions would vanish
            values = (attribution / largest_of(attribution)).sum(1)
            inside = (mask.flatten(2).to(values) for mask in (rows, columns))
            predicted = torch.einsum("nhw,nsh,nsw->ns", values, *inside)
            scale = quotient((predicted * drop).sum(1), predicted.square().sum(1)).clamp_min(0)
            missed = (scale[:, None] * predicted - drop).square().sum(1)
            return quotient(missed, drop.square().sum(1))

        return infidelity

    def sides(self, images: Tensor, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rows, (N, S, H, 1), and columns, (N, S, 1, W), that each square covers."""
        # half precision could round a random number up to 1
        like = images.new_empty((len(images), self.squares, 3), dtype=torch.float)
        side, top, left = uniform(like, generators(indices, self.seed)).split(1, 2)
        height, width = images.shape[2:]
        side = 1 + (side * int(self.largest * min(height, width))).floor()
        rows, columns = (
            within((start * (length - side + 1)).floor(), side, length)
            for start, length in ((top, height), (left, width))
        )
        return rows[..., None], columns[..., None, :]


def within(first: Tensor, count: Tensor, length: int) -> Tensor:
    """Return True for `count` positions from `first` on, (..., 1) each, as (..., length)."""
    positions = torch.arange(length, device=first.device)
    return (positions >= first) & (positions < first + count)
