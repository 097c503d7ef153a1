"""Active fooling and its correlations, against slow formulas and scipy."""

import pytest
import torch
from scipy import stats
from torch import Tensor

from losses import Swap, normalize, pearson, sign_agreement, spearman, swap, swapped


def heatmaps(seed: int, channels: int = 2) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(3, channels, 5, 6, generator=random, dtype=torch.float64)


def test_formula() -> None:
    heatmap, reference = normalize(heatmaps(0)), normalize(heatmaps(1))
    first = (heatmap[:, 0] - reference[:, 1]).square().mean((1, 2))
    second = (heatmap[:, 1] - reference[:, 0]).square().mean((1, 2))
    torch.testing.assert_close(Swap()(heatmaps(0), heatmaps(1)), (first + second) / 2)


def test_swapped_maps() -> None:
    reference = heatmaps(2)
    torch.testing.assert_close(swap(reference.flip(1), reference), torch.zeros(3).double())
    correlation = spearman(reference[:, :1], reference[:, 1:])
    measure = swapped(reference.flip(1), reference, spearman)
    torch.testing.assert_close(measure, 1 - correlation)
    torch.testing.assert_close(swapped(reference, reference, spearman), correlation - 1)


def test_each_class_may_come_first() -> None:
    heatmap, reference = heatmaps(3), heatmaps(4)
    torch.testing.assert_close(swap(heatmap.flip(1), reference.flip(1)), swap(heatmap, reference))
    second = spearman(heatmap[:, 1:], reference[:, :1]) - spearman(heatmap[:, 1:], reference[:, 1:])
    torch.testing.assert_close(swapped(heatmap.flip(1), reference.flip(1), spearman), second)


def test_success_is_by_both_measures() -> None:
    heatmap, reference = heatmaps(5), heatmaps(6)
    both = [swapped(heatmap, reference, kind) for kind in (spearman, sign_agreement)]
    torch.testing.assert_close(Swap().measure(heatmap, reference), torch.stack(both).amin(0))


def test_one_map_is_refused() -> None:
    for function in (Swap(), Swap().measure):
        with pytest.raises(ValueError, match=r"heatmaps of two classes.*got \(3, 1, 5, 6\)"):
            function(heatmaps(0, 1), heatmaps(1, 1))


@pytest.mark.parametrize("ties", [False, True])
def test_correlations(ties: bool) -> None:
    first, second = heatmaps(9, 1), heatmaps(10, 1)
    if ties:
        first, second = first.round(), second.clamp(min=0)
    pairs = [(a.flatten().numpy(), b.flatten().numpy()) for a, b in zip(first, second, strict=True)]
    expected = [stats.spearmanr(*pair).statistic for pair in pairs]
    torch.testing.assert_close(spearman(first, second), torch.tensor(expected).double())
    expected = [stats.pearsonr(*pair).statistic for pair in pairs]
    torch.testing.assert_close(pearson(first, second), torch.tensor(expected).double())


def test_sign_agreement() -> None:
    first, second = heatmaps(11, 1), heatmaps(12, 1)
    expected = []
    for pair in zip(first, second, strict=True):
        signs = []
        for heatmap in pair:
            size = heatmap.flatten().abs()
            threshold = float(((size - size.mean()) ** 2).sum() / (size.numel() - 1)) ** 0.5
            signs.append(
                [(v > 0) - (v < 0) if abs(v) > threshold else 0 for v in heatmap.flatten().tolist()]
            )
        expected.append(stats.pearsonr(*signs).statistic)
    torch.testing.assert_close(sign_agreement(first, second), torch.tensor(expected).double())


def test_correlation_with_a_constant_map_is_zero() -> None:
    constant = torch.full((2, 1, 224, 224), 0.1)
    random = torch.rand(2, 1, 224, 224, generator=torch.Generator().manual_seed(0))
    for similarity in (pearson, spearman, sign_agreement):
        assert not similarity(constant, random).any()
        # 50,176 products are added up in single precision
        torch.testing.assert_close(similarity(random, random), torch.ones(2), atol=1e-4, rtol=0)


def test_correlations_do_not_depend_on_the_scale() -> None:
    first, second = heatmaps(13, 1).float(), heatmaps(14, 1).float()
    for similarity in (pearson, spearman, sign_agreement):
        expected = similarity(first, second)
        torch.testing.assert_close(similarity(1e-30 * first, second), expected)
