"""What a layer returns."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from networks.last_map import LayerError
from networks.layers import find_layer


@contextmanager
def outputs_of(network: nn.Module, layer: str, images: Tensor) -> Iterator[list[Tensor]]:
    """What a layer returns while this lasts, call by call.

    Args:
        network: any classifier.
        layer: a dotted module name, or "last".
        images: shape (N, 3, H, W), as the network is given.

    Raises:
        LayerError: there is no such layer, or it returns no tensor.
    """
    seen: list[Tensor] = []

    def keep(module: nn.Module, _inputs: object, output: object) -> Tensor:
        if not isinstance(output, Tensor):
            kind = type(module).__name__
            raise LayerError(f"the layer `{layer}`, {kind}, returns no tensor; choose another one")
        seen.append(output)
        # a copy goes on, as an in-place ReLU behind the layer would change what is kept
        return output.clone()

    handle = find_layer(network, layer, images).register_forward_hook(keep)
    try:
        yield seen
    finally:
        handle.remove()
