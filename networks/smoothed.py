"""Networks with softplus in place of ReLU, whose input gradients are differentiable."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from networks.normalized import NormalizedNetwork

RELU = {F.relu, torch.relu, Tensor.relu}
RELU_IN_PLACE = {F.relu_, torch.relu_, Tensor.relu_}


class _Softplus(TorchFunctionMode):
    """Replace every ReLU, module or function, by softplus inside the `with` block."""

    def __init__(self, beta: float, scaled: bool) -> None:
        super().__init__()
        self.beta, self.scaled = beta, scaled

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call softplus if the function is a ReLU, otherwise the function itself."""
        given = [*args, *(kwargs or {}).values()]
        if func not in RELU | RELU_IN_PLACE:
            return func(*args, **(kwargs or {}))
        values: Tensor = given[0]
        if func in RELU_IN_PLACE or any(given[1:]):
            # write in place, because a shortcut may read the same tensor
            return values.copy_(self._softplus(values.clone()))
        return self._softplus(values)

    def _softplus(self, values: Tensor) -> Tensor:
        if not self.scaled:
            return F.softplus(values, self.beta)
        mean_square = values.detach().flatten(1).square().mean(1)
        scale = mean_square.sqrt().clamp_min(torch.finfo(values.dtype).tiny)
        scale = scale.view(-1, *[1] * (values.ndim - 1))
        return scale * F.softplus(values / scale, self.beta)


class SmoothedNetwork(NormalizedNetwork):
    """A network that calls softplus in place of ReLU and shares all layers and weights.

    Args:
        network: The network with ReLU.
        beta: Sharpness of log(1 + exp(beta x)) / beta, which tends to ReLU as beta grows.
        scaled: Divide x by its root mean square over each image before softplus.

    Example:
        >>> from networks import cifar_cnn
        >>> SmoothedNetwork(cifar_cnn(), beta=10.0)(torch.rand(1, 3, 32, 32)).shape
        torch.Size([1, 10])
    """

    def __init__(self, network: NormalizedNetwork, beta: float, scaled: bool = False) -> None:
        super().__init__(network.network, network.preprocessing)
        # the original's layer has the right device and precision
        self.normalize = network.normalize
        self.beta, self.scaled = beta, scaled

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, K) of images (N, 3, H, W) in [0, 1]."""
        with _Softplus(self.beta, self.scaled):
            return super().forward(images)


class _ReluDetector(TorchFunctionMode):
    """Record in `found` if any ReLU is called inside the `with` block."""

    found = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call the function and note if it is a ReLU."""
        self.found |= func in RELU | RELU_IN_PLACE
        return func(*args, **(kwargs or {}))


@torch.no_grad()
def calls_relu(network: nn.Module, images: Tensor) -> bool:
    """Return True if the network calls a ReLU, as a module or function, on images (N, 3, H, W).

    Example:
        >>> calls_relu(nn.Sequential(nn.Flatten(), nn.ReLU()), torch.rand(1, 3, 2, 2))
        True
    """
    with _ReluDetector() as detector:
        network(images)
    return detector.found


def smoothed(network: nn.Module, beta: float = 10.0, scaled: bool = False) -> SmoothedNetwork:
    """Return the same network with softplus in place of ReLU (Dombrowski et al. 2019, section 4).

    Args:
        network: A classifier of `networks`; its weights are shared, not copied.
        beta: Sharpness of the softplus log(1 + exp(beta x)) / beta, above 0.
        scaled: Divide x by its root mean square over each image before softplus, so that one beta
            smooths all layers and networks equally.

    Example:
        >>> from networks import cifar_resnet
        >>> smoothed(cifar_resnet(20), beta=5.0)(torch.rand(1, 3, 32, 32)).shape
        torch.Size([1, 10])
    """
    if not beta > 0:
        raise ValueError(f"`beta` must be above 0, got {beta}")
    if not isinstance(network, NormalizedNetwork):
        raise ValueError(
            f"`network` must be a NormalizedNetwork, got {type(network).__name__}, which takes "
            "images that are normalised already; build it with networks.timm_network, "
            "networks.torchvision_network or networks.cifar_resnet"
        )
    return SmoothedNetwork(network, beta, scaled)
