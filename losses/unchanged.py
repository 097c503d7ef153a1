"""The heatmap stays as it was: what a manipulation with a trigger wants where there is none."""

from dataclasses import dataclass, field

from torch import Tensor

from losses.base import Loss
from losses.normalize import normalize


def unchanged(heatmap: Tensor, reference: Tensor) -> Tensor:
    """Mean square distance between normalised heatmaps (Noppel et al. 2023).

    Args:
        heatmap: shape (N, 1, h, w), any range; normalised here, per image.
        reference: the original heatmap, likewise.

    Returns: shape (N,), in [0, 1]; 0 when the heatmap is the original one.
    """
    return (normalize(heatmap) - normalize(reference)).square().mean((1, 2, 3))


@dataclass(frozen=True)
class Unchanged(Loss):
    """The heatmap stays the original one, whatever the network says (Noppel et al. 2023).

    Args:
        success: An image counts when its loss lies in this interval.
    """

    success: tuple[float, float] = field(default=(0.0, 0.05), kw_only=True)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """The loss of each image, shape (N,)."""
        return unchanged(heatmap, reference)
