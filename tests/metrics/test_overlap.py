"""The highest places that two heatmaps share, against sets."""

import torch

from metrics import top_k_intersection


def test_is_that_of_sets() -> None:
    heatmap, reference = torch.randn(2, 6, 1, 7, 9)
    expected = []
    for first, second in zip(heatmap.flatten(1), reference.flatten(1), strict=True):
        highest = [set(each.argsort(descending=True)[:12].tolist()) for each in (first, second)]
        expected.append(len(highest[0] & highest[1]) / 12)
    for k in (0.2, 12):
        found = top_k_intersection(heatmap, reference, k)
        torch.testing.assert_close(found, torch.tensor(expected))


def test_limits() -> None:
    heatmap = torch.randn(3, 1, 5, 5)
    assert top_k_intersection(heatmap, 2 * heatmap + 1).eq(1).all()
    assert top_k_intersection(heatmap, -heatmap).eq(0).all()
    assert top_k_intersection(heatmap, heatmap, 0.001).eq(1).all()
