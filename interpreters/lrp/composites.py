"""Composites: assignments of rules to layers."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from interpreters.lrp.blind_rules import Flat
from interpreters.lrp.rules import AlphaBeta, Epsilon, Rule, ZPlus
from interpreters.lrp.sums import Proportional


class Composite(ABC):
    """Assignment of a rule to each layer."""

    sums: Proportional
    """Rule of sums and averages."""

    @property
    @abstractmethod
    def folds(self) -> bool:
        """True if BatchNorm is folded into the layer before it."""

    @property
    def gates(self) -> bool:
        """True if BatchNorm and ReLU are merged into the convolution behind them."""
        return False

    @abstractmethod
    def rule(self, name: str, first: bool) -> Rule:
        """Return the rule of a layer, by the name of its function, the network's first or not."""


@dataclass(frozen=True)
class ByKind(Composite):
    """Composite with one rule for each kind of layer.

    Args:
        convolution: Rule of convolutions.
        linear: Rule of linear layers.
        first: Rule of the first layer, if the pixels are explained; that of its kind if not given.
        batch_norm: Rule of BatchNorm. If not given, BatchNorm is folded into the layer before it;
            without one it has the rule of convolutions.
        sums: Rule of sums and averages.

    Example:
        >>> from interpreters.lrp import Gamma
        >>> ByKind(convolution=Gamma(0.5)).rule("conv2d", first=False)
        Gamma(gamma=0.5, epsilon=1e-06)
    """

    convolution: Rule = ZPlus()
    linear: Rule = Epsilon()
    first: Rule | None = None
    batch_norm: Rule | None = None
    sums: Proportional = Proportional()

    @property
    def folds(self) -> bool:
        """True if BatchNorm has no rule of its own."""
        return self.batch_norm is None

    @property
    def gates(self) -> bool:
        """True if BatchNorm has the rule of convolutions, and that rule supports it."""
        return self.folds and self.convolution.gates

    def rule(self, name: str, first: bool) -> Rule:
        """Return the rule of the layer's kind; an unfolded BatchNorm counts as a convolution."""
        if first and self.first is not None:
            return self.first
        if name == "linear":
            return self.linear
        return (name == "batch_norm" and self.batch_norm) or self.convolution


@dataclass(frozen=True)
class EpsilonPlus(ByKind):
    """ZPlus in convolutions, Epsilon in linear layers.

    Example:
        >>> EpsilonPlus().rule("conv2d", first=False)
        ZPlus(alpha=1.0, beta=0.0, epsilon=1e-06)
    """


@dataclass(frozen=True)
class EpsilonEverywhere(ByKind):
    """Epsilon in all layers; as epsilon goes to 0, this is input times gradient.

    Example:
        >>> EpsilonEverywhere().rule("conv2d", first=False)
        Epsilon(epsilon=1e-06)
    """

    convolution: Rule = Epsilon()


@dataclass(frozen=True)
class EpsilonPlusFlat(ByKind):
    """Flat in the first layer, ZPlus in other convolutions, Epsilon in linear layers.

    Example:
        >>> EpsilonPlusFlat().rule("conv2d", first=True)
        Flat()
    """

    first: Rule | None = Flat()


@dataclass(frozen=True)
class EpsilonAlpha2Beta1(ByKind):
    """AlphaBeta with alpha 2 and beta 1 in convolutions, Epsilon in linear layers.

    Example:
        >>> EpsilonAlpha2Beta1().rule("conv2d", first=False)
        AlphaBeta(alpha=2.0, beta=1.0, epsilon=1e-06)
    """

    convolution: Rule = AlphaBeta(2.0, 1.0)
