"""Number of images in one forward pass, where a method runs many copies of each image."""

from torch import Tensor

# 32 images of 224 x 224: fewer leave a GPU partly idle, many more exceed its memory
PIXELS_ON_GPU = 32 * 224 * 224


def check_chunk(chunk: int | None) -> None:
    """Raise ValueError if `chunk` is below 1; None stands for the default size."""
    if chunk is not None and chunk < 1:
        raise ValueError(f"`chunk` must be at least 1, got {chunk}")


def copies_at_once(chunk: int | None, images: Tensor) -> int:
    """Return the number of copies of a batch that go through the network at once, at least 1.

    Args:
        chunk: the number of images at once; None chooses 32 images of 224 x 224 pixels, or as many
            pixels of another size, on a GPU, and one copy on a CPU, whose caches hold no more.
        images: shape (N, C, H, W).
    """
    if chunk is not None:
        return max(1, chunk // len(images))
    return max(1, PIXELS_ON_GPU // images[:, 0].numel()) if images.is_cuda else 1
