"""95 % confidence intervals of rates, paired differences and means, computed from sums."""

from math import nan, sqrt

import torch
from scipy.stats import norm
from torch import Tensor

Z = float(norm.ppf(0.975))


def wilson_interval(successes: int, images: int) -> tuple[float, float]:
    """Return Wilson's 95 % confidence interval of the rate successes / images (Wilson 1927).

    That of no images is NaN.

    Example:
        >>> low, high = wilson_interval(successes=5, images=10)
        >>> round(low, 3), round(high, 3)
        (0.237, 0.763)
    """
    if not images:
        return nan, nan
    middle = successes + Z**2 / 2
    half = Z * sqrt(successes * (images - successes) / images + Z**2 / 4)
    low, high = ((middle + side) / (images + Z**2) for side in (-half, half))
    # rounding must not put a rate of 0 or 1 outside
    return low if successes else 0.0, high if successes < images else 1.0


def paired_interval(only_first: int, only_second: int, images: int) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two rates of the same images.

    It adds half a count to each of the four cells (Agresti and Min 2005).

    Args:
        only_first: number of images that count for the first rate alone.
        only_second: number of images that count for the second rate alone.
        images: number of all images.

    Returns: lower and upper end of first rate - second rate, in [-1, 1].

    Example:
        >>> low, high = paired_interval(only_first=5, only_second=5, images=98)
        >>> round(low, 3), round(high, 3)
        (-0.065, 0.065)
    """
    total = images + 2
    first, second = (only_first + 0.5) / total, (only_second + 0.5) / total
    mean = first - second
    half = Z * ((first + second - mean**2) / total) ** 0.5
    return max(-1.0, mean - half), min(1.0, mean + half)


def mean_interval(total: Tensor, squares: Tensor, images: Tensor) -> Tensor:
    """Return mean, half width of its normal 95 % interval and image count, shape (3, ...).

    Args:
        total: sums of values, any shape.
        squares: sums of squared values, same shape.
        images: number of values, same shape; the mean of none is NaN.
    """
    mean = total / images
    variance = (squares / images - mean.square()).clamp(min=0)
    # the unbiased variance of the sample; a single image gets width 0
    half = Z * (variance / (images - 1).clamp(min=1)).sqrt()
    return torch.stack([mean, half, images.to(mean)])
