"""What transferable attacks raise: how wrong the network is about a label."""

import torch.nn.functional as F
from torch import Tensor

from networks.goals import probability


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The cross-entropy of each image's label, shape (N,), from logits (N, K)."""
    return F.cross_entropy(logits, labels, reduction="none")


def lost_probability(logits: Tensor, labels: Tensor) -> Tensor:
    """The label's probability, negative, shape (N,)."""
    return -probability(logits, labels)


def lost_logit(logits: Tensor, labels: Tensor) -> Tensor:
    """The label's logit, negative, shape (N,)."""
    return -logits.gather(1, labels[:, None])[:, 0]


def cross_entropy_of_softmax(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy with two softmaxes too many, as AttEXplore's code has it, shape (N,).

    Its gradient is much shorter, and almost 0 where the network is sure.
    """
    return cross_entropy(logits.softmax(1).softmax(1), labels)
