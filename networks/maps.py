"""Activations as maps: what lies where in the image."""

from math import isqrt

from torch import Tensor

# class, distillation and register tokens stand before those of the patches
MOST_PREFIX_TOKENS = 8


def as_map(activation: Tensor, height: int, width: int) -> Tensor | None:
    """Arrange a map (N, C, h, w) or (N, h, w, C), or tokens (N, L, C), as (N, C, h, w).

    Tokens lose those in front that belong to no patch. A map's sides have the proportions of the
    image's; what has no such sides is no map, and None comes back.
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
