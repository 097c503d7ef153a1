"""Which images are shown, whatever the batches and processes."""

import pytest
import torch
from torch import Tensor

from metrics import Examples
from metrics.examples import SAMPLE


def filled(values: Tensor, indices: Tensor, batch: int = 7) -> Examples:
    metric = Examples(len(values), columns=2)
    for part in indices.split(batch):
        metric.update(part, values[part], torch.stack([10 * values[part], part.to(values)], 1))
    return metric


def indices_of(metric: Examples) -> dict[str, list[int]]:
    return {kind: rows[:, 1].long().tolist() for kind, rows in metric.compute().items()}


def test_best_median_and_worst_of_few_images_are_exact() -> None:
    values = torch.randn(50)
    order = values.argsort().tolist()
    found = indices_of(filled(values, torch.randperm(50)))
    assert found["best"] == order[:3]
    assert found["median"] == order[25:28]
    assert found["worst"] == order[-3:]
    assert len(set(found["random"])) == 3


def test_rows_hold_what_is_shown_with_an_image() -> None:
    values = torch.randn(20, dtype=torch.float64)
    for rows in filled(values, torch.arange(20)).compute().values():
        index = rows[:, 1].long()
        torch.testing.assert_close(rows[:, 0], values[index], rtol=0, atol=0)
        torch.testing.assert_close(rows[:, 2], 10 * values[index], rtol=0, atol=0)
        assert rows[:, 3].tolist() == index.tolist()


def test_of_many_images_as_much_is_kept_as_of_few() -> None:
    values = torch.randn(5000)
    metric = filled(values, torch.arange(5000), batch=100)
    assert metric.sample.shape == (SAMPLE, 4)
    assert metric.lowest.shape == metric.highest.shape == (3, 4)
    assert metric.chosen.untyped_storage().nbytes() == SAMPLE * 8
    order = values.argsort().tolist()
    found = indices_of(metric)
    assert found["best"] == order[:3]
    assert found["worst"] == order[-3:]
    # the median of a sample of 101 lies between the 30th and the 70th of 100 but once in 20,000
    assert 0.3 < order.index(found["median"][0]) / 5000 < 0.7


def test_shards_give_what_one_pass_gives() -> None:
    values = torch.randn(300).round(decimals=1)
    whole, shards = filled(values, torch.arange(300)), []
    for rank in range(3):
        shards.append(filled(values, torch.arange(rank, 300, 3)))
    merged = Examples(300, columns=2)
    merged.lowest = merged._lowest(torch.stack([shard.lowest for shard in shards]))
    merged.highest = merged._highest(torch.stack([shard.highest for shard in shards]))
    merged.seen = torch.stack([shard.seen for shard in shards]).sum(0)
    merged.sample = torch.stack([shard.sample for shard in shards]).sum(0)
    assert indices_of(merged) == indices_of(whole)


def test_a_process_without_images_changes_nothing() -> None:
    values = torch.randn(5)
    one, none = filled(values, torch.arange(5)), Examples(5, columns=2)
    merged = one._lowest(torch.stack([one.lowest, none.lowest]))
    assert merged.equal(one.lowest)


def test_fewer_images_than_are_shown() -> None:
    found = indices_of(filled(torch.tensor([0.5, 0.1]), torch.arange(2)))
    assert found == {"best": [1, 0], "median": [0], "worst": [1, 0], "random": found["random"]}
    assert sorted(found["random"]) == [0, 1]


def test_images_that_were_left_out_are_not_shown() -> None:
    values = torch.rand(50) + 1
    half = torch.arange(25, 50)
    metric = Examples(50, columns=2)
    metric.update(half, values[half], torch.zeros(25, 2))
    found = indices_of(metric)
    assert all(index >= 25 for indices in found.values() for index in indices)
    assert [len(indices) for indices in found.values()] == [3, 3, 3, 3]


@pytest.mark.parametrize("batches", [[[0, 1, 2], [1, 2]], [[3, 4, 3, 4]]])
def test_twice(batches: list[list[int]]) -> None:
    metric = Examples(7, columns=0)
    for batch in batches:
        indices = torch.tensor(batch)
        metric.update(indices, indices.double(), torch.zeros(len(batch), 0))
    with pytest.raises(ValueError, match="2 images were evaluated more than once"):
        metric.compute()
