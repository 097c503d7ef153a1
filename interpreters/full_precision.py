"""Single precision for interpreters whose quotients leave the range of float16."""

from collections.abc import Callable
from itertools import chain

import torch
from torch import Tensor, nn
from torch.func import functional_call

from interpreters.base import Explanation

Explain = Callable[[nn.Module, Tensor, Tensor], Explanation]


def in_full_precision(
    explain: Explain, network: nn.Module, images: Tensor, labels: Tensor
) -> Explanation:
    """Return an explanation in single precision where the network or autocast is in float16.

    Weights in float16 are copied for it, and the explanation's gradient reaches them through the
    copies. bfloat16 has float32's range, and is left as it is.
    """
    kind = images.device.type
    if images.dtype == torch.float16:
        images = images.float()
    half = {
        f"network.{name}": value.float()
        for name, value in chain(network.named_parameters(), network.named_buffers())
        if value.dtype == torch.float16
    }
    autocast = torch.is_autocast_enabled(kind)
    autocast = autocast and torch.get_autocast_dtype(kind) != torch.float16
    with torch.autocast(kind, torch.get_autocast_dtype(kind), enabled=autocast):
        if not half:
            return explain(network, images, labels)
        explained: Explanation = functional_call(
            _Explained(network, explain), half, (images, labels)
        )
        return explained


class _Explained(nn.Module):
    """The explanation of a network as a module, for which its weights can be replaced."""

    def __init__(self, network: nn.Module, explain: Explain) -> None:
        super().__init__()
        self.network, self.explain = network, explain

    def forward(self, images: Tensor, labels: Tensor) -> Explanation:
        """Return the explanation of the network with its present weights."""
        return self.explain(self.network, images, labels)
