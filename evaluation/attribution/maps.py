"""What insertion and deletion order the pixels of an image by."""

import torch
from torch import Tensor, nn

from interpreters import Interpreter


def attribution(
    interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor
) -> Tensor:
    """The attributions of the labels (N,), (N, 1 or 3, H, W); zero where one is not finite."""
    found = interpreter.attribution(network, images, labels)
    # what is not finite somewhere says nothing
    finite = found.flatten(1).isfinite().all(1)
    return torch.where(finite[:, None, None, None], found, 0.0)


def largest_of(attribution: Tensor) -> Tensor:
    """The largest size in each image, (N, 1, 1, 1); 1 where there is none."""
    size = attribution.abs().amax((1, 2, 3), keepdim=True)
    return torch.where(size > 0, size, 1.0)
