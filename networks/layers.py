"""Finding a layer of a network by name."""

import difflib
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from networks.last_map import LayerError, last_map
from networks.normalized import bare

# each network's answers by image size: finding "last" costs a forward pass of one image
_last: "WeakKeyDictionary[nn.Module, dict[torch.Size, str]]" = WeakKeyDictionary()


def find_layer(network: nn.Module, name: str, images: Tensor) -> nn.Module:
    """Find a layer by its dotted name, or by "last", the last one that has a map.

    Args:
        network: any classifier; names are those of the network inside NormalizedNetwork.
        name: a dotted module name such as "layer4.1", or "last".
        images: shape (N, 3, H, W); the first one is run through the network to find "last".

    Raises:
        LayerError: there is no such layer (close names are listed), or none has a map.
    """
    layers: dict[str, nn.Module] = dict(bare(network).named_modules())
    if name == "last":
        known = _last.setdefault(network, {})
        if images.shape[2:] not in known:
            known[images.shape[2:]] = last_map(network, images[:1])
        name = known[images.shape[2:]]
    if name not in layers or not name:
        raise LayerError(f"no layer `{name}` in the network; choose {_suggestions(name, layers)}")
    return layers[name]


def _suggestions(name: str, layers: dict[str, nn.Module]) -> str:
    outer = [layer for layer in layers if layer and "." not in layer]
    close = difflib.get_close_matches(name, [layer for layer in layers if "." in layer], 5)
    return f"last, {', '.join(outer + close)} or any other dotted module name"
