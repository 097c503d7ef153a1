"""What a manipulation did, exact over any number of processes."""

from metrics.accuracy import correct
from metrics.calibration import CalibrationError
from metrics.fooling_success_rate import FoolingSuccessRate, fooled
from metrics.intervals import mean_interval, paired_interval, wilson_interval
from metrics.mean_curve import MeanCurve
from metrics.overlap import top_k_intersection
from metrics.per_image import PerImage

__all__ = [
    "CalibrationError",
    "FoolingSuccessRate",
    "MeanCurve",
    "PerImage",
    "correct",
    "fooled",
    "mean_interval",
    "paired_interval",
    "top_k_intersection",
    "wilson_interval",
]
