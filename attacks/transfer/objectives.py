"""Objectives of transferable attacks, which rise as the label becomes less likely."""

import torch.nn.functional as F
from torch import Tensor

from networks.goals import probability


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy of each image's label, shape (N,), given logits (N, K)."""
    return F.cross_entropy(logits, labels, reduction="none")


def lost_probability(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the negative probability of each image's label, shape (N,)."""
    return -probability(logits, labels)


def lost_logit(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the negative logit of each image's label, shape (N,)."""
    return -logits.gather(1, labels[:, None])[:, 0]


def cross_entropy_of_softmax(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy of softmax applied twice, as in AttEXplore's code, shape (N,).

    Its gradient is much smaller, and almost 0 for confident predictions.
    """
    return cross_entropy(logits.softmax(1).softmax(1), labels)
