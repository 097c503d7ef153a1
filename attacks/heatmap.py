"""Attacks that change the heatmap and keep the prediction (Ghorbani et al. 2019)."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import torch
from torch import Tensor, nn

from attacks.balls import Generators
from attacks.base import SteppingAttack
from labels import one_label_each
from networks import calls_relu, check_evaluating, class_logits, smoothed


@runtime_checkable
class Explainer(Protocol):
    """Interpreter whose heatmaps are attacked."""

    @property
    def differentiable(self) -> bool:
        """True if its heatmaps are differentiable in the images."""

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Any:
        """Return logits (N, K) and heatmaps (N, 1, h, w)."""


class Selection(ABC):
    """Criterion that chooses among the images of an attack's steps."""

    @abstractmethod
    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the score, shape (N,), higher is better, given heatmaps (N, 1, h, w)."""


@dataclass(frozen=True, kw_only=True)
class HeatmapAttack(SteppingAttack):
    """Gradient ascent on an objective of the heatmap (Ghorbani et al. 2019, algorithm 1).

    Of all steps that keep the label, the one with the highest selection score is returned. An
    image that is not classified as its label is returned unchanged.

    Args:
        interpreter: The attacked interpreter; a study fills in its own if not given.
        beta: Sharpness of the softplus that replaces ReLU, which has no second derivative, in the
            gradient; no replacement if null. Labels are always those of the network itself.
        scaled_beta: Measure beta in units of the root mean square input of each ReLU and image.
        last_beta: Sharpness in the last step, reached by geometric growth. Objectives at different
            sharpness cannot be compared, so that the last step that keeps the label is returned.
        output_weight: Weight of the mean squared change of the surrogate's probabilities, which is
            subtracted from the objective (Dombrowski et al. 2019, equation 4).
        selection: Score that chooses the returned step, such as those of evaluation.selections;
            the surrogate's objective if not given, which saves a pass for each step.
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
                f"heatmaps of {type(self.interpreter).__name__} have no gradient in the image, "
                "which this attack follows; choose a differentiable `interpreter`"
            )
        if self.last_beta is not None and self.beta is None:
            raise ValueError(f"`last_beta` is {self.last_beta} and `beta` is null; give `beta` too")
        for name, beta in (("beta", self.beta), ("last_beta", self.last_beta)):
            if beta is not None and not beta > 0:
                raise ValueError(f"`{name}` must be above 0, got {beta}")
        if not self.output_weight >= 0:
            raise ValueError(f"`output_weight` must be at least 0, got {self.output_weight}")

    def against(self, explainer: Any) -> Self:
        """Return this attack on the heatmaps of an interpreter, unless it brings its own.

        Raises: ValueError: `explainer` is no interpreter.
        """
        if self.interpreter is not None:
            return self
        if not isinstance(explainer, Explainer):
            raise ValueError(
                f"{type(self).__name__} attacks heatmaps of an interpreter, got "
                f"{type(explainer).__name__}; give its own `interpreter`, or another attack"
            )
        return replace(self, interpreter=explainer)

    @property
    def needs_gradient(self) -> bool:
        """True if it follows the gradient and has no interpreter of its own."""
        return self.uses_gradient and self.interpreter is None

    @abstractmethod
    def target(self, images: Tensor, reference: Tensor, before: Tensor) -> Tensor:
        """Return the target of the objective, one for each image.

        Args:
            images: original images, shape (N, 3, H, W).
            reference: the network's heatmaps of the original images, (N, 1, h, w).
            before: the surrogate's heatmaps of the original images, (N, 1, h, w).
        """

    @abstractmethod
    def objective(self, heatmap: Tensor, target: Tensor) -> Tensor:
        """Return the objective to raise, shape (N,), differentiable in heatmaps (N, 1, h, w)."""

    def start(self, images: Tensor, generators: Generators) -> Tensor:
        """Return the first images of the attack: the original ones."""
        return images

    @torch.no_grad()
    def __call__(
        self, network: nn.Module, images: Tensor, labels: Tensor, generators: Generators = None
    ) -> Tensor:
        """Return perturbed images, detached, shape (N, 3, H, W)."""
        explain = self.interpreter
        if explain is None:
            raise ValueError(
                "`interpreter` is null; give the interpreter whose heatmaps are attacked"
            )
        check_evaluating(network)
        if self.beta is not None and not calls_relu(network, images[:1]):
            raise ValueError(
                f"`beta` is {self.beta} and the network calls no ReLU to replace by softplus; set "
                "`beta` to null"
            )
        logits, reference = explain(network, images, labels)
        labels = one_label_each(labels, *logits.shape)
        outputs, before = explain(self.surrogate(network, 0), images, labels)
        target = self.target(images, reference, before)
        kept, highest = images.clone(), torch.full_like(labels, -torch.inf, dtype=images.dtype)
        changed = self.start(images, generators).clone()
        # images that still move
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
                logits = class_logits(network(here))
                if self.last_beta is not None:
                    height = torch.full_like(height, step)
            better = (logits.argmax(1) == of) & (height > highest[rows])
            kept[rows[better]], highest[rows[better]] = here[better], height[better].to(highest)
            if step == self.steps:
                break
            uphill = self.direction(total, leaf, rows, generators)
            changed[rows] = next_ = self.stepped(here, images[rows], uphill)
            # an image that did not move never will
            rows = rows[(next_ != here).flatten(1).any(1)]
        return kept

    def direction(
        self, total: Tensor, leaf: Tensor, rows: Tensor, generators: Generators
    ) -> Tensor:
        """Return the direction of these rows, given the sum of their objectives: the gradient."""
        (gradient,) = torch.autograd.grad(total, leaf)
        return gradient

    def surrogate(self, network: nn.Module, step: int) -> nn.Module:
        """Return the network that a step is differentiated through."""
        if self.beta is None:
            return network
        last = self.beta if self.last_beta is None else self.last_beta
        beta = self.beta * (last / self.beta) ** (step / self.steps)
        return smoothed(network, beta, self.scaled_beta)
