"""Change of influences, a prediction and an image by an attack (Ghorbani et al. 2019)."""

import torch
from torch import Tensor

from losses import spearman
from metrics import top_k_intersection

# and which end an attack is after
MEASURES = {
    "top_k_intersection": "lower",
    "rank_correlation": "lower",
    "label_unchanged": "higher",
    "largest_change": "lower",
}


def movement(
    before: Tensor, after: Tensor, unchanged: Tensor, images: Tensor, attacked: Tensor, k: int
) -> Tensor:
    """Return every measure of each image, shape (N, measures), in the order of MEASURES.

    Args:
        before: influences on the predictions of the images, shape (N, training images).
        after: influences on the same predictions of the attacked images.
        unchanged: True where the attacked image has the same prediction, shape (N,).
        images: shape (N, 3, H, W), in [0, 1].
        attacked: likewise.
        k: how many of the most influential count as the highest.
    """
    rows = (after[:, None, None], before[:, None, None])
    change = 255 * (attacked - images).abs().amax((1, 2, 3))
    columns = [top_k_intersection(*rows, k), spearman(*rows), unchanged, change]
    return torch.stack([column.to(before) for column in columns], 1)
