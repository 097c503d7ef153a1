"""Features that a network's last linear layer reads, and a network with that layer replaced."""

from typing import cast

from torch import Tensor, nn

from networks.last_map import LayerError
from networks.logits import read_logits
from networks.modes import check_evaluating
from networks.normalized import bare
from networks.plain import plain


def features(network: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    """Return logits (N, K) and the last linear layer's input (N, D), from one forward pass.

    Args:
        network: any classifier whose logits are the output of a linear layer.
        images: shape (N, 3, H, W), as the network takes them.

    Raises:
        LayerError: the logits are not the output of a linear layer on vectors.
        UnsupportedError: the network is in training mode, and a pass would change it.

    Example:
        >>> import torch
        >>> network = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
        >>> features(network, torch.rand(2, 3, 2, 2))[1].shape
        torch.Size([2, 12])
    """
    check_evaluating(network)
    calls: list[tuple[Tensor, Tensor]] = []
    handles = [
        module.register_forward_hook(
            lambda _module, inputs, output: calls.append((inputs[0], output))
        )
        for module in network.modules()
        if isinstance(module, nn.Linear)
    ]
    try:
        with plain(network):
            logits = read_logits(network(images))
    finally:
        for handle in handles:
            handle.remove()
    for read, output in reversed(calls):
        if output is logits and read.ndim == 2:
            return logits, read
    raise LayerError(
        f"the logits of {type(bare(network)).__name__} do not come straight out of a linear layer "
        "that reads one feature vector per image; use a network that ends in such a layer"
    )


class Refitted(nn.Module):
    """A network with its last linear layer replaced; all other weights are shared.

    Args:
        network: any classifier whose logits are the output of a linear layer.
        weight: weights of the new layer, shape (K, D).
        bias: biases of the new layer, shape (K,).

    Example:
        >>> import torch
        >>> network = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
        >>> Refitted(network, torch.zeros(2, 12), torch.ones(2))(torch.rand(1, 3, 2, 2))
        tensor([[1., 1.]])
    """

    def __init__(self, network: nn.Module, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.network = network
        # without initialisation, which would change the state of the random generator
        self.head = nn.utils.skip_init(nn.Linear, weight.shape[1], len(weight))
        self.head.weight, self.head.bias = nn.Parameter(weight), nn.Parameter(bias)
        self.head.requires_grad_(False)
        self.train(network.training)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, K) of images (N, 3, H, W) in [0, 1]."""
        return cast(Tensor, self.head(features(self.network, images)[1]))
