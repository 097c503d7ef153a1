"""The mean of curves, whatever the batches and processes."""

import pytest
import torch
from scipy.stats import norm, sem

from metrics import MeanCurve


def test_mean_and_interval_of_every_point() -> None:
    curves, metric = torch.randn(23, 4, dtype=torch.float64), MeanCurve(4)
    for part in curves.split(5):
        metric.update(part)
    mean, half, images = metric.compute()
    assert images.eq(23).all()
    torch.testing.assert_close(mean, curves.mean(0))
    for point in range(4):
        values = curves[:, point].numpy()
        low, high = norm.interval(0.95, loc=values.mean(), scale=sem(values))
        assert (mean[point] - half[point]).item() == pytest.approx(low)
        assert (mean[point] + half[point]).item() == pytest.approx(high)


def test_one_image_has_no_width() -> None:
    metric = MeanCurve(2)
    metric.update(torch.tensor([[1.0, -2.0]]))
    torch.testing.assert_close(metric.compute(), torch.tensor([[1, -2], [0, 0], [1, 1]]).double())


def test_states_are_sums() -> None:
    curves = torch.randn(9, 2, dtype=torch.float64)
    parts, whole = [MeanCurve(2) for _ in range(3)], MeanCurve(2)
    whole.update(curves)
    for part, share in zip(parts, curves.split(4), strict=True):
        part.update(share)
    for name in ("total", "squares", "images"):
        torch.testing.assert_close(sum(getattr(p, name) for p in parts), getattr(whole, name))
