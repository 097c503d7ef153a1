"""Activations arranged as spatial maps."""

from math import isqrt

from torch import Tensor

# class, distillation and register tokens precede the patch tokens
MOST_PREFIX_TOKENS = 8


def as_map(activation: Tensor, height: int, width: int) -> Tensor | None:
    """Return an activation as a map (N, C, h, w), or None if it is not a map.

    A map's sides h and w have the proportions of the image's. Prefix tokens, which belong to no
    patch, are dropped.

    Args:
        activation: shape (N, C, h, w), (N, h, w, C), or tokens (N, L, C).
        height: the image's height in pixels.
        width: the image's width in pixels.
    """
    if activation.ndim == 4:
        first, second, third = activation.shape[1:]
        if _proportional(second, third, height, width):
            return activation
        if _proportional(first, second, height, width):
            return activation.permute(0, 3, 1, 2)
    if activation.ndim == 3:
        count = activation.shape[1]
        h = isqrt(count * height // width)
        w = round(h * width / height)
        if _proportional(h, w, height, width) and 0 <= count - h * w <= MOST_PREFIX_TOKENS:
            return activation[:, count - h * w :].unflatten(1, (h, w)).permute(0, 3, 1, 2)
    return None


def _proportional(h: int, w: int, height: int, width: int) -> bool:
    return h * w > 1 and abs(h * width - w * height) <= max(height, width)
