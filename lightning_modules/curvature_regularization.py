"""Training with a penalty on the logit's curvature in the image (Dombrowski et al. 2022)."""

from typing import Any

import torch
from torch import Tensor, nn

from attacks.balls import normal
from binary import two_logits
from interpreters.passes import one_hot
from interpreters.second_order import SecondOrder
from labels import one_label_each
from lightning_modules.classifier import Classifier
from lightning_modules.cross_entropy import cross_entropy
from lightning_modules.data import Batch
from seeds import generators


class CurvatureRegularization(Classifier):
    """Training by cross-entropy plus the squared norm of the Hessian (Dombrowski et al. 2022).

    A smaller Hessian in the image makes gradient heatmaps change less under small perturbations.

    Args:
        weight: Weight of the penalty.
        step: Step of the finite difference of gradients, in units of pixels in [0, 1].
        seed: Seed of its random directions, with the epoch and the image.
        kwargs: Arguments of `Classifier`.
    """

    def __init__(
        self,
        *args: Any,
        weight: float = 1.0,
        step: float = 0.01,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if not 0 <= weight < float("inf"):
            raise ValueError(f"`weight` must be finite and not negative, got {weight}")
        if not 0 < step < 1:
            raise ValueError(f"`step` must lie in (0, 1), in units of pixels, got {step}")
        self.weight, self.step, self.seed = weight, step, seed

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Return cross-entropy plus weight times the mean curvature of the batch."""
        images, labels, indices = batch
        directions = normal(images, generators(indices, self.seed, self.current_epoch))
        logits, curved = curvature(self.network, images, labels, directions, self.step)
        classified, penalty = cross_entropy(logits, labels), curved.mean()
        loss = classified + self.weight * penalty
        return self.log_terms({"cross_entropy": classified, "curvature": penalty, "loss": loss})


def curvature(
    network: nn.Module, images: Tensor, labels: Tensor, directions: Tensor, step: float
) -> tuple[Tensor, Tensor]:
    """Return logits (N, K) and the squared Frobenius norm of the logit's Hessian H, shape (N,).

    The norm is estimated as |H v|^2 for one v of the standard normal distribution (Hutchinson
    1990), and H v by the difference of two gradients (Moosavi-Dezfooli et al. 2019, section 4):
    torch has no third derivative of BatchNorm, and ReLU has no second one.
    """
    moved = images + step * directions
    both = torch.cat([images, moved]).detach().requires_grad_()
    with SecondOrder():
        logits = network(both)
    labels = one_label_each(labels, len(images), two_logits(logits).shape[1])
    score = (logits * one_hot(logits, labels.repeat(2))).sum()
    here, there = torch.autograd.grad(score, both, create_graph=True)[0].chunk(2)
    return two_logits(logits)[: len(images)], ((there - here) / step).square().flatten(1).sum(1)
