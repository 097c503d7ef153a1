"""Further measures of an attribution, beside insertion and deletion."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from interpreters import Interpreter
from metrics.insertion_deletion import Without

# from an interpreter and its attributions (N, 1 or 3, H, W) to a value of each image, shape (N,)
Judge = Callable[[Interpreter, Tensor], Tensor]


class Explained(NamedTuple):
    """A batch that is explained, its logits, and a function that removes pixels from its images."""

    network: nn.Module
    images: Tensor
    labels: Tensor
    indices: Tensor
    logits: Tensor
    without: Without


class Measure(ABC):
    """One value for each attribution."""

    better: ClassVar[str]

    @abstractmethod
    def judge(self, batch: Explained) -> Judge:
        """Return a function from attributions to values, whose passes all interpreters share."""
