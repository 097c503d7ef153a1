"""Attacks on heatmaps: the explanation changes and the prediction stays (Ghorbani et al. 2019)."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, Self

import torch
from torch import Tensor, nn

from attacks.balls import Generators
from attacks.base import SteppingAttack
from networks import calls_relu, smoothed


class Explainer(Protocol):
    """What is attacked: an interpreter."""

    @property
    def differentiable(self) -> bool:
        """Whether its heatmaps have a gradient."""

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Any:
        """Logits (N, K) and heatmaps (N, 1, h, w)."""


class Selection(ABC):
    """What one image on an attack's way is preferred to another by."""

    @abstractmethod
    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """The higher the better, shape (N,), given the network's heatmaps (N, 1, h, w)."""


@dataclass(frozen=True, kw_only=True)
class HeatmapAttack(SteppingAttack):
    """Steps that raise an objective of the heatmap (Ghorbani et al. 2019, algorithm 1).

    Of the images on the way that the network still gives its label to, the one is returned that
    has the highest objective, or selection. An image that begins with another label stays as it is.

    Args:
        interpreter: Whose heatmaps are attacked; a study fills in each of its own if not given.
        beta: Sharpness of the softplus that the gradient is taken through, as ReLU has no second
            derivative; the network itself if not given. Labels are always the network's own.
        scaled_beta: Whether beta is in units of what enters each ReLU, on each image.
        last_beta: Sharpness in the last step, to which it grows evenly in its logarithm. Heights at
            different sharpness cannot be compared: the last image that keeps its label is returned.
        output_weight: What the mean square change of the surrogate's probabilities takes from the
            objective (Dombrowski et al. 2019, equation 4).
        selection: What chooses among the images on the way, such as those of
            evaluation.selections; the objective if not given, of the surrogate and for less.
    """

    uses_gradient: ClassVar[bool] = True
    interpreter: Explainer | None = None
    beta: float | None = 10.0
    scaled_beta: bool = False
    last_beta: float | None = None
    output_weight: float = 0.0
    selection: Selection | None = None
    step_size: float | str = "1/510"
    steps: int = 300

    def __post_init__(self) -> None:
        super().__post_init__()
        if (
            self.uses_gradient
            and self.interpreter is not None
            and not self.interpreter.differentiable
        ):
            raise ValueError(
                f"heatmaps of {type(self.interpreter).__name__} have no gradient in the image, so "
                "that nothing says which way to step; choose another `interpreter`"
            )
        if self.last_beta is not None and self.beta is None:
            raise ValueError(f"`last_beta` is {self.last_beta} and there is no `beta` to grow")
        for name, beta in (("beta", self.beta), ("last_beta", self.last_beta)):
            if beta is not None and not beta > 0:
                raise ValueError(f"`{name}` must be above 0, got {beta}")
        if not self.output_weight >= 0:
            raise ValueError(f"`output_weight` must be at least 0, got {self.output_weight}")

    def against(self, explainer: Any) -> Self:
        """Return this attack on the heatmaps of an interpreter, unless it brings its own."""
        return self if self.interpreter is not None else replace(self, interpreter=explainer)

    @property
    def needs_gradient(self) -> bool:
        """True if it uses_gradient and has no interpreter of its own."""
        return self.uses_gradient and self.interpreter is None

    @abstractmethod
    def target(self, images: Tensor, reference: Tensor, before: Tensor) -> Tensor:
        """What the objective is measured against, one for each image.

        Args:
            images: before any change, shape (N, 3, H, W).
            reference: the network's heatmaps of the images before any change, (N, 1, h, w).
            before: those of the network with softplus.
        """

    @abstractmethod
    def objective(self, heatmap: Tensor, target: Tensor) -> Tensor:
        """What the attack raises, shape (N,), differentiable, given heatmaps (N, 1, h, w)."""

    def start(self, images: Tensor, generators: Generators) -> Tensor:
        """Where the attack begins: at the images."""
        return images

    @torch.no_grad()
    def __call__(
        self, network: nn.Module, images: Tensor, labels: Tensor, generators: Generators = None
    ) -> Tensor:
        """Changed images, detached, shape (N, 3, H, W)."""
        explain = self.interpreter
        if explain is None:
            raise ValueError("give the `interpreter` whose heatmaps are to be attacked")
        if self.beta is not None and not calls_relu(network, images[:1]):
            raise ValueError(
                "the network calls no ReLU that softplus could replace: set `beta` to null"
            )
        logits, reference = explain(network, images, labels)
        outputs, before = explain(self.surrogate(network, 0), images, labels)
        target = self.target(images, reference, before)
        kept, highest = images.clone(), torch.full_like(labels, -torch.inf, dtype=images.dtype)
        changed = self.start(images, generators).clone()
        # those that still move
        rows = (logits.argmax(1) == labels).nonzero()[:, 0]
        for step in range(self.steps + 1):
            if not len(rows):
                break
            here, of = changed[rows], labels[rows]
            with torch.set_grad_enabled(self.uses_gradient and step < self.steps):
                leaf = here.detach().requires_grad_()
                found, heatmap = explain(self.surrogate(network, step), leaf, of)
                height = self.objective(heatmap, target[rows])
                if self.output_weight:
                    change = (found.softmax(1) - outputs[rows].softmax(1)).square().mean(1)
                    height = height - self.output_weight * change
                total = height.sum()
            if self.selection is not None:
                logits, shown = explain(network, here, of)
                height = self.selection(shown, reference[rows])
            else:
                logits = network(here)
                if self.last_beta is not None:
                    height = torch.full_like(height, step)
            better = (logits.argmax(1) == of) & (height > highest[rows])
            kept[rows[better]], highest[rows[better]] = here[better], height[better].to(highest)
            if step == self.steps:
                break
            uphill = self.direction(total, leaf, rows, generators)
            changed[rows] = next_ = self.stepped(here, images[rows], uphill)
            # an image that stays where it is would do so for ever
            rows = rows[(next_ != here).flatten(1).any(1)]
        return kept

    def direction(
        self, total: Tensor, leaf: Tensor, rows: Tensor, generators: Generators
    ) -> Tensor:
        """Which way the images of these rows go, given the sum of their heights: uphill."""
        (gradient,) = torch.autograd.grad(total, leaf)
        return gradient

    def surrogate(self, network: nn.Module, step: int) -> nn.Module:
        """The network that a step's gradient is taken through."""
        if self.beta is None:
            return network
        last = self.beta if self.last_beta is None else self.last_beta
        beta = self.beta * (last / self.beta) ** (step / self.steps)
        return smoothed(network, beta, self.scaled_beta)
