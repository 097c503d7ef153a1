"""Measures that choose the best step of an attack, other than its own objective."""

from dataclasses import dataclass

from torch import Tensor

from attacks import center_of, importance
from attacks.heatmap import Selection
from attacks.top_k import check_k
from losses import spearman
from metrics import top_k_intersection


@dataclass(frozen=True)
class TopKIntersection(Selection):
    """Fewest of the highest positions kept (Ghorbani et al. 2019, section 2).

    Args:
        k: How many positions count as the highest, or as a number below 1 which share of all.
    """

    k: int | float = 0.02

    def __post_init__(self) -> None:
        check_k(self.k)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the share of the highest positions that is kept, negative, shape (N,)."""
        return -top_k_intersection(importance(heatmap), importance(reference), self.k)


@dataclass(frozen=True)
class RankCorrelation(Selection):
    """Lowest rank correlation of the importance (Ghorbani et al. 2019, section 2)."""

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return Spearman's correlation of the importance, negative, shape (N,)."""
        return -spearman(importance(heatmap), importance(reference))


@dataclass(frozen=True)
class CenterDistance(Selection):
    """Longest shift of the importance's centre of mass (Ghorbani et al. 2019, section 2).

    Args:
        truncated: Round both centres down to whole positions first, as the published code does.
    """

    truncated: bool = False

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the distance of the centres, in positions, shape (N,)."""
        centers = [center_of(each) for each in (heatmap, reference)]
        if self.truncated:
            centers = [center.trunc() for center in centers]
        return (centers[0] - centers[1]).norm(dim=1)
