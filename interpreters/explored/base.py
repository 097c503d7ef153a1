"""The interface of interpreters that follow paths of other images."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from torch import Generator, Tensor, nn

from interpreters.base import Explanation, Interpreter
from interpreters.branches import check_branches
from interpreters.explainable import check_explainable
from interpreters.forward import logits_of
from interpreters.passes import explanation, for_each, summed_map
from networks import check_evaluating, check_pixels, class_logits
from networks.goals import Goal
from networks.unsupported import inference_parts_named


@runtime_checkable
class Explorer(Protocol):
    """Attack on predictions whose path explains an image."""

    def goal(self, network: nn.Module, images: Tensor, labels: Tensor) -> Goal:
        """Return the objective that the attack raises, from changed images to (N,)."""

    def path(
        self, goal: Goal, images: Tensor, generators: Sequence[Generator] | None = None
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yield images before and after each step, and its direction, (N, 3, H, W) each."""

    def scaled(self, factor: float) -> Any:
        """Return the attack with `epsilon` multiplied by a factor."""


@dataclass(frozen=True)
class Explored(Interpreter):
    """Attribution of every value of an image, for evaluation; it is not differentiable."""

    @abstractmethod
    def explore(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """Return the signed attribution of every value to the labels (N,), shape (N, 3, H, W)."""

    def attribution(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """Return the signed attribution of every value to the labels (N,), shape (N, 3, H, W).

        Raises: UnsupportedError: the network is in training mode, and a pass would change it.
        """
        check_evaluating(network)
        return self.explore(network, images, labels)

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Return the attribution summed over channels, shape (N, L, H, W), detached."""
        check_explainable(network, images)
        check_branches(network, images)
        check_pixels(images)
        logits = logits_of(network, images)

        def summed(label: Tensor) -> Tensor:
            with inference_parts_named():
                return summed_map(self.explore(network, images, label), network, images)

        return explanation(logits, for_each(self.explained(logits, labels), summed))

    @property
    def by_channel(self) -> bool:
        """True: every channel has values of its own."""
        return True

    @property
    def differentiable(self) -> bool:
        """False: signs of gradients have no gradient."""
        return False


def check_explorer(attack: object) -> None:
    """Raise ValueError unless the object is an attack with one path of steps."""
    if not isinstance(attack, Explorer):
        raise ValueError(
            f"`attack` is {type(attack).__name__}, which has no path of steps; choose an attack on "
            "predictions, such as attacks.PGD or one of attacks.transfer"
        )
    if getattr(attack, "restarts", 1) > 1:
        raise ValueError("`attack` has several `restarts`, expected one path; set them to 1")


def class_count(network: nn.Module, images: Tensor) -> int:
    """Return the number of a network's classes, two for one logit."""
    return class_logits(network(images[:1])).shape[1]
