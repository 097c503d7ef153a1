"""Fooling success rate: the interval, its ends, and shards."""

import pytest
import torch
from torch import Tensor

from metrics import FoolingSuccessRate, fooled


def rate_of(measure: Tensor, low: float, high: float, shards: int = 1) -> Tensor:
    """The rate over shards of different sizes, merged as processes merge them."""
    total, *others = (FoolingSuccessRate(low, high) for _ in range(shards))
    for metric, shard in zip((total, *others), measure.tensor_split(shards), strict=True):
        for batch in shard.tensor_split(3):
            metric.update(batch)
    for other in others:
        total.merge_state(other)
    result: Tensor = total.compute()
    return result


def test_ends_are_inclusive() -> None:
    measure = torch.tensor([-1.0, 0.0, 0.125, 0.25, 0.375], dtype=torch.float64)
    assert fooled(measure, 0.0, 0.25).tolist() == [False, True, True, True, False]
    torch.testing.assert_close(rate_of(measure, 0.0, 0.25).item(), 3 / 5)
    torch.testing.assert_close(rate_of(measure, 0.0, 0.0).item(), 1 / 5)


def test_nan_is_not_fooled_and_does_not_count() -> None:
    measure = torch.tensor([torch.nan, 0.1, torch.inf, -torch.inf])
    assert fooled(measure, 0.0, 0.2).tolist() == [False, True, False, False]
    torch.testing.assert_close(rate_of(measure, 0.0, 0.2).item(), 1 / 3)
    assert rate_of(measure[:1], 0.0, 0.2).isnan()


def test_identity_manipulation() -> None:
    heatmaps = torch.rand(9, 1, 7, 7, dtype=torch.float64)
    distance = (heatmaps - heatmaps.clone()).square().mean((1, 2, 3))
    assert rate_of(distance, 0.3, float("inf")).item() == 0  # success is to differ
    assert rate_of(distance, 0.0, 0.3).item() == 1  # success is to agree


@pytest.mark.parametrize("shards", [2, 3, 5])
def test_shards_equal_one_pass(shards: int) -> None:
    measure = torch.rand(23)
    whole = rate_of(measure, 0.2, 0.6)
    assert 0 < whole < 1
    torch.testing.assert_close(rate_of(measure, 0.2, 0.6, shards), whole, rtol=0, atol=0)


def test_exact_for_many_images() -> None:
    metric = FoolingSuccessRate(0.0, 0.5)
    metric.update(torch.zeros(2**24))  # float32 could not count one more
    metric.update(torch.tensor([0.1, 1.0, 1.0]))
    torch.testing.assert_close(metric.compute().item(), (2**24 + 1) / (2**24 + 3), rtol=0, atol=0)


def test_reset() -> None:
    metric = FoolingSuccessRate(0.0, 0.5)
    metric.update(torch.ones(3))
    metric.reset()
    metric.update(torch.zeros(2))
    assert metric.compute() == 1


@pytest.mark.parametrize(("low", "high"), [(0.3, 0.2), (0.0, float("nan"))])
def test_invalid_interval(low: float, high: float) -> None:
    with pytest.raises(ValueError, match=f"`low` must not be above `high`, got {low} and {high}"):
        FoolingSuccessRate(low, high)
