"""Any discrepancy between heatmaps as the objective of an attack."""

from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

from attacks.heatmap import HeatmapAttack


class Discrepancy(Protocol):
    """A loss of heatmaps, such as those of losses."""

    # of what returns a Tensor, a configuration would ask that it be the class of one
    def __call__(self, heatmap: Tensor, reference: Tensor) -> Any:
        """What is to fall, shape (N,), given heatmaps (N, 1, h, w)."""


@dataclass(frozen=True, kw_only=True)
class LossAttack(HeatmapAttack):
    """A loss of the heatmap falls, as in a fine-tuning run (Dombrowski et al. 2019, section 2).

    Args:
        loss: From heatmaps and references (N, 1, h, w) to a value for each image.
    """

    loss: Discrepancy

    def target(self, images: Tensor, reference: Tensor, before: Tensor) -> Tensor:
        """The network's own heatmaps."""
        return reference

    def objective(self, heatmap: Tensor, target: Tensor) -> Tensor:
        """The loss, negative."""
        values: Tensor = self.loss(heatmap, target)
        return -values
