"""The highest places that two heatmaps share, against sets."""

import pytest
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


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_a_broken_heatmap_has_no_intersection(value: float) -> None:
    heatmap, reference = torch.randn(2, 3, 1, 5, 4)
    expected = top_k_intersection(heatmap, reference)
    broken = heatmap.clone()
    broken[1, 0, 2, 2] = value
    for pair in ((broken, reference), (reference, broken)):
        assert top_k_intersection(*pair).isnan().tolist() == [False, True, False]
    torch.testing.assert_close(top_k_intersection(broken, reference)[::2], expected[::2])


def test_half_precision_constant_maps_and_one_position() -> None:
    heatmap, reference = torch.randn(2, 3, 1, 5, 4).half()
    found = top_k_intersection(heatmap, reference, 0.3)
    torch.testing.assert_close(found, top_k_intersection(heatmap.float(), reference.float(), 0.3))
    assert top_k_intersection(torch.ones(2, 1, 5, 4), torch.zeros(2, 1, 5, 4)).eq(1).all()
    assert top_k_intersection(torch.ones(2, 1, 1, 1), torch.zeros(2, 1, 1, 1)).eq(1).all()
