"""Rules that do not depend on the values of a layer's inputs."""

from dataclasses import dataclass

import torch
from torch import Tensor

from interpreters.lrp.ratio import ratio
from interpreters.lrp.rules import Rule
from interpreters.tape.affine import Affine


@dataclass(frozen=True)
class Flat(Rule):
    """Equal relevance for all inputs of an output (Lapuschkin et al. 2019).

    Example:
        >>> from interpreters.lrp import LRP, ByKind
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> interpreter = LRP(composite=ByKind(first=Flat()))
        >>> interpreter(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    def __call__(self, layer: Affine, relevance: Tensor) -> Tensor:
        """Return 1^T (R / n), n the number of inputs."""
        return _shared_blindly(layer, relevance, torch.ones_like(layer.weight))


@dataclass(frozen=True)
class WSquare(Rule):
    """Relevance in proportion to the squared weights (Montavon et al. 2017, eq. 12).

    Example:
        >>> from interpreters.lrp import LRP, ByKind
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> interpreter = LRP(composite=ByKind(first=WSquare()))
        >>> interpreter(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    def __call__(self, layer: Affine, relevance: Tensor) -> Tensor:
        """Return (W^2)^T (R / sum of W^2)."""
        return _shared_blindly(layer, relevance, layer.weight.square())


def _shared_blindly(layer: Affine, relevance: Tensor, weight: Tensor) -> Tensor:
    # padding is no input, so that outputs at the border have fewer
    z = layer.apply(torch.ones_like(layer.input[:1]), weight)
    return layer.transposed(ratio(relevance, z.expand_as(relevance), 0.0), weight)
