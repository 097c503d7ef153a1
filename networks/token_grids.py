"""Grids of patches that tokens belong to, read from a network's own forward pass."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from math import isqrt, prod
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn.modules import batchnorm, conv, pooling

from networks.modes import evaluating
from networks.normalized import bare
from networks.plain import plain
from networks.unsupported import UnsupportedError

# by their definition, their output of four dimensions is (N, C, h, w)
SPATIAL = (
    conv._ConvNd,
    batchnorm._NormBase,
    pooling._MaxPoolNd,
    pooling._AvgPoolNd,
    pooling._AdaptiveMaxPoolNd,
    pooling._AdaptiveAvgPoolNd,
)
# class, distillation and register tokens precede the patch tokens
MOST_PREFIX_TOKENS = 8

_found: "WeakKeyDictionary[nn.Module, dict[Hashable, TokenGrids]]" = WeakKeyDictionary()


class Grid(NamedTuple):
    """Rows and columns of patches, and the number of tokens before those of the patches."""

    height: int
    width: int
    prefix: int


@dataclass(frozen=True)
class TokenGrids:
    """The grids by which a network's tokens are read.

    Args:
        image: height and width of the images in pixels.
        sizes: heights and widths of the maps that convolutions and pooling return.
        stated: `num_prefix_tokens` of the network, if it has this attribute.
        shown: number of prefix tokens that the pass shows, if it shows any.
    """

    image: tuple[int, int]
    sizes: tuple[tuple[int, int], ...]
    stated: int | None
    shown: int | None

    def grid(self, count: int) -> Grid | None:
        """Return the grid of this number of tokens, or None if there is none.

        Raises: UnsupportedError: they can be read in more than one way.
        """
        readings = self._readings(count)
        if len(readings) > 1:
            ways = " or ".join(f"{h}x{w} patches and {p} prefix tokens" for h, w, p in readings)
            raise UnsupportedError(
                f"{count} tokens may be {ways}; set `num_prefix_tokens` on the network, make its "
                "patches by a convolution, or choose a `layer` that returns (N, C, h, w)"
            )
        return readings[0] if readings else None

    def _readings(self, count: int) -> list[Grid]:
        seen = {Grid(h, w, count - h * w) for h, w in self.sizes if _is_prefix(count - h * w)}
        if self.stated is None:
            everything = range(MOST_PREFIX_TOKENS + 1)
            return sorted(seen) or self._merged(
                count, everything if self.shown is None else [self.shown]
            )
        # in some networks the prefix tokens join those of the patches late
        for prefix in (self.stated, 0):
            found = sorted(grid for grid in seen if grid.prefix == prefix)
            if found := found or self._merged(count, [prefix]):
                return found
        return []

    def _merged(self, count: int, prefixes: Iterable[int]) -> list[Grid]:
        """Return the grids in the image's proportions, as tokens merged since the last map have."""
        most = max(map(prod, self.sizes), default=count)
        grids = [_in_proportion(count, prefix, *self.image) for prefix in prefixes]
        return [grid for grid in grids if grid is not None and prod(grid[:2]) <= most]


def token_grids(network: nn.Module, images: Tensor) -> TokenGrids:
    """Return the grids of a network for images (N, C, H, W) of this size, found by one pass."""
    modules = list(bare(network).modules())
    known = _found.setdefault(bare(network), {})
    key = (images.shape[1:], _stated(network), *map(id, modules))
    if key not in known:
        outputs: list[tuple[nn.Module, Tensor]] = []

        def keep(module: nn.Module, _inputs: object, output: object) -> None:
            if isinstance(output, Tensor):
                outputs.append((module, output))

        handles = [module.register_forward_hook(keep) for module in modules]
        devices = [images.device] if images.is_cuda else []
        try:
            # past the hooks that count a network's passes
            random, plainly = torch.random.fork_rng(devices), plain(network)
            with torch.no_grad(), random, evaluating(network), plainly:
                network.forward(images[:1].detach())
        finally:
            for handle in handles:
                handle.remove()
        known[key] = grids_of_pass(network, images, outputs)
    return known[key]


def grids_of_pass(
    network: nn.Module, images: Tensor, outputs: Iterable[tuple[nn.Module, Tensor]]
) -> TokenGrids:
    """Return the grids that the outputs of a network's modules show, in the order of the pass."""
    sizes: list[tuple[int, int]] = []
    shown: int | None = None
    for module, output in outputs:
        if isinstance(module, SPATIAL):
            if output.ndim == 4 and output.shape[2:].numel() > 1:
                sizes.append((output.shape[2], output.shape[3]))
        elif output.ndim == 3:
            more = [output.shape[1] - prod(size) for size in sizes]
            shown = next(filter(_is_prefix, reversed(more)), shown)
    return TokenGrids((images.shape[2], images.shape[3]), tuple(sizes), _stated(network), shown)


def _stated(network: nn.Module) -> int | None:
    """Return the number of prefix tokens that was set on the network, inside its wrapper or not."""
    inside: int | None = getattr(bare(network), "num_prefix_tokens", None)
    return getattr(network, "num_prefix_tokens", inside)


def _is_prefix(count: int) -> bool:
    return 0 <= count <= MOST_PREFIX_TOKENS


def _in_proportion(count: int, prefix: int, height: int, width: int) -> Grid | None:
    """Return the grid with the image's proportions that leaves this number of tokens."""
    h = isqrt(max(count - prefix, 0) * height // width)
    w = round(h * width / height)
    fits = h * w == count - prefix and is_proportional(h, w, height, width)
    return Grid(h, w, prefix) if fits else None


def is_proportional(h: int, w: int, height: int, width: int) -> bool:
    """Return True if a map of h x w positions has the proportions of height x width pixels."""
    return h * w > 1 and abs(h * width - w * height) <= max(height, width)
