"""Top-k accuracy of each image."""

import torch
from torch import Tensor

from binary import two_logits
from labels import one_label_each


def correct(logits: Tensor, labels: Tensor, k: int = 1) -> Tensor:
    """Return True for each image whose label is among the k largest logits.

    Args:
        logits: shape (N, K).
        labels: shape (N,).
        k: number of predicted classes, at least 1; above K it counts as K.

    Returns: booleans, shape (N,); False if a logit is NaN. Of equal logits the first is larger.
    Raises: TypeError, ValueError: the labels fit neither images nor classes.

    Example:
        >>> correct(torch.tensor([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]]), torch.tensor([2, 2]), k=2)
        tensor([ True, False])
    """
    logits = two_logits(logits)
    labels = one_label_each(labels, *logits.shape)[:, None]
    own = logits.gather(1, labels)
    before = torch.arange(logits.shape[1], device=logits.device) < labels
    ahead = (logits > own) | ((logits == own) & before)
    return (ahead.sum(1) < k) & ~logits.isnan().any(1)
