"""Activations arranged as spatial maps."""

from torch import Tensor, nn

from networks.token_grids import SPATIAL, TokenGrids, is_proportional


def as_map(activation: Tensor, layer: nn.Module, grids: TokenGrids) -> Tensor | None:
    """Return a layer's output as a map (N, C, h, w), or None if it is not a map.

    Args:
        activation: shape (N, C, h, w), (N, h, w, C), or tokens (N, L, C).
        layer: convolutions and pooling return (N, C, h, w) whatever its proportions, and no
            tokens; a map of other layers has the proportions of the image.
        grids: the network's grids of tokens.

    Raises: UnsupportedError: tokens that can be read in more than one way.
    """
    if activation.ndim == 3:
        # those of convolutions and pooling over one dimension are (N, C, L)
        return None if isinstance(layer, SPATIAL) else tokens_as_map(activation, grids)
    return spatial_map(activation, layer, *grids.image)


def spatial_map(activation: Tensor, layer: nn.Module, height: int, width: int) -> Tensor | None:
    """Return an output of four dimensions as a map (N, C, h, w), or None if it is not a map."""
    if activation.ndim != 4 or activation.shape[2:].numel() < 2:
        return None
    first, second, third = activation.shape[1:]
    if isinstance(layer, SPATIAL) or is_proportional(second, third, height, width):
        return activation
    if is_proportional(first, second, height, width):
        return activation.permute(0, 3, 1, 2)
    inside = any(isinstance(module, SPATIAL) for module in layer.modules())
    return activation if inside else None


def tokens_as_map(tokens: Tensor, grids: TokenGrids) -> Tensor | None:
    """Return tokens (N, L, C) as a map (N, C, h, w) without the prefix tokens, or None."""
    grid = grids.grid(tokens.shape[1])
    if grid is None:
        return None
    height, width, prefix = grid
    return tokens[:, prefix:].unflatten(1, (height, width)).permute(0, 3, 1, 2)
