"""Training of classifiers, and manipulation of their heatmaps."""

from lightning_modules.active_fooling import ActiveFooling
from lightning_modules.adversarial_training import AdversarialTraining, Trades
from lightning_modules.classifier import Classifier
from lightning_modules.curvature_regularization import CurvatureRegularization
from lightning_modules.manipulation import Manipulation
from lightning_modules.passive_fooling import PassiveFooling
from lightning_modules.schedules import OneCycle, Schedule
from lightning_modules.trigger import Trigger
from lightning_modules.triggered_fooling import TriggeredFooling

__all__ = [
    "ActiveFooling",
    "AdversarialTraining",
    "Classifier",
    "CurvatureRegularization",
    "Manipulation",
    "OneCycle",
    "PassiveFooling",
    "Schedule",
    "Trades",
    "Trigger",
    "TriggeredFooling",
]
