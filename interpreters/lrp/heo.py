"""The composite of the published code of Heo et al. (2019)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from interpreters.lrp.composites import ByKind
from interpreters.lrp.rules import Rule
from interpreters.lrp.sums import Proportional
from interpreters.tape.affine import Affine

STABILIZER = 0.01


def _stabilized(z: Tensor) -> Tensor:
    return z + torch.where(z < 0, -STABILIZER, STABILIZER)


@dataclass(frozen=True)
class HeoLinear(Rule):
    """Epsilon rule with an absolute stabiliser of 0.01."""

    def __call__(self, layer: Affine, relevance: Tensor) -> Tensor:
        """Return a * W^T (R / z)."""
        ratio = relevance / _stabilized(layer.output)
        return layer.input * layer.transposed(ratio, layer.weight)


@dataclass(frozen=True)
class HeoConvolution(Rule):
    """Positive contributions of inputs of both signs, with the bias counted twice."""

    def __call__(self, layer: Affine, relevance: Tensor) -> Tensor:
        """Return a+ * W+^T (R / z) + a- * W-^T (R / z)."""
        above, below = layer.input.clamp(min=0), layer.input.clamp(max=0)
        up, down = layer.weight.clamp(min=0), layer.weight.clamp(max=0)
        z = layer.apply(above, up, layer.bias) + layer.apply(below, down, layer.bias)
        ratio = relevance / _stabilized(z)
        return above * layer.transposed(ratio, up) + below * layer.transposed(ratio, down)


@dataclass(frozen=True)
class Unchanged(Rule):
    """Relevance of each input equal to that of its output."""

    def __call__(self, layer: Affine, relevance: Tensor) -> Tensor:
        """Return R."""
        return relevance


@dataclass(frozen=True)
class Heo(ByKind):
    """Composite of the published code of Heo et al. (2019): BatchNorm is not folded.

    Example:
        >>> Heo().rule("linear", first=False)
        HeoLinear()
    """

    convolution: Rule = HeoConvolution()
    linear: Rule = HeoLinear()
    batch_norm: Rule | None = Unchanged()
    sums: Proportional = Proportional(positive=True, epsilon=1e-12)
