"""95 % confidence intervals of rates and of paired differences, from counts."""

from scipy.stats import binomtest, norm

Z = float(norm.ppf(0.975))


def wilson_interval(successes: int, images: int) -> tuple[float, float]:
    """Wilson's interval of a rate (Wilson 1927)."""
    result = binomtest(successes, images).proportion_ci(method="wilson")
    return float(result.low), float(result.high)


def paired_interval(only_first: int, only_second: int, images: int) -> tuple[float, float]:
    """Interval of the difference of two rates of the same images (Agresti and Min 2005).

    Args:
        only_first: images that count for the first rate alone.
        only_second: images that count for the second rate alone.
        images: all images.

    Returns: the ends, as a difference in [-1, 1]; half a count is added to each of four cells.
    """
    total = images + 2
    first, second = (only_first + 0.5) / total, (only_second + 0.5) / total
    mean = first - second
    half = Z * ((first + second - mean**2) / total) ** 0.5
    return max(-1.0, mean - half), min(1.0, mean + half)
