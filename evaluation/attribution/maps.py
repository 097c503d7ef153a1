"""The attributions that insertion and deletion rank pixels by."""

import torch
from torch import Tensor, nn

from interpreters import Interpreter


def attribution(
    interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor
) -> Tensor:
    """Return the attributions of the labels (N,), (N, 1 or 3, H, W).

    Those of an image are zero where any of them is not finite.
    """
    found = interpreter.attribution(network, images, labels)
    finite = found.flatten(1).isfinite().all(1)
    return torch.where(finite[:, None, None, None], found, 0.0)


def largest_of(attribution: Tensor) -> Tensor:
    """Return the largest absolute value of each image, (N, 1, 1, 1); 1 where all are 0."""
    size = attribution.abs().amax((1, 2, 3), keepdim=True)
    return torch.where(size > 0, size, 1.0)
