"""Counts in bins, whatever the batches and processes."""

import pytest
import torch

from metrics import Histogram


def test_counts_are_numpys() -> None:
    values, metric = torch.rand(500, dtype=torch.float64) * 3 - 1, Histogram(-1.0, 2.0, 7)
    for part in values.split(64):
        metric.update(part)
    expected = torch.histogram(values, 7, range=(-1.0, 2.0)).hist.long()
    assert metric.compute().equal(expected)
    assert metric.compute().sum() == 500


def test_ends_hold_what_is_beyond_them_and_nan_is_nowhere() -> None:
    metric = Histogram(0.0, 1.0, 4)
    metric.update(torch.tensor([-3.0, 0.0, 0.25, 1.0, 9.0, torch.inf, torch.nan]))
    assert metric.compute().tolist() == [2, 1, 0, 3]


def test_shards_add_up() -> None:
    values = torch.rand(50)
    parts, whole = [Histogram(0.0, 1.0) for _ in range(3)], Histogram(0.0, 1.0)
    whole.update(values)
    for part, share in zip(parts, values.split(20), strict=True):
        part.update(share)
    assert torch.stack([part.counts for part in parts]).sum(0).equal(whole.compute())


def test_bad_ends() -> None:
    with pytest.raises(ValueError, match="`low` must be below `high`, got 1 and 1"):
        Histogram(1, 1)
