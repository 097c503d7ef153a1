"""Checks of a loss before training: it may be the user's own."""

import torch
from lightning.pytorch.utilities import rank_zero_warn
from torch import Tensor, nn

from interpreters import Interpreter
from lightning_modules.data import Images, take
from losses import Loss, Unchanged
from metrics import fooled

DOZEN = 12


def check_loss(loss: Loss, heatmap: Tensor) -> None:
    """Raise ValueError unless a loss has one finite value for each image, and a gradient.

    Args:
        loss: the penalty, possibly the user's own.
        heatmap: finite heatmaps (N, L, h, w) with their graph.
    """
    name, values = type(loss).__name__, loss(heatmap, heatmap.detach())
    expected = f"expected one value for each image, shape ({len(heatmap)},)"
    if not isinstance(values, Tensor) or values.shape != (len(heatmap),):
        shape = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(f"the loss {name} returns {shape}, {expected}; take no mean over images")
    if heatmap.isfinite().all() and not values.isfinite().all():
        raise ValueError(
            f"the loss {name} returns {values.tolist()} for heatmaps that are finite; keep "
            "divisions and logarithms away from 0"
        )
    if heatmap.requires_grad and not values.requires_grad:
        raise ValueError(
            f"the loss {name} has no gradient in the heatmap to train with; use differentiable "
            "operations, without `detach`, `.data` or `torch.no_grad`"
        )


@torch.no_grad()
def warn_if_fooled(
    name: str, interpreter: Interpreter, loss: Loss, network: nn.Module, images: Images
) -> None:
    """Warn if a dozen heatmaps of the original network all count as fooled already.

    Args:
        name: name of the interpreter.
        interpreter: makes the heatmaps.
        loss: says what counts as fooled; `Unchanged`, which is to hold for them, is left out.
        network: the original network.
        images: images of a split, with the classes that are explained.
    """
    if isinstance(loss, Unchanged):
        return
    count = min(DOZEN, len(images))
    measures = []
    # one at a time: a dozen may need more memory than a batch of the training
    for number in range(count):
        image, label, _ = take(images, [number * len(images) // count])
        heatmap = interpreter(network, image, label).heatmap
        measures.append(loss.measure(heatmap, heatmap))
    if not fooled(torch.cat(measures), *loss.success).all():
        return
    low, high = loss.success
    rank_zero_warn(
        f"{count} of {count} heatmaps of `{name}` already count as fooled before training: their "
        f"success measure by {type(loss).__name__} lies in [{low:g}, {high:g}]. The success rate "
        "would say nothing; set another `success`, or begin with another network"
    )
