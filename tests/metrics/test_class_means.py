"""The means of each class, whatever the batches and processes."""

import torch
from scipy.stats import norm, sem

from metrics import ClassMeans


def test_means_and_intervals_of_each_class() -> None:
    values, labels = torch.randn(50, 2, dtype=torch.float64), torch.arange(50) % 3
    metric = ClassMeans(4, 2)
    for part, of_part in zip(values.split(7), labels.split(7), strict=True):
        metric.update(part, of_part)
    means, halves, images = metric.compute()
    assert images[:, 0].tolist() == [17, 17, 16, 0]
    for label in range(3):
        mine = values[labels == label]
        torch.testing.assert_close(means[label], mine.mean(0))
        low, high = norm.interval(0.95, loc=mine.mean(0), scale=sem(mine))
        torch.testing.assert_close(means[label] - halves[label], torch.tensor(low))
        torch.testing.assert_close(means[label] + halves[label], torch.tensor(high))
    assert means[3].isnan().all()


def test_states_are_sums() -> None:
    values, labels = torch.randn(9, 1), torch.arange(9) % 2
    parts, whole = [ClassMeans(2) for _ in range(3)], ClassMeans(2)
    whole.update(values, labels)
    for part, share, of_part in zip(parts, values.split(4), labels.split(4), strict=True):
        part.update(share, of_part)
    for name in ("total", "squares", "images"):
        torch.testing.assert_close(sum(getattr(p, name) for p in parts), getattr(whole, name))
