"""The random baseline (Ghorbani et al. 2019, section 3)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attacks.balls import Generators, normal
from attacks.base import Attack
from labels import one_label_each
from networks import check_evaluating, class_logits


@dataclass(frozen=True, kw_only=True)
class RandomSign(Attack):
    """Random perturbation of norm epsilon: random signs for L-infinity (Ghorbani et al. 2019).

    An image whose label would change is returned unchanged.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> RandomSign(epsilon="8/255")(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    @torch.no_grad()
    def __call__(
        self, network: nn.Module, images: Tensor, labels: Tensor, generators: Generators = None
    ) -> Tensor:
        """Return perturbed images, shape (N, 3, H, W)."""
        check_evaluating(network)
        direction = self.ball.steepest(normal(images, generators))
        changed = (images + self.radius * direction).clamp(0, 1)
        logits = class_logits(network(changed))
        same = logits.argmax(1) == one_label_each(labels, *logits.shape)
        return torch.where(same[:, None, None, None], changed, images)
