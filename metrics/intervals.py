"""95 % confidence intervals of rates, means and paired differences."""

from scipy.stats import binomtest, norm
from torch import Tensor

Z = float(norm.ppf(0.975))


def wilson_interval(successes: Tensor) -> tuple[float, float]:
    """Wilson's interval of a rate, from outcomes 0 or 1 of shape (N,) (Wilson 1927)."""
    result = binomtest(int(successes.sum()), len(successes)).proportion_ci(method="wilson")
    return float(result.low), float(result.high)


def mean_interval(values: Tensor) -> tuple[float, float]:
    """Normal interval of a mean, from values of shape (N,); of width 0 for a single value."""
    mean = float(values.mean())
    half = Z * float(values.std()) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return mean - half, mean + half


def paired_interval(first: Tensor, second: Tensor) -> tuple[float, float]:
    """Interval of the difference of two rates of the same images (Agresti and Min 2005).

    Args:
        first: outcomes 0 or 1, shape (N,).
        second: outcomes 0 or 1 of the same images, shape (N,).

    Returns: the ends, as a difference in [-1, 1]; half a count is added to each of four cells.
    """
    images = len(first) + 2
    only_first = float(((first == 1) & (second == 0)).sum()) + 0.5
    only_second = float(((first == 0) & (second == 1)).sum()) + 0.5
    mean = (only_first - only_second) / images
    spread = (only_first + only_second - (only_first - only_second) ** 2 / images) ** 0.5 / images
    return max(-1.0, mean - Z * spread), min(1.0, mean + Z * spread)
