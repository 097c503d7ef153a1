"""The interface of attacks."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Self

from torch import Tensor, nn

from attacks.balls import Ball, Generators, LInf


@dataclass(frozen=True, kw_only=True)
class Attack(ABC):
    """Perturbation of each image within a ball of radius epsilon.

    Args:
        epsilon: Maximum norm, in units of pixels in [0, 1]; a number or a fraction such as "8/255".
        ball: The norm, `attacks.LInf` or `attacks.L2`.
    """

    epsilon: float | str = "8/255"
    ball: Ball = LInf()

    def __post_init__(self) -> None:
        object.__setattr__(self, "epsilon", pixels("epsilon", self.epsilon))

    @abstractmethod
    def __call__(
        self, network: nn.Module, images: Tensor, labels: Tensor, generators: Generators = None
    ) -> Tensor:
        """Return perturbed images, in [0, 1] and within epsilon, shape (N, 3, H, W), detached.

        Args:
            network: from images to logits (N, K), in evaluation mode; not changed.
            images: shape (N, 3, H, W), values in [0, 1].
            labels: shape (N,).
            generators: one for each image, so that its samples do not depend on the batch.

        Raises: UnsupportedError: the network is in training mode, and a pass would change it.
        """

    def scaled(self, factor: float) -> Self:
        """Return this attack with `epsilon` multiplied by a factor."""
        return replace(self, epsilon=factor * self.radius)

    def against(self, explainer: Any) -> Self:
        """Return this attack aimed at `explainer`; itself if it attacks the prediction.

        Args:
            explainer: an interpreter, or influences, as the attack takes them.
        """
        return self

    def with_masks(self, masks: Tensor) -> Self:
        """Return this attack for images with these objects; itself unless `needs_masks`.

        Args:
            masks: share of each pixel that belongs to the object, shape (N, 1, H, W), in [0, 1].
        """
        return self

    @property
    def needs_masks(self) -> bool:
        """True if the attack has to know where each image's object is."""
        return False

    @property
    def needs_gradient(self) -> bool:
        """True if the interpreter given to `against` must be differentiable in the images."""
        return False

    @property
    def radius(self) -> float:
        """Epsilon as a number."""
        return float(self.epsilon)


@dataclass(frozen=True, kw_only=True)
class SteppingAttack(Attack):
    """Attack that perturbs images step by step.

    Args:
        step_size: Norm of a step, in the units of `epsilon`; `epsilon` / `steps` if not given.
        steps: Number of steps.
    """

    step_size: float | str | None = "2/255"
    steps: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.steps < 1:
            raise ValueError(f"`steps` must be at least 1, got {self.steps}")
        if self.step_size is not None:
            object.__setattr__(self, "step_size", pixels("step_size", self.step_size))

    def scaled(self, factor: float) -> Self:
        """Return this attack with `epsilon` and `step_size` multiplied by a factor."""
        size = None if self.step_size is None else factor * self.length
        return replace(super().scaled(factor), step_size=size)

    def stepped(
        self, changed: Tensor, images: Tensor, gradient: Tensor, step_scale: Tensor | float = 1.0
    ) -> Tensor:
        """Return images after one step of ascent, projected into the ball and into [0, 1]."""
        # a value whose gradient is NaN stays
        step = (self.length * step_scale * self.ball.steepest(gradient)).nan_to_num(0.0)
        change = self.ball.project(changed + step - images, self.radius)
        return (images + change).clamp(0, 1)

    @property
    def length(self) -> float:
        """Step size as a number."""
        return self.radius / self.steps if self.step_size is None else float(self.step_size)


def pixels(name: str, value: float | str) -> float:
    """Return a size in units of pixels, given as a number or a fraction; raises ValueError."""
    above, _, below = str(value).partition("/")
    try:
        size = float(Fraction(above) / Fraction(below or 1))
    except (ValueError, OverflowError, ZeroDivisionError):
        size = -1.0
    if not size >= 0:
        raise ValueError(
            f"`{name}` must be a number or a fraction, at least 0, such as 8/255, got {value}"
        )
    return size
