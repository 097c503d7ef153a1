"""Every metric on odd heatmaps, logits and values, against slow formulas in double precision."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import slow_losses
import torch
from numpy.typing import NDArray
from torch import Tensor

from evaluation.counts.similarity import SIMILARITIES
from metrics import (
    CalibrationError,
    ClassMeans,
    Examples,
    FoolingSuccessRate,
    Histogram,
    MeanCurve,
    Sample,
    correct,
    mass_accuracy,
    pointing_game,
)

Map = NDArray[np.float64]
NAN, INF = torch.nan, torch.inf
every_precision = pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16]
)


def slow_top_k(first: Map, second: Map) -> float:
    count = max(1, first.size // 10)
    pairs = [sorted(range(each.size), key=lambda i: -each.flat[i]) for each in (first, second)]
    return len(set(pairs[0][:count]) & set(pairs[1][:count])) / count


SLOW: dict[str, Callable[[Map, Map], float]] = {
    "rank_correlation": slow_losses.spearman,
    "correlation": slow_losses.correlation,
    "cosine": lambda a, b: slow_losses.cosine(a, b)[0],
    "top_k_intersection": slow_top_k,
    "mean_square_distance": lambda a, b: slow_losses.unchanged(a, b)[0],
    "center_shift": lambda a, b: slow_losses.center_mass(a[None], b[None])[1],
    "structural_similarity": slow_losses.similarity,
}


def maps(size: tuple[int, int], dtype: torch.dtype) -> dict[str, Tensor]:
    """Heatmaps (2, 1, h, w) of several kinds."""
    values = torch.randn(2, 1, *size, dtype=torch.float64)
    kinds = {"random": values, "ties": (2 * values).round(), "zeros": 0 * values}
    kinds["constant"] = torch.full_like(values, -0.3)
    return {kind: each.to(dtype) for kind, each in kinds.items()}


@pytest.mark.slow
@every_precision
@pytest.mark.parametrize("name", SIMILARITIES)
def test_similarities(name: str, dtype: torch.dtype) -> None:
    measure, _ = SIMILARITIES[name]
    single = torch.promote_types(dtype, torch.float32)
    for size in [(1, 1), (3, 5), (6, 7), (11, 4)]:
        first, second = maps(size, dtype), maps(size, dtype)
        for pair in product(first.values(), second.values()):
            rows = list(zip(*(each[:, 0].double().numpy() for each in pair), strict=True))
            try:
                expected = torch.tensor([SLOW[name](*row) for row in rows], dtype=single)
            except ValueError:
                with pytest.raises(ValueError, match=f"{size[0]}x{size[1]}; choose a layer"):
                    measure(*pair)
                continue
            alone = [measure(*(each[[row]] for each in pair)) for row in (0, 1)]
            for found in (measure(*pair), torch.cat(alone)):
                torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
            assert measure(*(each[:0] for each in pair)).shape == (0,)


def enlarged(heatmap: Map, size: tuple[int, int]) -> Map:
    """Bilinear interpolation between the centres of the positions."""
    axes = []
    for inner, outer in zip(heatmap.shape, size, strict=True):
        places = np.clip((np.arange(outer) + 0.5) * inner / outer - 0.5, 0, inner - 1)
        axes.append(np.stack([np.interp(places, np.arange(inner), row) for row in np.eye(inner)]))
    return axes[0].T @ heatmap @ axes[1]


def covered(mask: Map, size: tuple[int, int]) -> Map:
    """The mean of the mask's pixels that each position touches."""
    rows, columns = (
        [(i * outer // inner, -(-(i + 1) * outer // inner)) for i in range(inner)]
        for outer, inner in zip(mask.shape, size, strict=True)
    )
    return np.array([[mask[a:b, c:d].mean() for c, d in columns] for a, b in rows])


@every_precision
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (6, 7), (12, 16)])
def test_localization(size: tuple[int, int], dtype: torch.dtype) -> None:
    mask = torch.randint(0, 5, (2, 1, 12, 16)) / 4
    for heatmap in maps(size, dtype).values():
        hits, mass = pointing_game(heatmap, mask.to(dtype)), mass_accuracy(heatmap, mask.to(dtype))
        for row in range(2):
            values, inside = heatmap[row, 0].double().numpy(), mask[row, 0].double().numpy()
            large = enlarged(values, (12, 16))
            highest = {bool(x) for x in inside[large >= large.max() - 1e-6] >= 0.5}
            assert bool(hits[row]) in highest
            positive = values.clip(min=0)
            share = (positive * covered(inside, size)).sum() / (positive.sum() or 1.0)
            torch.testing.assert_close(mass[row].item(), share, atol=1e-6, rtol=1e-6)
    for measure in (pointing_game, mass_accuracy):
        assert measure(heatmap[:0], mask[:0]).shape == (0,)


@every_precision
def test_accuracy(dtype: torch.dtype) -> None:
    logits = torch.randint(-2, 3, (60, 5)).to(dtype)
    logits[3], logits[4, 1], logits[5] = NAN, NAN, INF
    labels = torch.arange(60) % 5
    for k in (1, 2, 9):
        expected = [
            not any(map(np.isnan, row)) and label in sorted(range(5), key=lambda i: -row[i])[:k]
            for row, label in zip(logits.tolist(), labels.tolist(), strict=True)
        ]
        assert correct(logits, labels, k).tolist() == expected
        assert correct(logits[:0], labels[:0], k).tolist() == []
    # one logit z is that of the second class
    single = torch.tensor([[0.0], [2.0], [-2.0], [NAN]], dtype=dtype)
    assert correct(single, torch.tensor([0, 1, 1, 0]), 1).tolist() == [True, True, False, False]


@every_precision
def test_calibration(dtype: torch.dtype) -> None:
    logits, labels = (3 * torch.randn(40, 4)).to(dtype), torch.arange(40) % 4
    whole, broken = CalibrationError(), CalibrationError()
    whole.update(logits[1:].double(), labels[1:])
    logits[0, 2] = NAN
    for part in (slice(0, 0), slice(0, 1), slice(1, 40)):
        broken.update(logits[part], labels[part])
    torch.testing.assert_close(broken.compute(), whole.compute(), atol=1e-6, rtol=1e-6)


@every_precision
def test_means(dtype: torch.dtype) -> None:
    """NaN is left out, value by value; infinity is not."""
    values = torch.tensor([[1.5, NAN, NAN], [NAN, 2.0, NAN], [2.5, INF, NAN]]).to(dtype)
    curve, classes = MeanCurve(3), ClassMeans(2, 3)
    for part in (slice(0, 0), slice(0, 1), slice(1, 3)):
        curve.update(values[part])
        classes.update(values[part], torch.tensor([0, 0, 1])[part])
    mean, half, images = curve.compute()
    assert mean.tolist() == pytest.approx([2.0, INF, NAN], nan_ok=True)
    assert images.tolist() == [2, 2, 0]
    assert half[0].item() == pytest.approx(1.959964 * 0.5)
    mean, _, images = classes.compute()
    assert mean[0].tolist() == pytest.approx([1.5, 2.0, NAN], nan_ok=True)
    assert mean[1].tolist() == pytest.approx([2.5, INF, NAN], nan_ok=True)
    assert images.tolist() == [[1, 1, 0], [1, 1, 0]]


@every_precision
def test_counts(dtype: torch.dtype) -> None:
    values = torch.tensor([0.25, NAN, 0.5, INF, -INF, 0.5]).to(dtype)
    rate, histogram = FoolingSuccessRate(0.25, 0.5), Histogram(0.0, 1.0, bins=4)
    for part in (values[:0], values[:1], values[1:]):
        rate.update(part)
        histogram.update(part)
    assert rate.compute().item() == 3 / 5
    assert histogram.compute().tolist() == [1, 1, 2, 1]


@every_precision
def test_shown_images(dtype: torch.dtype) -> None:
    values = torch.tensor([NAN, 3.0, 1.0, NAN, 1.0, 2.0]).to(dtype)
    metric, sample = Examples(6, columns=1), Sample(6, columns=1, count=6)
    for part in (torch.arange(0), torch.arange(6)):
        metric.update(part, values[part], values[part, None])
        sample.update(part, values[part, None])
    found: dict[str, Any] = {kind: rows[:, 1].tolist() for kind, rows in metric.compute().items()}
    assert found["best"] == [2, 4, 5]
    assert found["worst"] == [2, 5, 1]
    assert found["median"] == [5, 1]
    assert len(found["random"]) == 3
    rows = {int(index): value for index, value in sample.compute().tolist()}
    assert [rows[i] for i in range(6)] == pytest.approx(values.tolist(), nan_ok=True)
