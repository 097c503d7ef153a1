"""What an interpreter is."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, nn


class Explanation(NamedTuple):
    """Logits (N, K) and the raw heatmap (N, 1, h, w) of the label, from one forward pass."""

    logits: Tensor
    heatmap: Tensor


@dataclass(frozen=True)
class Interpreter(ABC):
    """A recipe for heatmaps: it holds no network and leaves the one it explains as it was."""

    @abstractmethod
    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Explain why `network` would say `labels`.

        Args:
            network: from images to logits (N, K), with BatchNorm in evaluation mode.
            images: shape (N, 3, H, W), values in [0, 1].
            labels: the classes to explain, shape (N,).

        Returns: logits and heatmap, which are differentiable, twice, in the network's parameters
            and in the images while grad mode is on, and detached while it is off.
        """

    @property
    def name(self) -> str:
        """The class's name in snake case, as in results and logs."""
        return re.sub(
            r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type(self).__name__
        ).lower()
