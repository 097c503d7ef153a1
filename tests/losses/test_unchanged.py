"""What stays the original heatmap."""

import torch

from losses import Unchanged, normalize, unchanged


def test_distance_of_normalised_heatmaps() -> None:
    heatmap, reference = torch.randn(2, 3, 1, 4, 5, dtype=torch.float64)
    expected = torch.stack(
        [
            (normalize(h[None]) - normalize(r[None])).pow(2).sum() / 20
            for h, r in zip(heatmap, reference, strict=True)
        ]
    )
    torch.testing.assert_close(unchanged(heatmap, reference), expected)
    torch.testing.assert_close(Unchanged()(heatmap, reference), expected)


def test_scale_and_shift_are_no_change() -> None:
    heatmap = torch.randn(2, 1, 4, 4, dtype=torch.float64)
    torch.testing.assert_close(unchanged(3 * heatmap + 1, heatmap), torch.zeros(2).double())
