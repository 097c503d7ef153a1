"""What insertion and deletion order the pixels of an image by."""

from typing import TypeGuard

import torch
from torch import Tensor, nn

from interpreters import Captum, Explored, Interpreter


def attribution(
    interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor
) -> Tensor:
    """What each pixel has to do with the class explained, (N, 1 or 3, H, W), at the images' size.

    Signed and by channel where the interpreter has that, its heatmap where not.
    """
    if by_channel(interpreter):
        classes = labels
        if interpreter.target != "label":
            classes = interpreter.explained(network(images), labels)[:, 0]
        return interpreter.attribution(network, images, classes)
    heatmap = interpreter(network, images, labels).heatmap
    return nn.functional.interpolate(
        heatmap, images.shape[2:], mode="bilinear", align_corners=False
    )


def by_channel(interpreter: Interpreter) -> TypeGuard[Explored | Captum]:
    """Whether an interpreter tells the channels of a pixel apart."""
    if isinstance(interpreter, Captum):
        return interpreter.layer is None
    return isinstance(interpreter, Explored)


def largest_of(attribution: Tensor) -> Tensor:
    """The largest size in each image, (N, 1, 1, 1); 1 where there is none."""
    size = attribution.abs().amax((1, 2, 3), keepdim=True)
    return torch.where(size > 0, size, 1.0)
