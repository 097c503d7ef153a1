"""Distance to the original heatmap, for images that a manipulation shall not change."""

from dataclasses import dataclass, field

from torch import Tensor

from losses.base import Loss
from losses.normalize import normalize


def unchanged(heatmap: Tensor, reference: Tensor) -> Tensor:
    """Mean squared distance between normalised heatmaps (Noppel et al. 2023).

    Args:
        heatmap: shape (N, 1, h, w), any range; normalised here, per image.
        reference: the original heatmap, of the same shape.

    Returns: shape (N,), in [0, 1]; 0 if the normalised heatmaps are equal.

    Example:
        >>> import torch
        >>> unchanged(torch.eye(2)[None, None], torch.eye(2).flip(1)[None, None])
        tensor([1.])
    """
    return (normalize(heatmap) - normalize(reference)).square().mean((1, 2, 3))


@dataclass(frozen=True)
class Unchanged(Loss):
    """Keep the original heatmap, whatever class the network predicts (Noppel et al. 2023).

    Args:
        success: Success interval [low, high] of the loss.

    Example:
        >>> import torch
        >>> Unchanged()(torch.eye(2)[None, None], torch.eye(2)[None, None])
        tensor([0.])
    """

    success: tuple[float, float] = field(default=(0.0, 0.05), kw_only=True)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the loss of each image, shape (N,)."""
        return unchanged(heatmap, reference)
