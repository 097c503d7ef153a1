"""A GPU gets as many images as fill it, and a chunk is never less than one copy of the batch."""

import pytest
import torch
from torch import Tensor

from networks.chunks import copies_at_once


class OnGPU(Tensor):
    is_cuda = True


@pytest.mark.parametrize(
    ("shape", "copies"),
    [((1, 3, 224, 224), 32), ((3, 3, 224, 224), 10), ((64, 3, 224, 224), 1), ((8, 3, 32, 32), 196)],
)
def test_a_gpu_is_filled(shape: tuple[int, ...], copies: int) -> None:
    assert copies_at_once(None, torch.empty(shape).as_subclass(OnGPU)) == copies


def test_a_cpu_takes_one_copy_at_a_time() -> None:
    assert copies_at_once(None, torch.empty(4, 3, 8, 8)) == 1


@pytest.mark.parametrize(("chunk", "copies"), [(1, 1), (4, 1), (11, 2), (12, 3)])
def test_a_chunk_counts_images(chunk: int, copies: int) -> None:
    assert copies_at_once(chunk, torch.empty(4, 3, 8, 8)) == copies
