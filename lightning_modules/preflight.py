"""Checks before any training: the network suits the data, the interpreters can be fooled."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from interpreters import Interpreter
from lightning_modules.data import Data
from networks import evaluating


class NetworkError(ValueError):
    """The network does not suit the data or is no classifier with logits."""


def random_batch(data: Data) -> tuple[Tensor, Tensor]:
    """Two images of noise of the data's size, with the first class as their label."""
    images = torch.rand(2, 3, data.image_size, data.image_size)
    return images, torch.zeros(2, dtype=torch.long)


@torch.no_grad()
def check_classifier(network: nn.Module, data: Data) -> int:
    """Check that the network gives logits, and one for each class of the data.

    Returns: how many logits it gives.

    Raises:
        NetworkError: it refuses the images' size, it ends in softmax, or the data has more classes
            than it has logits.
    """
    with evaluating(network):
        logits = logits_of_noise(network, data)
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        raise NetworkError(f"the network returns {type(logits).__name__}, expected logits (N, K)")
    if logits.shape[1] < len(data.classes):
        raise NetworkError(
            f"the data has {len(data.classes)} classes and the network {logits.shape[1]}; set "
            "`num_classes` of the network, or take the surplus class folders away"
        )
    for sums, name in ((logits.sum(1), "softmax"), (logits.exp().sum(1), "log-softmax")):
        if torch.allclose(sums, torch.ones_like(sums), atol=1e-4) and not (
            name == "softmax" and (logits < 0).any()
        ):
            raise NetworkError(
                f"the network ends in {name}: its outputs are probabilities, whose heatmaps and "
                "cross-entropy are not those of the logits; remove that last layer"
            )
    return logits.shape[1]


def logits_of_noise(network: nn.Module, data: Data) -> Tensor:
    """What the network says of noise; raises NetworkError where it cannot."""
    images = random_batch(data)[0]
    try:
        logits: Tensor = network(images)
    except torch.OutOfMemoryError:
        raise
    except (AssertionError, RuntimeError, ValueError) as error:
        side = data.image_size
        raise NetworkError(
            f"the network cannot classify images of {side}x{side} pixels: {error}. If it was made "
            "for another size, make it for this one, or set `size` where the data have one"
        ) from error
    return logits


def check_fooled(fooled: Mapping[str, Interpreter], watch: Mapping[str, Interpreter]) -> None:
    """Refuse interpreters that no network can learn from, and names that are there twice."""
    if not fooled:
        raise ValueError("`interpreter` is empty; give the interpreter to fool, or several by name")
    for name, interpreter in fooled.items():
        if not interpreter.differentiable:
            raise ValueError(
                f"the heatmaps of `{name}` have no gradient in the weights, so that no network can "
                "learn from them; choose another `interpreter`, and `watch` this one"
            )
    if twice := fooled.keys() & watch.keys():
        raise ValueError(
            f"`watch` has {', '.join(sorted(twice))}, which `interpreter` has too; choose other "
            "names for what is watched"
        )


def check_varies(name: str, heatmap: Tensor) -> None:
    """Refuse heatmaps that say nothing by construction; an empty Grad-CAM may fill again."""
    low, high = heatmap.amin((2, 3)), heatmap.amax((2, 3))
    if ((low == high) & (high != 0)).all():
        raise ValueError(
            f"the heatmaps of `{name}` are the same at every place, whatever the image: behind "
            "this layer only a mean over all places is left, whose gradient has no place. Choose "
            "an earlier `layer`"
        )
