"""The interface of interpreters."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from binary import two_logits
from labels import checked_labels

Target = Literal["label", "prediction", "other"]


class Explanation(NamedTuple):
    """Logits (N, K) and raw heatmaps (N, L, h, w) of L labels, mostly one, from one pass.

    Example:
        >>> from torch import rand
        >>> Explanation(rand(2, 4), rand(2, 1, 8, 8)).heatmap.shape
        torch.Size([2, 1, 8, 8])
    """

    logits: Tensor
    heatmap: Tensor


@dataclass(frozen=True, kw_only=True)
class Interpreter(ABC):
    """Object that makes heatmaps; it holds no network and leaves the explained one unchanged.

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
        """Return the logits of the images and a heatmap for each label.

        Args:
            network: from images to logits (N, K), with BatchNorm in evaluation mode.
            images: shape (N, 3, H, W), values in [0, 1].
            labels: the class to explain, shape (N,), or several of each image, shape (N, L).

        Returns: both are differentiable, twice, in the network's parameters and in the images
            while grad mode is on, and detached while it is off.
        Raises: UnsupportedError: the interpreter cannot explain the network, layer or images.
        """

    def attribution(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """Return the attribution of every pixel to one class, at the images' size, detached.

        Args:
            network: from images to logits (N, K), in evaluation mode.
            images: shape (N, 3, H, W), in [0, 1].
            labels: the class explained, shape (N,), whatever `target` is.

        Returns: signed values of every channel, (N, 3, H, W), if `by_channel`; the enlarged
            heatmap, (N, 1, H, W), if not.
        """
        heatmap = replace(self, target="label")(network, images, labels).heatmap.detach()
        return nn.functional.interpolate(heatmap, images.shape[2:], mode="bilinear")

    def explained(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the classes to explain, shape (N, L), given logits (N, K) and labels.

        Raises: TypeError, ValueError: the labels fit neither the images nor the classes.
        """
        logits = two_logits(logits)
        labels = checked_labels(labels, *logits.shape)
        labels = labels[:, None] if labels.ndim == 1 else labels
        if self.target == "label":
            return labels
        if self.target == "other":
            logits = logits.scatter(1, labels, -torch.inf)
        return logits.argmax(1, keepdim=True)

    @property
    def by_channel(self) -> bool:
        """True if `attribution` returns a value for each channel of a pixel."""
        return False

    @property
    def differentiable(self) -> bool:
        """True if heatmaps can be backpropagated into the network's weights and the images."""
        return True

    @property
    def name(self) -> str:
        """Name of the class in snake case, as in results and logs."""
        return snake_case(type(self).__name__)


def snake_case(name: str) -> str:
    """Return a class's name in lower case, with its words joined by underscores."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
