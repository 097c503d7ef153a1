"""Layer-wise relevance propagation (Bach et al. 2015), its rules and composites."""

from interpreters.lrp.blind_rules import Flat, WSquare
from interpreters.lrp.box import ZBox
from interpreters.lrp.composites import (
    ByKind,
    Composite,
    EpsilonAlpha2Beta1,
    EpsilonEverywhere,
    EpsilonPlus,
    EpsilonPlusFlat,
)
from interpreters.lrp.heo import Heo
from interpreters.lrp.propagation import LRP
from interpreters.lrp.rules import AlphaBeta, Epsilon, Gamma, Rule, ZPlus

__all__ = [
    "LRP",
    "AlphaBeta",
    "ByKind",
    "Composite",
    "Epsilon",
    "EpsilonAlpha2Beta1",
    "EpsilonEverywhere",
    "EpsilonPlus",
    "EpsilonPlusFlat",
    "Flat",
    "Gamma",
    "Heo",
    "Rule",
    "WSquare",
    "ZBox",
    "ZPlus",
]
