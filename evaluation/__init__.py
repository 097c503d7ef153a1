"""Studies of manipulated networks and fragile heatmaps, their measurements and their report."""

from evaluation import moved  # noqa: F401  # former modules are found by their old names
from evaluation.attribution.infidelity import Infidelity
from evaluation.attribution.max_sensitivity import MaxSensitivity
from evaluation.attribution.study import Attribution
from evaluation.fills import BlackFill, BlurFill, Fill, LinearImputation, MeanFill, UniformFill
from evaluation.fooling.active import ActiveFooling
from evaluation.fooling.study import Fooling
from evaluation.fooling.triggered import TriggeredFooling
from evaluation.perturbation.study import Perturbation
from evaluation.study import Study

try:
    from evaluation.curvature.study import Curvature
    from evaluation.fragility.selections import CenterDistance, RankCorrelation, TopKIntersection
    from evaluation.fragility.study import Fragility
    from evaluation.influence.study import Influence
except ImportError as e:
    print("TEMP", e)
try:
    from evaluation.defense.study import Defended, Defense
    from evaluation.randomization.study import Randomization
    from evaluation.stability.disturbances import FineTuning, ImageNoise, WeightNoise
    from evaluation.stability.study import Stability
    from evaluation.transfer.study import Transfer
except ImportError as e:
    print("TEMP", e)
