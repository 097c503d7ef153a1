"""A table of values per image, from one process or several."""

import pytest
import torch
from torch import Tensor

from metrics import PerImage

COLUMNS = ("loss", "correct")
TABLE = {"loss": torch.rand(7, dtype=torch.float64), "correct": torch.arange(7) % 2 == 0}


def rows(indices: list[int]) -> tuple[Tensor, dict[str, Tensor]]:
    return torch.tensor(indices), {name: column[indices] for name, column in TABLE.items()}


def filled(*batches: list[int]) -> PerImage:
    metric = PerImage(7, COLUMNS)
    for indices in batches:
        metric.update(*rows(indices))
    return metric


def assert_is_table(metric: PerImage) -> None:
    expected = {name: column.double() for name, column in TABLE.items()}
    result = metric.table()
    assert list(result) == ["index", *COLUMNS]
    torch.testing.assert_close(result.pop("index"), torch.arange(7))
    torch.testing.assert_close(result, expected, rtol=0, atol=0)


def test_rows_in_any_order() -> None:
    assert_is_table(filled([6, 0, 3], [2, 1], [4, 5]))


def test_two_shards_equal_one_pass() -> None:
    metric = filled([0, 2], [4, 6])
    metric.merge_state(filled([1, 3, 5]))
    assert_is_table(metric)


def test_only_filled_rows() -> None:
    result = filled([5], [2]).table()
    assert result["index"].tolist() == [2, 5]
    torch.testing.assert_close(result["loss"], TABLE["loss"][[2, 5]], rtol=0, atol=0)


def test_zero_and_nan_are_values() -> None:
    metric = PerImage(3, ("loss",))
    metric.update(torch.tensor([1, 2]), {"loss": torch.tensor([0.0, torch.nan])})
    metric.merge_state(PerImage(3, ("loss",)))
    result = metric.table()
    assert result["index"].tolist() == [1, 2]
    torch.testing.assert_close(
        result["loss"], torch.tensor([0.0, torch.nan], dtype=torch.float64), equal_nan=True
    )


def test_twice_in_two_batches() -> None:
    with pytest.raises(ValueError, match="2 images were evaluated more than once"):
        filled([0, 1, 2], [1, 2]).table()


def test_twice_in_two_shards() -> None:
    metric = filled([0, 1])
    metric.merge_state(filled([1]))
    with pytest.raises(ValueError, match="1 images were evaluated more than once"):
        metric.table()


def test_twice_in_one_batch() -> None:
    with pytest.raises(ValueError, match="1 images were evaluated more than once"):
        filled([3, 3]).table()


def test_table_of_one_image() -> None:
    result = filled([4]).table()
    assert {name: column.shape for name, column in result.items()} == dict.fromkeys(
        ("index", *COLUMNS), (1,)
    )


def test_reset() -> None:
    metric = filled([0, 1])
    metric.reset()
    metric.update(*rows([1, 2]))
    assert metric.table()["index"].tolist() == [1, 2]


def test_missing_column() -> None:
    with pytest.raises(KeyError, match="correct"):
        PerImage(7, COLUMNS).update(torch.tensor([0]), {"loss": torch.zeros(1)})
