"""Confidence intervals against their formulas, and their coverage in a simulation."""

import numpy as np
import pytest
import torch

from metrics import MeanCurve, paired_interval, wilson_interval

Z = 1.959963984540054


@pytest.mark.parametrize(
    ("successes", "images"), [(3, 10), (97, 100), (1, 1), (0, 10), (512, 2000)]
)
def test_wilson_formula(successes: int, images: int) -> None:
    rate = successes / images
    centre = rate + Z**2 / (2 * images)
    half = Z * (rate * (1 - rate) / images + Z**2 / (4 * images**2)) ** 0.5
    expected = tuple((centre + sign * half) / (1 + Z**2 / images) for sign in (-1, 1))
    assert wilson_interval(successes, images) == pytest.approx(expected)


@pytest.mark.parametrize("successes", [0, 5])
def test_wilson_stays_within_rates(successes: int) -> None:
    low, high = wilson_interval(successes, 5)
    assert 0 <= low <= successes / 5 <= high <= 1
    assert high - low > 0.1


def brute_paired(table: list[tuple[int, int]]) -> tuple[float, float]:
    """Agresti and Min: Wald's interval of the differences, half a count in each of four cells."""
    weights = dict.fromkeys([(0, 0), (0, 1), (1, 0), (1, 1)], 0.5)
    for pair in table:
        weights[pair] += 1
    total = sum(weights.values())
    mean = sum(weight * (a - b) for (a, b), weight in weights.items()) / total
    square = sum(weight * (a - b - mean) ** 2 for (a, b), weight in weights.items()) / total
    half = Z * (square / total) ** 0.5
    return mean - half, mean + half


@pytest.mark.parametrize("cells", [(20, 3, 8, 40), (0, 0, 0, 50), (5, 0, 9, 30), (1, 40, 2, 3)])
def test_paired_formula(cells: tuple[int, int, int, int]) -> None:
    pairs = [(0, 0), (0, 1), (1, 0), (1, 1)]
    table = [pair for pair, count in zip(pairs, cells, strict=True) for _ in range(count)]
    only_first, only_second = cells[2], cells[1]
    low, high = brute_paired(table)
    assert paired_interval(only_first, only_second, len(table)) == pytest.approx((low, high))
    assert paired_interval(only_second, only_first, len(table)) == pytest.approx((-high, -low))


@pytest.mark.parametrize("images", [1, 2, 5])
def test_paired_stays_within_differences(images: int) -> None:
    low, high = paired_interval(images, 0, images)
    assert -1 <= low < high <= 1


def test_coverage() -> None:
    """Over 1000 samples of 60 images the intervals hold the truth about 95 times in 100."""
    random = np.random.default_rng(0)
    both, only_first, only_second = 0.5, 0.2, 0.1
    draws = torch.from_numpy(random.uniform(size=(1000, 60)))
    first = draws < both + only_first
    second = (draws < both) | ((draws >= 1 - only_second) & (draws < 1))
    values = torch.from_numpy(random.normal(3.0, 2.0, (1000, 60)))
    only = ((first & ~second).sum(1).tolist(), (second & ~first).sum(1).tolist())
    means = MeanCurve(1000)
    means.update(values.T)
    mean, half, _ = means.compute()
    held = {
        "wilson": [wilson_interval(count, 60) for count in first.sum(1).tolist()],
        "mean": torch.stack([mean - half, mean + half], 1).tolist(),
        "paired": [paired_interval(*counts, 60) for counts in zip(*only, strict=True)],
    }
    for name, truth in (("wilson", 0.7), ("mean", 3.0), ("paired", 0.1)):
        coverage = float(np.mean([low <= truth <= high for low, high in held[name]]))
        assert 0.93 <= coverage <= 0.97, name  # two points: three standard errors of 1000 samples
