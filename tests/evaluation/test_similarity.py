"""The similarities of a study, for maps of any size and any number of labels."""

import pytest
import torch

from evaluation.counts.similarity import SIMILARITIES, Similarities, similarities
from losses import spearman


def test_an_image_has_the_mean_over_its_labels() -> None:
    heatmap, reference = torch.randn(2, 3, 2, 8, 8, dtype=torch.float64)
    counter = Similarities(["manipulated"], ["lrp"])
    counter.add("manipulated", "lrp", similarities(heatmap, reference))
    found = {number.name: number for number in counter.measurements()}
    assert set(found) == set(SIMILARITIES)
    pairs = [(heatmap[:, [label]], reference[:, [label]]) for label in (0, 1)]
    expected = torch.cat([spearman(*pair) for pair in pairs]).mean().item()
    assert found["rank_correlation"].value == pytest.approx(expected)
    assert found["rank_correlation"].n == 3


def test_a_heatmap_is_like_itself() -> None:
    heatmap = torch.randn(4, 1, 9, 9)
    counter = Similarities(["control"], ["lrp"])
    counter.add("control", "lrp", similarities(heatmap, heatmap))
    for number in counter.measurements():
        assert number.value == pytest.approx(1 if number.better == "higher" else 0)


def test_maps_too_small_for_the_window_have_no_structural_similarity() -> None:
    heatmap, reference = torch.randn(2, 3, 1, 4, 4)
    counter = Similarities(["manipulated"], ["lrp"])
    counter.add("manipulated", "lrp", similarities(heatmap, reference))
    names = {number.name for number in counter.measurements()}
    assert names == set(SIMILARITIES) - {"structural_similarity"}


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_heatmap_that_is_not_finite_counts_in_no_similarity(value: float) -> None:
    heatmap, reference = torch.randn(2, 3, 1, 8, 8, dtype=torch.float64)
    heatmap[1, 0, 2, 2] = value
    counters = [Similarities(["manipulated"], ["lrp"]) for _ in range(2)]
    counters[0].add("manipulated", "lrp", similarities(heatmap, reference))
    counters[1].add("manipulated", "lrp", similarities(heatmap[::2], reference[::2]))
    found, expected = (counter.measurements() for counter in counters)
    assert found == expected
    assert {number.n for number in found} == {2}
