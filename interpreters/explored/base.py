"""Interpreters that explore: they explain by other images than the one explained."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from torch import Generator, Tensor, nn

from interpreters.base import Explanation, Interpreter
from interpreters.passes import check_explainable, explanation, for_each, logits_of, summed_map
from networks import UnsupportedError, check_pixels
from networks.goals import Goal


@runtime_checkable
class Explorer(Protocol):
    """What explores: an attack on predictions."""

    def goal(self, network: nn.Module, images: Tensor, labels: Tensor) -> Goal:
        """What it raises, from changed images to (N,)."""

    def path(
        self, goal: Goal, images: Tensor, generators: Sequence[Generator] | None = None
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Images before and after each step, and what it followed uphill, (N, 3, H, W) each."""

    def scaled(self, factor: float) -> Any:
        """The attack in a ball of another size."""


@dataclass(frozen=True)
class Explored(Interpreter):
    """An attribution of every value of an image, for evaluation: no network can learn from it."""

    @abstractmethod
    def attribution(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """What every value of the images has to do with the labels (N,), signed, (N, 3, H, W)."""

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """The attribution summed over channels, shape (N, L, h, w), detached."""
        check_explainable(network)
        check_pixels(images)
        logits = logits_of(network, images)

        def summed(label: Tensor) -> Tensor:
            return summed_map(self.attribution(network, images, label), images)

        return explanation(logits, for_each(self.explained(logits, labels), summed))

    @property
    def by_channel(self) -> bool:
        """True."""
        return True

    @property
    def differentiable(self) -> bool:
        """False: signs have no gradient, and a path of hundreds of passes no graph."""
        return False


def check_explorer(attack: object) -> None:
    """Raise ValueError unless an attack goes step by step, and once."""
    if not isinstance(attack, Explorer):
        raise ValueError(
            f"`attack` is {type(attack).__name__}, which has no path of steps to explain by; take "
            "an attack on predictions, such as attacks.PGD or one of attacks.transfer"
        )
    if getattr(attack, "restarts", 1) > 1:
        raise ValueError("`attack` explains by one path: leave its `restarts` at 1")


def class_count(network: nn.Module, images: Tensor) -> int:
    """Among how many classes a network decides; raises ValueError where there is no other."""
    count: int = network(images[:1]).shape[1]
    if count < 2:
        raise UnsupportedError(
            "the network has one logit, expected one for each of two or more classes; choose an "
            "interpreter that compares with no other class"
        )
    return count
