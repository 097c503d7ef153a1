"""What images are, for all that take them: values in [0, 1], as networks normalise them inside."""

from torch import Tensor


def check_pixels(images: Tensor) -> None:
    """Raise ValueError unless the images (N, 3, H, W) are there, floating point and in [0, 1]."""
    if not images.is_floating_point() or not len(images):
        raise ValueError(
            f"`images` must be floating-point tensors of at least one image, got {images.dtype} of "
            f"shape {tuple(images.shape)}; divide bytes by 255"
        )
    low, high = (float(value) for value in images.aminmax())
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"`images` must have values in [0, 1], got {low:g} to {high:g}; do not normalise them, "
            "the networks do that inside"
        )
