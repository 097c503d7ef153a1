"""Layers with an efficient second derivative."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from interpreters.second_order.batch_norm import batch_norm
from interpreters.second_order.concatenation import cat
from interpreters.second_order.convolution import convolution

LAYERS: dict[Callable[..., Any], Callable[..., Tensor]] = {
    F.conv1d: convolution,
    F.conv2d: convolution,
    F.conv3d: convolution,
    F.batch_norm: batch_norm,
    torch.cat: cat,
}


class SecondOrder(TorchFunctionMode):
    """Mode in which the layers of this folder replace PyTorch's."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        layer: Any = LAYERS.get(function, function)
        return layer(*args, **(kwargs or {}))
