"""Refusal of layers whose output cannot be explained."""

from torch import Tensor, nn

from networks.last_map import LayerError
from networks.maps import spatial_map
from networks.token_grids import SPATIAL


def check_activation(
    module: nn.Module, output: object, layer: str, seen: list[Tensor], images: Tensor
) -> Tensor:
    """Return a layer's output as (N, C, h, w), or tokens; raises LayerError if it is no map.

    It raises it too unless the output is the layer's first, and has a map of each image.
    """
    if seen:
        raise LayerError(
            f"the layer `{layer}` runs more than once in a forward pass, so its activation is not "
            "one map; choose the module around it"
        )
    shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
    if isinstance(output, Tensor) and output.is_inference():
        raise LayerError(
            f"the network runs the layer `{layer}` in inference mode, which has no gradient; use "
            "torch.no_grad() there, or choose a layer behind it"
        )
    if isinstance(output, Tensor) and output.ndim and len(output) != len(images):
        raise LayerError(
            f"the layer `{layer}` returns {shape} for {len(images)} images, expected one map of "
            "each in the first dimension; choose another layer, or give layers of sequences "
            "batch_first=True"
        )
    # the grid of tokens is known when the pass is done
    if isinstance(output, Tensor) and output.ndim == 3 and not isinstance(module, SPATIAL):
        return output
    arranged = None
    if isinstance(output, Tensor):
        arranged = spatial_map(output, module, *images.shape[2:])
    if arranged is None:
        raise no_map(layer, shape)
    return arranged


def no_map(layer: str, returned: object) -> LayerError:
    """Return the error for a layer whose output, a shape or another type, is no map."""
    return LayerError(
        f"the layer `{layer}` returns {returned}, expected a map (N, C, h, w) or (N, h, w, C), or "
        'tokens (N, L, C); choose another layer, or "last"'
    )


def as_returned(kept: Tensor, arranged: Tensor, output: Tensor) -> Tensor:
    """Return what is kept of a layer's output with its dimensions as they were returned."""
    return kept if arranged is output else kept.permute(0, 2, 3, 1)


def cut_off() -> LayerError:
    """Return the error for logits that do not depend on what is explained."""
    return LayerError(
        "the logits do not depend on the chosen layer or pixels, or the network cuts their "
        "gradient by torch.no_grad(), torch.inference_mode() or detach; choose a `layer` behind "
        "that part, or remove the cut"
    )
