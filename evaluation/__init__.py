"""Studies of manipulated networks and fragile heatmaps, their measurements and their report."""

from evaluation import moved  # noqa: F401  # former modules are found by their old names
from evaluation.attribution.infidelity import Infidelity
from evaluation.attribution.max_sensitivity import MaxSensitivity
from evaluation.attribution.study import Attribution
from evaluation.curvature.study import Curvature
from evaluation.defense.study import Defended, Defense
from evaluation.fills import BlackFill, BlurFill, Fill, LinearImputation, MeanFill, UniformFill
from evaluation.fooling.active import ActiveFooling
from evaluation.fooling.study import Fooling
from evaluation.fooling.triggered import TriggeredFooling
from evaluation.fragility.selections import CenterDistance, RankCorrelation, TopKIntersection
from evaluation.fragility.study import Fragility
from evaluation.influence.study import Influence
from evaluation.perturbation.study import Perturbation
from evaluation.randomization.study import Randomization
from evaluation.stability.disturbances import FineTuning, ImageNoise, WeightNoise
from evaluation.stability.study import Stability
from evaluation.study import Study
from evaluation.transfer.study import Transfer

__all__ = [
    "ActiveFooling",
    "Attribution",
    "BlackFill",
    "BlurFill",
    "CenterDistance",
    "Curvature",
    "Defended",
    "Defense",
    "Fill",
    "FineTuning",
    "Fooling",
    "Fragility",
    "ImageNoise",
    "Infidelity",
    "Influence",
    "LinearImputation",
    "MaxSensitivity",
    "MeanFill",
    "Perturbation",
    "Randomization",
    "RankCorrelation",
    "Stability",
    "Study",
    "TopKIntersection",
    "Transfer",
    "TriggeredFooling",
    "UniformFill",
    "WeightNoise",
]
