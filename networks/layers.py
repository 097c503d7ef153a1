"""Finding a layer of a network by name."""

from collections.abc import Hashable
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from networks.last_map import LayerError, last_map
from networks.normalized import bare
from suggestions import did_you_mean

# name of the layer "last" by network, its modules and image size, because finding it costs a pass
_last_names: "WeakKeyDictionary[nn.Module, dict[Hashable, str]]" = WeakKeyDictionary()


def find_layer(network: nn.Module, name: str, images: Tensor) -> nn.Module:
    """Return a network's layer by its dotted name, or its last layer with a map by "last".

    Args:
        network: any classifier; names are those of the network inside `NormalizedNetwork`.
        name: a dotted module name such as "layer4.1", or "last".
        images: shape (N, 3, H, W); the first image is run through the network to find "last".

    Raises: LayerError: there is no such layer, or no layer has a map.

    Example:
        >>> import torch
        >>> network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        >>> find_layer(network, "last", torch.rand(1, 3, 8, 8))
        Conv2d(3, 4, kernel_size=(3, 3), stride=(1, 1))
    """
    layers: dict[str, nn.Module] = dict(bare(network).named_modules())
    if name == "last":
        names = _last_names.setdefault(network, {})
        # modules may have been replaced since
        key = (images.shape[1:], *((layer, id(module)) for layer, module in layers.items()))
        if key not in names:
            names[key] = last_map(network, images[:1])
        name = names[key]
    if name not in layers or not name:
        outer = [layer for layer in layers if layer and "." not in layer]
        raise LayerError(
            f"no layer `{name}` in the network{did_you_mean(name, ['last', *layers])}; choose "
            f"last, {', '.join(outer)} or a dotted name inside one of them"
        )
    return layers[name]
