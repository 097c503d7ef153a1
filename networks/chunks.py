"""How many images a network sees at once, where it sees many copies of each."""

from torch import Tensor

# those of 32 images of ImageNet's size: a GPU is idle on fewer, and its memory full of many more
PIXELS_ON_GPU = 32 * 224 * 224


def check_chunk(chunk: int | None) -> None:
    """Raise ValueError for a chunk of no image."""
    if chunk is not None and chunk < 1:
        raise ValueError(f"`chunk` must be at least 1, got {chunk}")


def copies_at_once(chunk: int | None, images: Tensor) -> int:
    """How many copies of all images, (N, C, H, W), make up a chunk, at least one.

    Without a chunk it is the pixels of 32 images of 224 x 224 on a GPU, where few images leave
    most of it idle, and one copy on a CPU, where activations of many leave its caches.
    """
    if chunk is not None:
        return max(1, chunk // len(images))
    return max(1, PIXELS_ON_GPU // images[:, 0].numel()) if images.is_cuda else 1
