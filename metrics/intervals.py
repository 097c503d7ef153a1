"""95 % confidence intervals of rates, of paired differences and of means, from sums."""

import torch
from scipy.stats import binomtest, norm
from torch import Tensor

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


def mean_interval(total: Tensor, squares: Tensor, images: Tensor) -> Tensor:
    """Mean, half the width of its normal interval, and the images, stacked first.

    Args:
        total: sums of values, of any shape.
        squares: sums of their squares, likewise.
        images: how many values there were, likewise; a mean of none is NaN.
    """
    mean = total / images
    spread = (squares / images - mean.square()).clamp(min=0)
    # the sample's variance, of width 0 for a single image
    half = Z * (spread / (images - 1).clamp(min=1)).sqrt()
    return torch.stack([mean, half, images.to(mean)])
