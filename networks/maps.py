"""Activations arranged as spatial maps."""

from math import isqrt

from torch import Tensor, nn
from torch.nn.modules import batchnorm, conv, pooling

# class, distillation and register tokens precede the patch tokens
MOST_PREFIX_TOKENS = 8
# by their definition, their output of four dimensions is (N, C, h, w)
SPATIAL = (
    conv._ConvNd,
    batchnorm._NormBase,
    pooling._MaxPoolNd,
    pooling._AvgPoolNd,
    pooling._AdaptiveMaxPoolNd,
    pooling._AdaptiveAvgPoolNd,
)


def as_map(activation: Tensor, height: int, width: int, layer: nn.Module) -> Tensor | None:
    """Return a layer's output as a map (N, C, h, w), or None if it is not a map.

    Args:
        activation: shape (N, C, h, w), (N, h, w, C), or tokens (N, L, C).
        height: the image's height in pixels.
        width: the image's width in pixels.
        layer: convolutions and pooling return (N, C, h, w) whatever its proportions; a map of
            other layers has the proportions of the image.
    """
    if activation.ndim == 3:
        return tokens_as_map(activation, height, width)
    if activation.ndim != 4 or activation.shape[2:].numel() < 2:
        return None
    first, second, third = activation.shape[1:]
    if isinstance(layer, SPATIAL) or _proportional(second, third, height, width):
        return activation
    if _proportional(first, second, height, width):
        return activation.permute(0, 3, 1, 2)
    inside = any(isinstance(module, SPATIAL) for module in layer.modules())
    return activation if inside else None


def tokens_as_map(tokens: Tensor, height: int, width: int) -> Tensor | None:
    """Return tokens (N, L, C) as a map (N, C, h, w) with the image's proportions, or None.

    Prefix tokens, which belong to no patch, are dropped.
    """
    count = tokens.shape[1]
    h = isqrt(count * height // width)
    w = round(h * width / height)
    if _proportional(h, w, height, width) and 0 <= count - h * w <= MOST_PREFIX_TOKENS:
        return tokens[:, count - h * w :].unflatten(1, (h, w)).permute(0, 3, 1, 2)
    return None


def _proportional(h: int, w: int, height: int, width: int) -> bool:
    return h * w > 1 and abs(h * width - w * height) <= max(height, width)
