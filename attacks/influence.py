"""Attacks that change influences and keep the prediction (Ghorbani et al. 2019, section 4)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, runtime_checkable

import torch
from torch import Tensor, nn

from attacks.balls import Generators
from attacks.base import SteppingAttack
from labels import one_label_each
from networks import features

# from features (N, D) to the objective, a term for each training image, (N, T)
Heights = Callable[[Tensor], Tensor]


@runtime_checkable
class Influences(Protocol):
    """Attacked influences of N training images on the loss of other images."""

    def __call__(self, features: Tensor, labels: Tensor) -> Tensor:
        """Return the influence of every training image, shape (M, N), given features (M, D)."""

    def inverse_hvp(self, chosen: Tensor) -> Tensor:
        """Return the inverse Hessian-vector products of the training images at indices (M, T)."""

    def from_inverse_hvp(self, products: Tensor, features: Tensor, labels: Tensor) -> Tensor:
        """Return their influences, shape (M, T), differentiable in features (M, D)."""


@dataclass(frozen=True, kw_only=True)
class InfluenceAttack(SteppingAttack):
    """Attack that lowers the influence of the top training images (Ghorbani et al. 2019).

    Of all steps that keep the label, the one with the highest objective is returned. An image that
    is not classified as its label is returned unchanged.

    Args:
        influences: The attacked influences; a study fills in its own.
        lowered: Number of the most influential training images, whose influence is lowered.
        raised: Number of the next most influential ones, whose influence is raised.
        step_size: Norm of a step, which is then projected into the ball.

    Example:
        >>> from interpreters.influence import InfluenceFunctions
        >>> from networks import features
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> images, labels = rand(9, 3, 8, 8), tensor([0, 1, 0] * 3)
        >>> found = InfluenceFunctions(l2=0.1).fit(features(network, images)[1], labels, 2)
        >>> InfluenceAttack(influences=found)(network, images, labels).shape
        torch.Size([9, 3, 8, 8])
    """

    influences: Influences | None = None
    lowered: int = 3
    raised: int = 0
    step_size: float | str = 1.0
    steps: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.lowered, self.raised) < 0 or not self.lowered + self.raised:
            raise ValueError(
                "`lowered` and `raised` must be at least 0, and one of them above 0, got "
                f"{self.lowered} and {self.raised}"
            )

    def against(self, explainer: Any) -> Self:
        """Return this attack on these influences, whatever it attacked before.

        Raises: ValueError: `explainer` is not of influences.
        """
        if not isinstance(explainer, Influences):
            raise ValueError(
                f"{type(self).__name__} attacks influences, got {type(explainer).__name__}; choose "
                "another attack, or evaluation.Influence"
            )
        return replace(self, influences=explainer)

    @torch.no_grad()
    def __call__(
        self, network: nn.Module, images: Tensor, labels: Tensor, generators: Generators = None
    ) -> Tensor:
        """Return perturbed images, detached, (N, 3, H, W); the network ends in the fitted layer."""
        heights: Heights | None = None
        kept = changed = images
        highest = torch.full((len(images),), -torch.inf, dtype=torch.double, device=images.device)
        for step in range(self.steps + 1):
            with torch.set_grad_enabled(step < self.steps):
                leaf = changed.clone().requires_grad_()
                logits, read = features(network, leaf)
                here = read.detach()
                if heights is None:
                    labels = one_label_each(labels, *logits.shape)
                    # at the original images; one that is not classified as its label stays
                    heights = self._heights(here, labels)
                    highest = highest.where(logits.argmax(1) == labels, torch.inf)
            reached = heights(here).sum(1)
            better = (logits.argmax(1) == labels) & (reached > highest)
            kept = torch.where(better[:, None, None, None], changed, kept)
            highest = torch.where(better, reached, highest)
            if step < self.steps:
                (gradient,) = torch.autograd.grad(
                    read, leaf, self.direction(heights, here).to(read)
                )
                changed = self.stepped(changed, images, gradient)
        return kept

    def direction(self, heights: Heights, features: Tensor) -> Tensor:
        """Return the direction of the features, shape (N, D): the objective's gradient."""
        return slope(heights, features, torch.ones(self.lowered + self.raised))

    def _heights(self, features: Tensor, labels: Tensor) -> Heights:
        """Return the objective, a term for each training image that is lowered or raised."""
        influences = self.influences
        if influences is None:
            raise ValueError("`influences` is null; give the influences that are attacked")
        ranked = influences(features, labels).argsort(dim=1, descending=True, stable=True)
        if ranked.shape[1] < self.lowered + self.raised:
            raise ValueError(
                f"`lowered` and `raised` are {self.lowered} and {self.raised}, expected together "
                f"at most the number of training images, {ranked.shape[1]}; give fewer"
            )
        products = influences.inverse_hvp(ranked[:, : self.lowered + self.raised])
        signs = torch.tensor([-1.0] * self.lowered + [1.0] * self.raised).to(products)
        return lambda read: signs * influences.from_inverse_hvp(products, read, labels)


@dataclass(frozen=True, kw_only=True)
class VotingInfluenceAttack(InfluenceAttack):
    """Attack by sign steps on the features, one for each training image (Ghorbani et al.'s code).

    Args:
        move: Size of a step on the features.

    Example:
        >>> from interpreters.influence import InfluenceFunctions
        >>> from networks import features
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> images, labels = rand(9, 3, 8, 8), tensor([0, 1, 0] * 3)
        >>> found = InfluenceFunctions(l2=0.1).fit(features(network, images)[1], labels, 2)
        >>> VotingInfluenceAttack(influences=found)(network, images, labels).shape
        torch.Size([9, 3, 8, 8])
    """

    move: float = 0.01

    def direction(self, heights: Heights, features: Tensor) -> Tensor:
        """Return the sum of the steps, shape (N, D), that of the most influential image last."""
        moved = features
        for part in torch.eye(self.lowered + self.raised).flip(0):
            moved = moved + self.move * slope(heights, moved, part).sign()
        return moved - features


def slope(heights: Heights, features: Tensor, parts: Tensor) -> Tensor:
    """Return the gradient in features (N, D) of objective terms (N, T) with weights (T,)."""
    with torch.enable_grad():
        leaf = features.clone().requires_grad_()
        found = heights(leaf)
        (gradient,) = torch.autograd.grad((found @ parts.to(found)).sum(), leaf)
    return gradient
