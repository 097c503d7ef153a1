"""Recording of a layer's outputs."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from networks.last_map import LayerError
from networks.layers import find_layer
from networks.plain import plain


@contextmanager
def outputs_of(network: nn.Module, layer: str, images: Tensor) -> Iterator[list[Tensor]]:
    """Record a layer's outputs inside the `with` block, one tensor per call.

    Args:
        network: any classifier.
        layer: a dotted module name, or "last".
        images: shape (N, 3, H, W), as the network takes them; used to find "last".

    Raises: LayerError: there is no such layer, or its output is not a tensor.

    Example:
        >>> import torch
        >>> network, images = nn.Sequential(nn.Flatten(), nn.Linear(12, 4)), torch.rand(2, 3, 2, 2)
        >>> with outputs_of(network, "0", images) as outputs:
        ...     logits = network(images)
        >>> outputs[0].shape
        torch.Size([2, 12])
    """
    outputs: list[Tensor] = []

    def keep(module: nn.Module, _inputs: object, output: object) -> Tensor:
        if not isinstance(output, Tensor):
            kind = type(module).__name__
            raise LayerError(
                f"the layer `{layer}`, {kind}, returns {type(output).__name__}, expected a tensor; "
                "choose another layer"
            )
        outputs.append(output)
        # return a copy, because an in-place ReLU behind the layer would change the recorded tensor
        return output.clone()

    handle = find_layer(network, layer, images).register_forward_hook(keep)
    try:
        with plain(network):
            yield outputs
    finally:
        handle.remove()
