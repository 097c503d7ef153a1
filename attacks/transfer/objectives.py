"""Objectives of transferable attacks, which rise as the label becomes less likely."""

import torch.nn.functional as F
from torch import Tensor

from networks.goals import probability


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy of each image's label, shape (N,), given logits (N, K).

    Example:
        >>> import torch
        >>> cross_entropy(torch.zeros(1, 2), torch.tensor([0]))
        tensor([0.6931])
    """
    return F.cross_entropy(logits, labels, reduction="none")


def lost_probability(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the negative probability of each image's label, shape (N,).

    Example:
        >>> import torch
        >>> lost_probability(torch.zeros(1, 2), torch.tensor([0]))
        tensor([-0.5000])
    """
    return -probability(logits, labels)


def lost_logit(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the negative logit of each image's label, shape (N,).

    Example:
        >>> import torch
        >>> lost_logit(torch.tensor([[3.0, 1.0]]), torch.tensor([0]))
        tensor([-3.])
    """
    return -logits.gather(1, labels[:, None])[:, 0]


def cross_entropy_of_softmax(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy of softmax applied twice, as in AttEXplore's code, shape (N,).

    Its gradient is much smaller, and almost 0 for confident predictions.

    Example:
        >>> import torch
        >>> cross_entropy_of_softmax(torch.zeros(1, 2), torch.tensor([0]))
        tensor([0.6931])
    """
    return cross_entropy(logits.softmax(1).softmax(1), labels)
