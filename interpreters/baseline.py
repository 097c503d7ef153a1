"""Baselines: the plain images that some interpreters compare with."""

from torch import Tensor

Baseline = float | tuple[float, float, float]


def baseline_image(baseline: Baseline, images: Tensor) -> Tensor:
    """Return a plain image (1, 3, H, W) of one value, or of one value for each channel."""
    values = images.new_tensor(baseline).view(1, -1, 1, 1)
    return values.expand(1, *images.shape[1:])


def check_baseline(baseline: Baseline) -> None:
    """Raise ValueError unless every value is in [0, 1]."""
    values = baseline if isinstance(baseline, tuple | list) else (baseline,)
    if not all(0 <= value <= 1 for value in values):
        raise ValueError(f"`baseline` must have pixel values in [0, 1], got {baseline}")
