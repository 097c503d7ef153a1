"""Change of a heatmap, a prediction and an image by an attack (Ghorbani et al. 2019)."""

import torch
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from attacks import center_of, importance
from interpreters import Explanation
from losses import spearman
from losses.finite import precise
from metrics import correct, top_k_intersection

# and which end an attack is after
MEASURES = {
    "top_k_intersection": "lower",
    "rank_correlation": "lower",
    "center_distance": "higher",
    "center_distance_share": "higher",
    "label_unchanged": "higher",
    "confidence_change": "none",
    "image_similarity": "higher",
    "largest_change": "lower",
    "change_length": "lower",
}


def movement(
    before: Explanation, after: Explanation, images: Tensor, attacked: Tensor, k: float
) -> Tensor:
    """Return every measure of each image, shape (N, measures), in the order of MEASURES.

    Args:
        before: logits (N, K) and heatmaps (N, 1, h, w) of the images.
        after: those of the attacked images.
        images: shape (N, 3, H, W), in [0, 1].
        attacked: likewise.
        k: how many positions count as the highest, or as a number below 1 which share of all.
    """
    later, earlier = precise(after.heatmap), precise(before.heatmap)
    maps = (importance(later), importance(earlier))
    shift = center_of(later) - center_of(earlier)
    sides = torch.tensor(before.heatmap.shape[2:]).to(shift)
    similarity = structural_similarity_index_measure(
        attacked, images, data_range=1.0, reduction="none"
    )
    change = 255 * (attacked - images).flatten(1)
    columns = [
        top_k_intersection(*maps, k),
        spearman(*maps),
        shift.norm(dim=1),
        (shift / sides).norm(dim=1),
        correct(after.logits, before.logits.argmax(1), 1),
        confidence(after.logits) - confidence(before.logits),
        similarity,
        change.abs().amax(1),
        change.norm(dim=1),
    ]
    return torch.stack([column.to(precise(images)) for column in columns], 1)


def confidence(logits: Tensor) -> Tensor:
    """Return the probability of the prediction, shape (N,)."""
    return logits.softmax(1).amax(1)
