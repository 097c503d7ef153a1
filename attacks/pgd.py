"""Projected gradient ascent on the loss of a prediction (Madry et al. 2018)."""

from dataclasses import dataclass
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from attacks.label_goal import label_goal
from attacks.prediction import PredictionAttack
from networks import class_logits
from networks.goals import Goal


@dataclass(frozen=True, kw_only=True)
class PGD(PredictionAttack):
    """Projected gradient ascent on the label's cross-entropy (Madry et al. 2018, section 2.1).

    One step of size epsilon without a random start is FGSM (Goodfellow et al. 2015).

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> PGD(steps=2)(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    def goal(self, network: nn.Module, images: Tensor, labels: Tensor) -> Goal:
        """Return the function from images to the cross-entropy of each, shape (N,)."""
        return label_goal(network, images, labels, partial(F.cross_entropy, reduction="none"))


@dataclass(frozen=True, kw_only=True)
class Divergence(PredictionAttack):
    """Attack that raises the divergence from the original prediction (Zhang et al. 2019, eq. 5).

    It needs a random start: the gradient of the divergence is 0 at the original image.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> Divergence(steps=2)(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.random_start:
            raise ValueError("`random_start` must be true: at the image itself the gradient is 0")

    def goal(self, network: nn.Module, images: Tensor, labels: Tensor) -> Goal:
        """Return the function from images to their divergence, shape (N,)."""
        before = class_logits(network(images)).log_softmax(1)
        return lambda changed: divergence(class_logits(network(changed)), before)


def divergence(logits: Tensor, before: Tensor) -> Tensor:
    """Return KL(before || logits), shape (N,), of logits and log-probabilities, both (N, K).

    Example:
        >>> import torch
        >>> divergence(torch.zeros(1, 2), torch.zeros(1, 2).log_softmax(1))
        tensor([0.])
    """
    return F.kl_div(logits.log_softmax(1), before, reduction="none", log_target=True).sum(1)
