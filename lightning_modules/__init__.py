"""Training: classifiers, and classifiers whose heatmaps lie."""

from lightning_modules.classifier import Classifier
from lightning_modules.passive_fooling import PassiveFooling
from lightning_modules.schedules import OneCycle, Schedule

__all__ = ["Classifier", "OneCycle", "PassiveFooling", "Schedule"]
