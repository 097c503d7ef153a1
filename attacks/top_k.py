"""What was most important no longer is (Ghorbani et al. 2019, algorithm 1, top-k)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from attacks.heatmap import HeatmapAttack
from attacks.importance import importance


@dataclass(frozen=True, kw_only=True)
class TopKAttack(HeatmapAttack):
    """The importance of the places that were the most important falls.

    Args:
        k: How many places these are, or as a number below 1 which share of all.
    """

    k: int | float = 0.02

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (0 < self.k < 1 or (self.k >= 1 and self.k == int(self.k))):
            raise ValueError(f"`k` must be a number of places or a share in (0, 1), got {self.k}")

    def target(self, reference: Tensor, before: Tensor) -> Tensor:
        """1 at the k places of the reference with the largest values, of equal ones the first.

        Raises: ValueError: the heatmap has fewer places than k, or the share is less than one.
        """
        places = reference[0].numel()
        count = int(self.k) if self.k >= 1 else int(places * self.k + 1e-9)
        if not 1 <= count <= places:
            raise ValueError(
                f"`k` is {self.k}, which is {count} of the {places} places of the heatmaps; take "
                f"from 1 to {places}, or a larger share"
            )
        order = importance(reference).flatten(1).argsort(dim=1, descending=True, stable=True)
        mask = torch.zeros_like(reference).flatten(1).scatter_(1, order[:, :count], 1.0)
        return mask.view_as(reference)

    def objective(self, heatmap: Tensor, target: Tensor) -> Tensor:
        """The importance of these places, negative."""
        return -(importance(heatmap) * target).sum((1, 2, 3))
