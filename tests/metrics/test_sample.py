"""Images at random are the same whatever the batches, and keep what was found of them."""

import pytest
import torch
from torch import Tensor

from metrics import Sample


def filled(indices: Tensor, batch: int = 7) -> Sample:
    metric = Sample(50, columns=2)
    for part in indices.split(batch):
        metric.update(part, torch.stack([10.0 * part, -part], 1))
    return metric


def expected(indices: Tensor) -> Tensor:
    return torch.stack([indices, 10 * indices, -indices], 1).float()


def test_images_are_the_first_of_a_random_order() -> None:
    order = torch.randperm(50, generator=torch.Generator().manual_seed(0))
    for indices in (torch.arange(50), torch.randperm(50)):
        assert filled(indices).compute().equal(expected(order[:3]))
    # where the first one is not given, another comes in its place
    others = torch.tensor([index for index in range(50) if index != order[0]])
    assert filled(others).compute().equal(expected(order[1:4]))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_images_than_are_kept(count: int) -> None:
    order = torch.randperm(50, generator=torch.Generator().manual_seed(0))
    assert filled(order[:count].flip(0)).compute().equal(expected(order[:count]))


def test_places_are_told_apart_in_half_precision() -> None:
    order = torch.randperm(5000, generator=torch.Generator().manual_seed(0))
    metric = Sample(5000, columns=1)
    for part in order[2048:2060].flip(0).split(5):
        metric.update(part, torch.ones(len(part), 1, dtype=torch.half))
    assert metric.compute()[:, 0].tolist() == order[2048:2051].tolist()


def test_shards_give_what_one_pass_gives() -> None:
    whole = filled(torch.arange(50))
    shards = torch.stack([filled(torch.arange(rank, 50, 3)).rows for rank in range(3)])
    torch.testing.assert_close(whole._first(shards), whole.rows, rtol=0, atol=0)
