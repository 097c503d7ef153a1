"""Checks before training: the network fits the data, the interpreters can be trained on."""

from collections.abc import Mapping
from itertools import zip_longest

import torch
from torch import Tensor, nn

from binary import two_logits
from interpreters import Interpreter
from lightning_modules.data import Data, channels_of
from networks import evaluating
from networks.normalized import bare
from networks.zero_shot import ZeroShot


class NetworkError(ValueError):
    """The network does not fit the data or returns no logits."""


def random_batch(data: Data) -> tuple[Tensor, Tensor]:
    """Return two images of noise of the data's size, with the first class as their label."""
    images = torch.rand(2, channels_of(data), data.image_size, data.image_size)
    return images, torch.zeros(2, dtype=torch.long)


@torch.no_grad()
def check_classifier(network: nn.Module, data: Data) -> int:
    """Check that the network returns logits, one for each class of the data.

    Returns: the number of logits.

    Raises:
        NetworkError: it does not support the images' size or channels, it ends in softmax, its
            logits are not finite, or the data has other classes.
    """
    with evaluating(network):
        logits = logits_of_noise(network, data)
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        raise NetworkError(
            f"the network returns {type(logits).__name__}, expected logits (N, K); wrap it in "
            "networks.NormalizedNetwork, which reads them from the outputs of other libraries"
        )
    logits = two_logits(logits)
    if not logits.isfinite().all():
        raise NetworkError(
            "the network returns NaN or infinity for images of noise; its weights may not be "
            "finite: train it again, or load other weights"
        )
    if logits.shape[1] != len(data.classes):
        raise NetworkError(
            f"the data has {len(data.classes)} classes and the network {logits.shape[1]}; set "
            "`num_classes` of the network, or give the network's own classes in their order to the "
            "data (ImageFolder's `classes`)"
        )
    _check_names(network, data)
    for sums, name in ((logits.sum(1), "softmax"), (logits.exp().sum(1), "log-softmax")):
        if torch.allclose(sums, torch.ones_like(sums), atol=1e-4) and not (
            name == "softmax" and (logits < 0).any()
        ):
            raise NetworkError(
                f"the network ends in {name}, expected logits; remove that last layer"
            )
    return logits.shape[1]


def _check_names(network: nn.Module, data: Data) -> None:
    """Raise NetworkError if a zero-shot classifier names its classes, and not as the data do."""
    inner = bare(network)
    # `classes` of any other network may be something else, such as their number
    names = inner.classes if isinstance(inner, ZeroShot) else None
    if names is None or names == tuple(data.classes):
        return
    pairs = zip_longest(names, data.classes)
    number, (ours, theirs) = next(each for each in enumerate(pairs) if each[1][0] != each[1][1])
    raise NetworkError(
        f"class {number} is `{ours}` in the network and `{theirs}` in the data; give the network's "
        f"`classes` and texts in the order of the data: {', '.join(data.classes[:5])}, ..."
    )


def logits_of_noise(network: nn.Module, data: Data) -> Tensor:
    """Return the network's logits of noise; raises NetworkError if it fails."""
    images = random_batch(data)[0]
    try:
        logits: Tensor = network(images)
    except torch.OutOfMemoryError:
        raise
    except (AssertionError, RuntimeError, ValueError) as error:
        side = data.image_size
        raise NetworkError(
            f"the network cannot classify images of {side}x{side} pixels: {error}. If it was made "
            "for another size, make it for this one, or set `size` where the data have one; the "
            f"data have {channels_of(data)} channels"
        ) from error
    return logits


def check_fooled(fooled: Mapping[str, Interpreter], watch: Mapping[str, Interpreter]) -> None:
    """Raise ValueError for interpreters that are not differentiable, and for duplicate names."""
    if not fooled:
        raise ValueError("`interpreter` is empty; give the interpreter to fool, or several by name")
    for name, interpreter in fooled.items():
        if not interpreter.differentiable:
            raise ValueError(
                f"the heatmaps of `{name}` have no gradient in the weights to train with; choose a "
                "differentiable `interpreter`, and `watch` this one"
            )
    if twice := fooled.keys() & watch.keys():
        raise ValueError(
            f"`watch` and `interpreter` both have {', '.join(sorted(twice))}; choose another name "
            "in `watch`"
        )


def check_varies(name: str, heatmap: Tensor) -> None:
    """Raise ValueError if all heatmaps are constant but not 0, which no training changes."""
    low, high = heatmap.amin((2, 3)), heatmap.amax((2, 3))
    if ((low == high) & (high != 0)).all():
        raise ValueError(
            f"the heatmaps of `{name}` are constant, because only a mean over all positions "
            "follows this layer, whose gradient is the same everywhere; choose an earlier `layer`"
        )
