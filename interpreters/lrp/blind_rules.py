"""Rules by which a layer's inputs share whatever they are."""

from dataclasses import dataclass

import torch
from torch import Tensor

from interpreters.lrp.ratio import ratio
from interpreters.lrp.rules import Rule
from interpreters.tape.affine import Affine


@dataclass(frozen=True)
class Flat(Rule):
    """Shares equally among all inputs of an output (Lapuschkin et al. 2019)."""

    def __call__(self, layer: Affine, relevance: Tensor) -> Tensor:
        """1^T (R / n), n the number of inputs."""
        return _shared_blindly(layer, relevance, torch.ones_like(layer.weight))


@dataclass(frozen=True)
class WSquare(Rule):
    """Shares in proportion to the squared weights (Montavon et al. 2017, eq. 12)."""

    def __call__(self, layer: Affine, relevance: Tensor) -> Tensor:
        """(W^2)^T (R / sum of W^2)."""
        return _shared_blindly(layer, relevance, layer.weight.square())


def _shared_blindly(layer: Affine, relevance: Tensor, weight: Tensor) -> Tensor:
    # padding adds nothing, so outputs at the border have fewer inputs
    z = layer.apply(torch.ones_like(layer.input[:1]), weight)
    return layer.transposed(ratio(relevance, z.expand_as(relevance), 0.0), weight)
