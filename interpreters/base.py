"""What an interpreter is."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

Target = Literal["label", "prediction", "other"]


class Explanation(NamedTuple):
    """Logits (N, K) and raw heatmaps (N, L, h, w) of L labels, mostly one, from one pass."""

    logits: Tensor
    heatmap: Tensor


@dataclass(frozen=True, kw_only=True)
class Interpreter(ABC):
    """A recipe for heatmaps: it holds no network and leaves the one it explains as it was.

    Args:
        target: The class to explain: the image's label, the network's prediction, or the most
            likely class other than the label.
    """

    target: Target = "label"

    def __post_init__(self) -> None:
        if self.target not in get_args(Target):
            raise ValueError(f"`target` must be one of {get_args(Target)}, got {self.target!r}")

    @abstractmethod
    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Explain why `network` would say `labels`.

        Args:
            network: from images to logits (N, K), with BatchNorm in evaluation mode.
            images: shape (N, 3, H, W), values in [0, 1].
            labels: the class to explain, shape (N,), or several of each image, shape (N, L).

        Returns: logits and a heatmap for each label, which are differentiable, twice, in the
            network's parameters and in the images while grad mode is on, and detached while not.
        """

    def attribution(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """What each pixel has to do with a class of its image, as it is ranked: not summed up.

        Args:
            network: from images to logits (N, K), in evaluation mode.
            images: shape (N, 3, H, W), in [0, 1].
            labels: the class explained, shape (N,), whatever `target` is.

        Returns: the heatmap at the images' size, (N, 1, H, W), or if `by_channel` signed values of
            every channel, (N, 3, H, W); detached.
        """
        heatmap = replace(self, target="label")(network, images, labels).heatmap.detach()
        return nn.functional.interpolate(heatmap, images.shape[2:], mode="bilinear")

    def explained(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The classes that `target` means, shape (N, L), from logits (N, K) and labels."""
        labels = labels[:, None] if labels.ndim == 1 else labels
        if self.target == "label":
            return labels
        if self.target == "other":
            logits = logits.scatter(1, labels, -torch.inf)
        return logits.argmax(1, keepdim=True)

    @property
    def by_channel(self) -> bool:
        """Whether attributions tell the channels of a pixel apart."""
        return False

    @property
    def differentiable(self) -> bool:
        """Whether a network can learn from the heatmaps, by their gradient in the weights."""
        return True

    @property
    def name(self) -> str:
        """The class's name in snake case, as in results and logs."""
        return snake_case(type(self).__name__)


def snake_case(name: str) -> str:
    """A class's name in lower case, its words joined by underscores."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
