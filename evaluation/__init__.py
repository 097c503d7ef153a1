"""Studies of what a manipulation did, their figures and their report."""

from evaluation.active_fooling import ActiveFooling
from evaluation.defense import Defended, Defense
from evaluation.fooling import Fooling
from evaluation.perturbation import Perturbation
from evaluation.randomization import Randomization
from evaluation.study import Study
from evaluation.triggered_fooling import TriggeredFooling

__all__ = [
    "ActiveFooling",
    "Defended",
    "Defense",
    "Fooling",
    "Perturbation",
    "Randomization",
    "Study",
    "TriggeredFooling",
]
