"""Measures of a manipulation that are exact over any number of processes."""

from metrics.accuracy import correct
from metrics.calibration import CalibrationError
from metrics.class_means import ClassMeans
from metrics.examples import Examples
from metrics.fooling_success_rate import FoolingSuccessRate, fooled
from metrics.histogram import Histogram
from metrics.intervals import paired_interval, wilson_interval
from metrics.keyed import Keyed, Metrics
from metrics.localization import mass_accuracy, pointing_game
from metrics.mean_curve import MeanCurve
from metrics.overlap import top_k_intersection
from metrics.sample import Sample

__all__ = [
    "CalibrationError",
    "ClassMeans",
    "Examples",
    "FoolingSuccessRate",
    "Histogram",
    "Keyed",
    "MeanCurve",
    "Metrics",
    "Sample",
    "correct",
    "fooled",
    "mass_accuracy",
    "paired_interval",
    "pointing_game",
    "top_k_intersection",
    "wilson_interval",
]
