"""LRP rules: the relevance of a layer's inputs, given that of its outputs."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from interpreters.lrp.ratio import ratio
from interpreters.tape.affine import Affine, Scale, per_channel


class Rule(ABC):
    """Rule of a layer with weights."""

    @property
    def gates(self) -> bool:
        """True if the rule supports a convolution merged with BatchNorm and ReLU before it."""
        return False

    @abstractmethod
    def __call__(self, layer: Affine, relevance: Tensor) -> Tensor:
        """Return the inputs' relevance, shaped like them, given the outputs'."""


@dataclass(frozen=True)
class Epsilon(Rule):
    """Relevance in proportion to the contributions a * w (Bach et al. 2015, eq. 58).

    Args:
        epsilon: Stabiliser of the denominators, in units of the outputs' root mean square over
            an image; the smaller, the closer to input times gradient.

    Example:
        >>> from interpreters.lrp import LRP, ByKind
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> interpreter = LRP(composite=ByKind(convolution=Epsilon()))
        >>> interpreter(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    epsilon: float = 1e-6

    def __call__(self, layer: Affine, relevance: Tensor) -> Tensor:
        """Return a * W^T (R / z)."""
        shared = layer.transposed(ratio(relevance, layer.output, self.epsilon), layer.weight)
        if layer.shift is None:
            return layer.input * shared
        # the share of a s in a s + b, where the ReLU is active
        let_through = layer.input.detach().sign()
        return (layer.input + per_channel(-layer.shift, shared) * let_through) * shared

    @property
    def gates(self) -> bool:
        """True: the rule has a closed form for them."""
        return True


@dataclass(frozen=True)
class AlphaBeta(Rule):
    """Positive and negative contributions apart (Bach et al. 2015, eq. 60).

    Args:
        alpha: Weight of the positive contributions.
        beta: Weight of the negative ones, alpha - 1.
        epsilon: Stabiliser of the denominators, as in Epsilon.

    Example:
        >>> from interpreters.lrp import LRP, ByKind
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> interpreter = LRP(composite=ByKind(convolution=AlphaBeta(2, 1)))
        >>> interpreter(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    alpha: float = 2.0
    beta: float = 1.0
    epsilon: float = 1e-6

    def __post_init__(self) -> None:
        if self.beta < 0 or abs(self.alpha - self.beta - 1) > 1e-9:
            raise ValueError(
                f"`alpha` - `beta` must be 1 and `beta` not negative, got {self.alpha}, {self.beta}"
            )

    def __call__(self, layer: Affine, relevance: Tensor) -> Tensor:
        """Return alpha times the positive contributions' share, less beta times the negative."""
        w, b = layer.weight, layer.bias
        up, down = w.clamp(min=0), w.clamp(max=0)
        gains = None if b is None else b.clamp(min=0)
        shared = self.alpha * share_by(layer, relevance, (up, down), gains, self.epsilon)
        if self.beta:
            losses = None if b is None else b.clamp(max=0)
            negative = share_by(layer, relevance, (down, up), losses, self.epsilon)
            shared = shared - self.beta * negative
        return shared

    @property
    def gates(self) -> bool:
        """True if only positive contributions count, for which there is a closed form."""
        return self.beta == 0


@dataclass(frozen=True)
class ZPlus(AlphaBeta):
    """Relevance in proportion to positive contributions (Montavon et al. 2017, eq. 17).

    Example:
        >>> from interpreters.lrp import LRP, ByKind
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> interpreter = LRP(composite=ByKind(convolution=ZPlus()))
        >>> interpreter(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    alpha: float = 1.0
    beta: float = 0.0


@dataclass(frozen=True)
class Gamma(Rule):
    """Extra weight for the output's own sign (Montavon et al. 2019; Andeol et al. 2021).

    Args:
        gamma: Extra weight, at least 0; 0 is Epsilon, infinity is ZPlus for positive outputs.
        epsilon: Stabiliser of the denominators, as in Epsilon.

    Example:
        >>> from interpreters.lrp import LRP, ByKind
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> interpreter = LRP(composite=ByKind(convolution=Gamma()))
        >>> interpreter(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    gamma: float = 0.25
    epsilon: float = 1e-6

    def __post_init__(self) -> None:
        if self.gamma < 0:
            raise ValueError(f"`gamma` must not be negative, got {self.gamma}")

    def __call__(self, layer: Affine, relevance: Tensor) -> Tensor:
        """Return shares by w + gamma w+ for positive outputs, w + gamma w- for negative ones."""
        w, b = layer.weight, layer.bias
        up, down = w + self.gamma * w.clamp(min=0), w + self.gamma * w.clamp(max=0)
        gains = None if b is None else b + self.gamma * b.clamp(min=0)
        losses = None if b is None else b + self.gamma * b.clamp(max=0)
        positive = relevance * (layer.output > 0)
        return share_by(layer, positive, (up, down), gains, self.epsilon) + share_by(
            layer, relevance - positive, (down, up), losses, self.epsilon
        )


def share_by(
    layer: Affine,
    relevance: Tensor,
    weights: tuple[Tensor, Tensor],
    bias: Tensor | None,
    epsilon: float,
) -> Tensor:
    """Return relevance in proportion to contributions, by weights for inputs of each sign."""
    if isinstance(layer, Scale):
        # an output has one input
        up, down = (per_channel(weight, layer.input) for weight in weights)
        terms = layer.input * (up if layer.nonnegative else torch.where(layer.input > 0, up, down))
        z = terms if bias is None else terms + per_channel(bias, terms)
        return terms * ratio(relevance, z, epsilon)
    if layer.shift is not None:
        z = layer.apply(layer.input, weights[0], bias)
        # the share of (a s)+ in (a s)+ + b+, where the ReLU is active
        share = (layer.input + per_channel(-layer.shift.clamp(min=0), z)).relu()
        return share * layer.transposed(ratio(relevance, z, epsilon), weights[0])
    if layer.nonnegative:
        parts = [(layer.input, weights[0])]
    else:
        above, below = layer.input.clamp(min=0), layer.input.clamp(max=0)
        parts = [(above, weights[0]), (below, weights[1])]
    z = layer.apply(*parts[0], bias)
    for value, weight in parts[1:]:
        z = z + layer.apply(value, weight)
    shared = ratio(relevance, z, epsilon)
    shares = [value * layer.transposed(shared, weight) for value, weight in parts]
    return shares[0] if len(shares) == 1 else shares[0] + shares[1]
