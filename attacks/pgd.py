"""Projected gradient descent against the prediction (Madry et al. 2018)."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from attacks.prediction import PredictionAttack
from networks.goals import Goal


@dataclass(frozen=True, kw_only=True)
class PGD(PredictionAttack):
    """The cross-entropy of the label rises (Madry et al. 2018, eq. 2.1 and section 2.1).

    One step of the ball's radius without a random start is FGSM (Goodfellow et al. 2015).
    """

    def goal(self, network: nn.Module, images: Tensor, labels: Tensor) -> Goal:
        """The cross-entropy of each image."""
        return lambda changed: F.cross_entropy(network(changed), labels, reduction="none")


@dataclass(frozen=True, kw_only=True)
class Divergence(PredictionAttack):
    """The prediction moves away from what it was, whatever the label (Zhang et al. 2019, eq. 5).

    Without a random start there is no way up: the divergence has its minimum at the image.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.random_start:
            raise ValueError("`random_start` must be true: at the image itself the gradient is 0")

    def goal(self, network: nn.Module, images: Tensor, labels: Tensor) -> Goal:
        """The Kullback-Leibler divergence of each image from its prediction before."""
        before = network(images).log_softmax(1)
        return lambda changed: divergence(network(changed), before)


def divergence(logits: Tensor, before: Tensor) -> Tensor:
    """KL(before || logits), shape (N,), from logits and log-probabilities, both (N, K)."""
    return F.kl_div(logits.log_softmax(1), before, reduction="none", log_target=True).sum(1)
