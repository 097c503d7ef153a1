"""Last layers fitted to training images, and the influences on their predictions."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from tqdm import tqdm

from interpreters.influence import InfluenceFunctions, Influences
from lightning_modules.data import Images, take
from networks import Refitted, features

AT_ONCE = 64


class Fit(NamedTuple):
    """A network with its last layer fitted, and the influences on that layer's predictions."""

    network: Refitted
    influences: Influences


def fitted(
    network: nn.Module,
    functions: Mapping[str, InfluenceFunctions],
    read: Tensor,
    labels: Tensor,
    classes: int,
) -> dict[str, Fit]:
    """Fit the last layer of a network for each of some influence functions, by their names.

    Args:
        network: ends in a linear layer.
        functions: by name.
        read: features of the training images, shape (N, D).
        labels: their labels, shape (N,).
        classes: how many there are.
    """
    found = {}
    for name, each in functions.items():
        influences = each.fit(read, labels, classes)
        weight, bias = (part.to(read) for part in influences.layer)
        found[name] = Fit(Refitted(network, weight, bias), influences)
    return found


@torch.no_grad()
def training_features(
    network: nn.Module, train: Images, chosen: Tensor, like: Tensor, title: str | None
) -> tuple[Tensor, Tensor]:
    """Return features (N, D) and labels (N,) of training images.

    Args:
        network: ends in a linear layer.
        train: the training images.
        chosen: indices of those that are read, shape (N,).
        like: a tensor on the device, and of the precision, that the network has.
        title: of the progress bar; none is shown if not given.
    """
    read, labels = [], []
    for group in tqdm(chosen.split(AT_ONCE), title, disable=title is None):
        images, classes, _ = take(train, group.tolist())
        read.append(features(network, images.to(like))[1])
        labels.append(classes.to(like.device))
    return torch.cat(read), torch.cat(labels)
