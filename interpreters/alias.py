"""An alias of a tensor with a node of its own in the graph."""

import torch
from torch import Tensor


def alias(value: Tensor) -> Tensor:
    """Return a view of the same memory and strides with a node of its own in the graph.

    `view_as` changes the strides of one image in channels-last memory, for which PyTorch's
    BatchNorm then computes wrong gradients.
    """
    out: Tensor = torch.ops.aten.alias(value)
    return out
