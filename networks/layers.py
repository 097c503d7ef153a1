"""Finding a layer of a network by name, or the last one that still has a map."""

import difflib
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from networks.normalized import bare

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


class LayerError(ValueError):
    """A network has no such layer, or the layer does not give one map per image."""


# each network's answers by image size: finding "last" costs a forward pass of one image
_last: "WeakKeyDictionary[nn.Module, dict[torch.Size, str]]" = WeakKeyDictionary()


def find_layer(network: nn.Module, name: str, images: Tensor) -> nn.Module:
    """Find a layer by its dotted name, or by "last", the last convolutional stage.

    "last" is the outermost module with convolutions in it that returns the last feature map.

    Args:
        network: any classifier; names are those of the network inside NormalizedNetwork.
        name: a dotted module name such as "layer4.1", or "last".
        images: shape (N, 3, H, W); the first one is run through the network to find "last".

    Raises:
        LayerError: there is no such layer (close names are listed), or no convolutional stage.
    """
    layers: dict[str, nn.Module] = dict(bare(network).named_modules())
    if name == "last":
        known = _last.setdefault(network, {})
        if images.shape[2:] not in known:
            known[images.shape[2:]] = _last_stage(network, images[:1])
        name = known[images.shape[2:]]
    if name not in layers or not name:
        raise LayerError(f"no layer `{name}` in the network; choose {_suggestions(name, layers)}")
    return layers[name]


def _suggestions(name: str, layers: dict[str, nn.Module]) -> str:
    outer = [layer for layer in layers if layer and "." not in layer]
    close = difflib.get_close_matches(name, [layer for layer in layers if "." in layer], 5)
    return f"last, {', '.join(outer + close)} or any other dotted module name"


@torch.no_grad()
def _last_stage(network: nn.Module, image: Tensor) -> str:
    """Name of the module that returns the last map, from one pass with hooks on all modules."""
    height, width = image.shape[2:]
    finished: list[tuple[str, Tensor]] = []
    handles = []
    for name, module in bare(network).named_modules():
        if name:
            handles.append(
                module.register_forward_hook(
                    lambda _module, _inputs, output, name=name: (
                        finished.append((name, output)) if isinstance(output, Tensor) else None
                    )
                )
            )
    modes = [(module, module.training) for module in network.modules()]
    try:
        network.eval()(image)
    finally:
        for module, mode in modes:
            module.training = mode
        for handle in handles:
            handle.remove()

    layers = dict(bare(network).named_modules())
    stage = None
    for name, output in finished:
        if _is_map(output, height, width):
            if any(isinstance(module, CONVOLUTIONS) for module in layers[name].modules()):
                stage = name
        elif output.ndim >= 3 and output.flatten(2).shape[2] > 1:
            stage = None  # tokens or channels-last features: what came before is no longer last
    if stage is None:
        raise LayerError(
            f"{type(bare(network)).__name__} has no convolutional stage that its logits are read "
            f"from, for images of {height}x{width} pixels; name a layer that returns (N, C, h, w)"
        )
    return stage


def _is_map(output: Tensor, height: int, width: int) -> bool:
    """Whether this is (N, C, h, w): unlike (N, h, w, C), its sides keep the image's proportions."""
    if output.ndim != 4:
        return False
    h, w = output.shape[2:]
    return h * w > 1 and abs(h * width - w * height) <= max(height, width)
