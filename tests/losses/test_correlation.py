"""Correlations of heatmaps that are not finite, constant, tiny or in half precision."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from losses import cosine, pearson, sign_agreement, spearman

MEASURES = [cosine, pearson, spearman, sign_agreement]
every_measure = pytest.mark.parametrize("measure", MEASURES)
Measure = Callable[[Tensor, Tensor], Tensor]


@every_measure
@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_a_broken_heatmap_has_none(measure: Measure, value: float) -> None:
    heatmap, reference = torch.randn(2, 3, 1, 5, 4)
    broken = heatmap.clone()
    broken[1, 0, 2, 2] = value
    for pair in ((broken, reference), (reference, broken)):
        assert measure(*pair).isnan().tolist() == [False, True, False]


@every_measure
def test_scale_and_precision_do_not_matter(measure: Measure) -> None:
    heatmap, reference = torch.randn(2, 3, 1, 40, 30).half()
    expected = measure(heatmap.float(), reference.float())
    torch.testing.assert_close(measure(heatmap, reference), expected)
    tiny = measure(1e-30 * heatmap.float(), 1e-30 * reference.float())
    torch.testing.assert_close(tiny, expected)


@every_measure
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_zeros_have_none(measure: Measure, dtype: torch.dtype) -> None:
    zeros = torch.zeros(2, 1, 5, 4, dtype=dtype)
    assert measure(zeros, torch.ones_like(zeros)).eq(0).all()
    assert measure(zeros[..., :1, :1], zeros[..., :1, :1]).eq(0).all()
