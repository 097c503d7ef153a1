"""Studies of what a manipulation did, their figures and their report."""

from evaluation.active_fooling import ActiveFooling
from evaluation.attribution import Attribution
from evaluation.curvature_study import Curvature
from evaluation.defense import Defended, Defense
from evaluation.disturbances import FineTuning, ImageNoise, WeightNoise
from evaluation.fooling import Fooling
from evaluation.fragility import Fragility
from evaluation.infidelity import Infidelity
from evaluation.influence import Influence
from evaluation.max_sensitivity import MaxSensitivity
from evaluation.perturbation import Perturbation
from evaluation.randomization import Randomization
from evaluation.stability import Stability
from evaluation.study import Study
from evaluation.transfer import Transfer
from evaluation.triggered_fooling import TriggeredFooling

__all__ = [
    "ActiveFooling",
    "Attribution",
    "Curvature",
    "Defended",
    "Defense",
    "FineTuning",
    "Fooling",
    "Fragility",
    "ImageNoise",
    "Infidelity",
    "Influence",
    "MaxSensitivity",
    "Perturbation",
    "Randomization",
    "Stability",
    "Study",
    "Transfer",
    "TriggeredFooling",
    "WeightNoise",
]
