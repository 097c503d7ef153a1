"""What the last layer of a network reads, and another layer in its place."""

from typing import cast

from torch import Tensor, nn

from networks.last_map import LayerError
from networks.normalized import bare


def features(network: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (N, K), and the features (N, D) that they are linear in, from one pass.

    Raises:
        LayerError: the logits do not come straight out of a linear layer.
    """
    calls: list[tuple[Tensor, Tensor]] = []
    handles = [
        module.register_forward_hook(
            lambda _module, inputs, output: calls.append((inputs[0], output))
        )
        for module in network.modules()
        if isinstance(module, nn.Linear)
    ]
    try:
        logits: Tensor = network(images)
    finally:
        for handle in handles:
            handle.remove()
    for read, output in reversed(calls):
        if output is logits and read.ndim == 2:
            return logits, read
    raise LayerError(
        f"the logits of {type(bare(network)).__name__} do not come straight out of a linear layer "
        "that reads one vector of features for each image; take a network that ends in one"
    )


class Refitted(nn.Module):
    """A network with another last layer; all other weights are shared.

    Args:
        network: any classifier whose logits come out of a linear layer.
        weight: of the new layer, shape (K, D).
        bias: shape (K,).
    """

    def __init__(self, network: nn.Module, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.network = network
        # not initialised: that would draw random numbers
        self.head = nn.utils.skip_init(nn.Linear, weight.shape[1], len(weight))
        self.head.weight, self.head.bias = nn.Parameter(weight), nn.Parameter(bias)
        self.head.requires_grad_(False)
        self.train(network.training)

    def forward(self, images: Tensor) -> Tensor:
        """Classify images of shape (N, 3, H, W) with values in [0, 1]; logits of shape (N, K)."""
        return cast(Tensor, self.head(features(self.network, images)[1]))
