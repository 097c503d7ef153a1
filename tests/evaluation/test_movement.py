"""Every measure of what an attack moved, against its formula."""

import pytest
import torch
from scipy.ndimage import gaussian_filter
from scipy.stats import spearmanr
from torch import Tensor

from evaluation.fragility.movement import MEASURES, movement
from interpreters import Explanation

K = 20


def centre(size: Tensor) -> Tensor:
    """Mean row and column of a map, weighted by its size."""
    positions = torch.cartesian_prod(torch.arange(12.0), torch.arange(18.0)).double()
    return (size.flatten()[:, None] * positions).sum(0) / size.sum()


def structural_similarity(first: Tensor, second: Tensor) -> float:
    """Wang et al. 2004, equation 13, with their Gaussian of 11 pixels, mirrored at the border."""

    def blurred(values: Tensor) -> Tensor:
        # truncated at 5 pixels
        made = gaussian_filter(values.numpy(), 1.5, mode="mirror", truncate=3.5, axes=(1, 2))
        return torch.from_numpy(made)

    means = [blurred(each) for each in (first, second)]
    variances = [
        blurred(each * each) - mean * mean
        for each, mean in zip((first, second), means, strict=True)
    ]
    covariance = blurred(first * second) - means[0] * means[1]
    above = (2 * means[0] * means[1] + 0.01**2) * (2 * covariance + 0.03**2)
    below = (means[0] ** 2 + means[1] ** 2 + 0.01**2) * (sum(variances) + 0.03**2)
    return float((above / below).mean())


def test_measures() -> None:
    torch.manual_seed(0)
    images = torch.rand(4, 3, 24, 36, dtype=torch.float64)
    attacked = (images + 0.1 * torch.randn_like(images)).clamp(0, 1)
    before, after = (
        Explanation(torch.randn(4, 5).double(), torch.randn(4, 1, 12, 18).double()) for _ in "ab"
    )
    found = movement(before, after, images, attacked, K)
    flips = 0
    for row in range(4):
        first, second = (each.heatmap[row, 0].abs() for each in (before, after))
        highest = [set(size.flatten().argsort()[-K:].tolist()) for size in (first, second)]
        shift = centre(second) - centre(first)
        same = before.logits[row].argmax() == after.logits[row].argmax()
        confidence = [each.logits[row].softmax(0).max() for each in (before, after)]
        change = 255 * (attacked[row] - images[row])
        expected = {
            "top_k_intersection": len(highest[0] & highest[1]) / K,
            "rank_correlation": spearmanr(first.flatten(), second.flatten()).statistic,
            "center_distance": shift.norm(),
            "center_distance_share": (shift / torch.tensor([12, 18])).norm(),
            "label_unchanged": float(same),
            "confidence_change": confidence[1] - confidence[0],
            "image_similarity": structural_similarity(images[row], attacked[row]),
            "largest_change": change.abs().max(),
            "change_length": change.square().sum().sqrt(),
        }
        actual = dict(zip(MEASURES, found[row].tolist(), strict=True))
        assert actual == pytest.approx({name: float(value) for name, value in expected.items()})
        flips += not same
    assert 0 < flips < 4
