"""Infidelity: what attributions say of regions, against what the network does without them."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from attacks.balls import uniform
from evaluation.attribution_maps import largest_of
from evaluation.curvature import quotient
from evaluation.measure import Explained, Judge, Measure
from interpreters import Interpreter
from seeds import generators


@dataclass(frozen=True)
class Infidelity(Measure):
    """What an attribution's sums over squares leave unsaid of what the squares bring to the logit.

    Squares are filled, and the sum of the attribution in each should be the drop of the logit: its
    mean square error (Yeh et al. 2019) with the best scale from 0, as heatmaps have no unit, over
    the mean square drop. From 0 to 1, where nothing is said, or the contrary. What is judged are
    contributions, which gradients alone are not.

    Args:
        squares: How many of each image, of random size and place.
        largest: The largest side, as a share of the image's.
        seed: Of the squares, with the image.
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
        """The drops of all logits without each square, which any interpreter is judged by."""
        rows, columns = self.sides(batch.images, batch.indices)
        logits = batch.logits
        every = torch.arange(len(batch.images), device=batch.images.device)
        drops = torch.stack(
            [
                logits - batch.network(batch.without(every, row & column))
                for row, column in zip(rows.split(1, 1), columns.split(1, 1), strict=True)
            ],
            1,
        )

        def infidelity(interpreter: Interpreter, attribution: Tensor) -> Tensor:
            explained = interpreter.explained(logits, batch.labels)[:, None, :1]
            drop = drops.gather(2, explained.expand(-1, self.squares, -1))[..., 0]
            # whose squares would vanish where attributions are small
            values = (attribution / largest_of(attribution)).sum(1)
            inside = (mask.flatten(2).to(values) for mask in (rows, columns))
            said = torch.einsum("nhw,nsh,nsw->ns", values, *inside)
            scale = quotient((said * drop).sum(1), said.square().sum(1)).clamp_min(0)
            missed = (scale[:, None] * said - drop).square().sum(1)
            return quotient(missed, drop.square().sum(1))

        return infidelity

    def sides(self, images: Tensor, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Which rows, (N, S, H, 1), and columns, (N, S, 1, W), the squares of each image cover."""
        # half precision could round a draw up to 1
        like = images.new_empty((len(images), self.squares, 3), dtype=torch.float)
        side, top, left = uniform(like, generators(indices, self.seed)).split(1, 2)
        height, width = images.shape[2:]
        side = 1 + (side * int(self.largest * min(height, width))).floor()
        rows, columns = (
            within((place * (length - side + 1)).floor(), side, length)
            for place, length in ((top, height), (left, width))
        )
        return rows[..., None], columns[..., None, :]


def within(first: Tensor, count: Tensor, length: int) -> Tensor:
    """True for so many places from the first one on, (..., 1) each, as (..., length)."""
    places = torch.arange(length, device=first.device)
    return (places >= first) & (places < first + count)
