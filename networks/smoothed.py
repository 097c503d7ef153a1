"""Softplus in the place of ReLU, so that the gradient turns with the image."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from networks.normalized import NormalizedNetwork

RELU = {F.relu, torch.relu, Tensor.relu}
RELU_IN_PLACE = {F.relu_, torch.relu_, Tensor.relu_}


class _Softplus(TorchFunctionMode):
    """Every ReLU, module or function, is a softplus while this lasts."""

    def __init__(self, beta: float, scaled: bool) -> None:
        super().__init__()
        self.beta, self.scaled = beta, scaled

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call a function of torch, or softplus for it."""
        given = [*args, *(kwargs or {}).values()]
        if func not in RELU | RELU_IN_PLACE:
            return func(*args, **(kwargs or {}))
        values: Tensor = given[0]
        if func in RELU_IN_PLACE or any(given[1:]):
            # a shortcut may read what was written in place
            return values.copy_(self._softplus(values.clone()))
        return self._softplus(values)

    def _softplus(self, values: Tensor) -> Tensor:
        if not self.scaled:
            return F.softplus(values, self.beta)
        squares = values.detach().flatten(1).square().mean(1)
        size = squares.sqrt().clamp_min(torch.finfo(values.dtype).tiny)
        size = size.view(-1, *[1] * (values.ndim - 1))
        return size * F.softplus(values / size, self.beta)


class SmoothedNetwork(NormalizedNetwork):
    """A network that has softplus wherever it calls ReLU; weights and layers are the same.

    Args:
        network: The network with ReLU.
        beta: Sharpness of log(1 + exp(beta x)) / beta; ReLU is its limit.
        scaled: Whether x is in units of a layer's own size on each image.
    """

    def __init__(self, network: NormalizedNetwork, beta: float, scaled: bool = False) -> None:
        super().__init__(network.network, network.preprocessing)
        # on the same device and in the same precision
        self.normalize = network.normalize
        self.beta, self.scaled = beta, scaled

    def forward(self, images: Tensor) -> Tensor:
        """Classify images of shape (N, 3, H, W) with values in [0, 1]; logits of shape (N, K)."""
        with _Softplus(self.beta, self.scaled):
            return super().forward(images)


class _Watch(TorchFunctionMode):
    """Notes whether any ReLU is called while this lasts."""

    found = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call a function of torch."""
        self.found |= func in RELU | RELU_IN_PLACE
        return func(*args, **(kwargs or {}))


@torch.no_grad()
def calls_relu(network: nn.Module, images: Tensor) -> bool:
    """Whether the network, given images (N, 3, H, W), calls a ReLU, as a module or a function."""
    with _Watch() as watch:
        network(images)
    return watch.found


def smoothed(network: nn.Module, beta: float = 10.0, scaled: bool = False) -> SmoothedNetwork:
    """The same network with softplus for ReLU (Dombrowski et al. 2019, section 4).

    Args:
        network: One of `networks`' classifiers; its weights are shared, not copied.
        beta: Sharpness of the softplus log(1 + exp(beta x)) / beta, above 0.
        scaled: Whether x is in units of what enters a ReLU, its root mean square over an image, so
            that the same beta smooths layers and networks alike.
    """
    if not beta > 0:
        raise ValueError(f"`beta` must be above 0, got {beta}")
    if not isinstance(network, NormalizedNetwork):
        raise ValueError(
            f"`network` is {type(network).__name__}, which takes images that are normalised "
            "already; make it with networks.timm_network, torchvision_network or cifar_resnet"
        )
    return SmoothedNetwork(network, beta, scaled)
