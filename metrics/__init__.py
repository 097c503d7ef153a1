"""What a manipulation did, exact over any number of processes."""

from metrics.accuracy import correct
from metrics.fooling_success_rate import FoolingSuccessRate, fooled
from metrics.intervals import mean_interval, paired_interval, wilson_interval
from metrics.mean_curve import MeanCurve
from metrics.per_image import PerImage

__all__ = [
    "FoolingSuccessRate",
    "MeanCurve",
    "PerImage",
    "correct",
    "fooled",
    "mean_interval",
    "paired_interval",
    "wilson_interval",
]
