"""Which rule goes where."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from interpreters.lrp.blind_rules import Flat
from interpreters.lrp.rules import AlphaBeta, Epsilon, Rule, ZPlus
from interpreters.lrp.sums import Proportional


class Composite(ABC):
    """One rule for each layer."""

    sums: Proportional
    """How the relevance of sums and averages is shared."""

    @property
    @abstractmethod
    def folds(self) -> bool:
        """Whether BatchNorm is folded into the layer before it."""

    @property
    def gates(self) -> bool:
        """Whether BatchNorm and ReLU are taken into the convolution behind them."""
        return False

    @abstractmethod
    def rule(self, name: str, first: bool) -> Rule:
        """The rule of a call of conv1d, conv2d, linear or batch_norm, the first one or another."""


@dataclass(frozen=True)
class ByKind(Composite):
    """One rule for each kind of layer.

    Args:
        convolution: Rule of convolutions.
        linear: Rule of linear layers.
        first: Rule of the first layer, if another one, where the pixels are explained.
        batch_norm: Rule of BatchNorm. If not given it is folded into the layer before it, and
            where there is none it follows the rule of convolutions.
        sums: How the relevance of sums and averages is shared.
    """

    convolution: Rule = ZPlus()
    linear: Rule = Epsilon()
    first: Rule | None = None
    batch_norm: Rule | None = None
    sums: Proportional = Proportional()

    @property
    def folds(self) -> bool:
        """Where BatchNorm has no rule of its own."""
        return self.batch_norm is None

    @property
    def gates(self) -> bool:
        """Where BatchNorm follows the rule of convolutions, and that one knows how."""
        return self.folds and self.convolution.gates

    def rule(self, name: str, first: bool) -> Rule:
        """The rule of the layer's kind; an unfolded BatchNorm is a convolution of one weight."""
        if first and self.first is not None:
            return self.first
        if name == "linear":
            return self.linear
        return (name == "batch_norm" and self.batch_norm) or self.convolution


@dataclass(frozen=True)
class EpsilonPlus(ByKind):
    """Positive contributions in convolutions, all of them in linear layers."""


@dataclass(frozen=True)
class EpsilonEverywhere(ByKind):
    """All contributions everywhere; with small epsilons this is input times gradient."""

    convolution: Rule = Epsilon()


@dataclass(frozen=True)
class EpsilonPlusFlat(ByKind):
    """As EpsilonPlus, and the pixels share equally."""

    first: Rule | None = Flat()


@dataclass(frozen=True)
class EpsilonAlpha2Beta1(ByKind):
    """Positive contributions twice less negative ones in convolutions."""

    convolution: Rule = AlphaBeta(2.0, 1.0)
