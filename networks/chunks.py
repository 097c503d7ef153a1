"""How many images a network sees at once, where it sees many copies of each."""

from torch import Tensor

# a GPU is idle on a few images; a CPU is slower on many, whose activations leave its caches
ON_GPU = 32


def check_chunk(chunk: int | None) -> None:
    """Raise ValueError for a chunk of no image."""
    if chunk is not None and chunk < 1:
        raise ValueError(f"`chunk` must be at least 1, got {chunk}")


def copies_at_once(chunk: int | None, images: Tensor) -> int:
    """How many copies of all images make up a chunk, at least one.

    Without a chunk it is 32 images on a GPU, and one copy elsewhere.
    """
    wanted = chunk or (ON_GPU if images.is_cuda else len(images))
    return max(1, wanted // len(images))
