"""Every loss and its success measure, of one image, as slow formulas in double precision.

Heatmaps are arrays (L, h, w); a map that the loss cannot take raises ValueError.
"""

from collections.abc import Callable
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata

Map = NDArray[np.float64]
# from heatmaps and references (L, h, w) to the loss and the success measure
Slow = Callable[[Map, Map], tuple[float, float]]


def normalized(values: Map) -> Map:
    low, high = values.min(), values.max()
    return np.zeros_like(values) if low == high else (values - low) / (high - low)


def correlation(first: Map, second: Map) -> float:
    a, b = first - first.mean(), second - second.mean()
    size = np.sqrt((a * a).sum() * (b * b).sum())
    # what is constant but for rounding
    flat = min(np.ptp(first), np.ptp(second)) == 0
    return 0.0 if flat else float((a * b).sum() / size)


def spearman(first: Map, second: Map) -> float:
    ranks = (rankdata(each).reshape(each.shape) for each in (first, second))
    return correlation(*ranks)


def signs(values: Map) -> Map:
    sizes = np.abs(values)
    deviation = sizes.std(ddof=1) if sizes.size > 1 else 0.0
    # constant maps have a deviation of rounding alone
    deviation = deviation if np.ptp(sizes) else 0.0
    return np.sign(values) * (sizes > deviation)


def center(values: Map) -> Map:
    mass = normalized(values)
    mass = mass if mass.any() else np.ones_like(mass)
    places = np.indices(mass.shape).reshape(2, -1)
    return (places * mass.ravel()).sum(1) / mass.sum()


def similarity(first: Map, second: Map) -> float:
    if min(first.shape) < 6:
        raise ValueError("smaller than half the window")

    def smooth(values: Map) -> Map:
        return gaussian_filter(values, 1.5, mode="mirror", truncate=3.5)

    a, b = normalized(first), normalized(second)
    means = smooth(a), smooth(b)
    variances = smooth(a * a) - means[0] ** 2 + smooth(b * b) - means[1] ** 2
    covariance = smooth(a * b) - means[0] * means[1]
    luminance = (2 * means[0] * means[1] + 1e-4) / (means[0] ** 2 + means[1] ** 2 + 1e-4)
    return float((luminance * (2 * covariance + 9e-4) / (variances + 9e-4)).mean())


def shape_of(name: str, height: int, width: int) -> Map:
    y = ((2 * np.arange(height) + 1) / height - 1)[:, None]
    x = ((2 * np.arange(width) + 1) / width - 1)[None]
    inside: Any = {"cross": (abs(y) < 0.2) | (abs(x) < 0.2), "disk": y * y + x * x < 0.25}[name]
    if inside.all() or not inside.any():
        raise ValueError("without contrast")
    return inside.astype(float)


def location(heatmap: Map, _reference: Map) -> tuple[float, float]:
    _, height, width = heatmap.shape
    border, rows, columns = np.ones((height, width)), max(1, height // 7), max(1, width // 7)
    if 2 * rows >= height or 2 * columns >= width:
        raise ValueError("no inside")
    border[rows:-rows, columns:-columns] = 0
    return (((normalized(heatmap[0]) - border) ** 2).mean(),) * 2


def top_k(heatmap: Map, reference: Map) -> tuple[float, float]:
    count = reference.size // 10
    if not count:
        raise ValueError("less than one position")
    highest = sorted(range(reference.size), key=lambda i: -reference.flat[i])[:count]
    return (float(np.mean([normalized(heatmap[0]).flat[i] ** 2 for i in highest])),) * 2


def center_mass(heatmap: Map, reference: Map) -> tuple[float, float]:
    shift = center(heatmap[0]) - center(reference[0])
    sides = [max(1, n - 1) for n in heatmap.shape[1:]]
    return float(-np.abs(shift).sum()), float(np.sqrt(((shift / sides) ** 2).mean()))


def swap(heatmap: Map, reference: Map) -> tuple[float, float]:
    pairs = zip(heatmap, reference[::-1], strict=True)
    loss = np.mean([(normalized(a) - normalized(b)) ** 2 for a, b in pairs])
    own, other = reference
    ranked = spearman(heatmap[0], other) - spearman(heatmap[0], own)
    large = [signs(each) for each in (heatmap[0], other, own)]
    signed = correlation(large[0], large[1]) - correlation(large[0], large[2])
    return float(loss), min(ranked, signed)


def target_cross(heatmap: Map, _reference: Map) -> tuple[float, float]:
    target = shape_of("cross", *heatmap.shape[1:])
    return (((normalized(heatmap[0]) - target) ** 2).mean(),) * 2


def target_disk(heatmap: Map, _reference: Map) -> tuple[float, float]:
    return (1 - similarity(heatmap[0], shape_of("disk", *heatmap.shape[1:])),) * 2


def cosine(heatmap: Map, reference: Map) -> tuple[float, float]:
    size = np.sqrt((heatmap**2).sum() * (reference**2).sum())
    return (float((heatmap * reference).sum() / size) if size else 0.0,) * 2


def pearson(heatmap: Map, reference: Map) -> tuple[float, float]:
    return (correlation(heatmap, reference),) * 2


def ssim(heatmap: Map, reference: Map) -> tuple[float, float]:
    return (similarity(heatmap[0], reference[0]),) * 2


def entropy(heatmap: Map, _reference: Map) -> tuple[float, float]:
    if heatmap.size == 1:
        raise ValueError("one position")
    mass = normalized(heatmap).ravel()
    shares = mass / mass.sum() if mass.any() else np.full(mass.size, 1 / mass.size)
    return (1 + sum(p * log(p) for p in shares if p) / log(mass.size),) * 2


def unchanged(heatmap: Map, reference: Map) -> tuple[float, float]:
    return (((normalized(heatmap) - normalized(reference)) ** 2).mean(),) * 2
