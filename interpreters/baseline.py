"""The image in which nothing is to be seen, which some interpreters compare with."""

from torch import Tensor

Baseline = float | tuple[float, float, float]


def baseline_image(baseline: Baseline, images: Tensor) -> Tensor:
    """One plain image (1, 3, H, W) of the given value, or of one value for each channel.

    Raises: ValueError: a value is outside [0, 1].
    """
    values = images.new_tensor(baseline).view(1, -1, 1, 1)
    return values.expand(1, *images.shape[1:])


def check_baseline(baseline: Baseline) -> None:
    """Refuse pixel values outside [0, 1]."""
    values = baseline if isinstance(baseline, tuple | list) else (baseline,)
    if not all(0 <= value <= 1 for value in values):
        raise ValueError(f"`baseline` must have pixel values in [0, 1], got {baseline}")
