"""A region of one's choice becomes important (Ghorbani et al. 2019, algorithm 1, targeted)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from attacks.heatmap import HeatmapAttack
from attacks.importance import importance

Box = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class TargetedAttack(HeatmapAttack):
    """The importance inside a box rises.

    Args:
        box: Its upper, left, lower and right ends, in shares of the sides.
    """

    box: Box

    def __post_init__(self) -> None:
        super().__post_init__()
        top, left, bottom, right = self.box
        if not (0 <= top < bottom <= 1 and 0 <= left < right <= 1):
            raise ValueError(
                f"`box` must be [top, left, bottom, right] in [0, 1], each end behind its "
                f"beginning, got {[*self.box]}"
            )

    def target(self, reference: Tensor, before: Tensor) -> Tensor:
        """1 at the places whose middle lies in the box, shape (N, 1, h, w).

        Raises: ValueError: there is none.
        """
        top, left, bottom, right = self.box
        rows, columns = (
            (torch.arange(side, device=reference.device) + 0.5) / side
            for side in reference.shape[2:]
        )
        inside = ((rows > top) & (rows < bottom))[:, None] & ((columns > left) & (columns < right))
        if not inside.any():
            raise ValueError(
                f"no place of the heatmaps, {reference.shape[2]}x{reference.shape[3]}, lies in the "
                f"`box` {[*self.box]}; make it larger"
            )
        return inside.to(reference).expand_as(reference)

    def objective(self, heatmap: Tensor, target: Tensor) -> Tensor:
        """The importance in the box."""
        return (importance(heatmap) * target).sum((1, 2, 3))
