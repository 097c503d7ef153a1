"""Measures of heatmaps that point at the object."""

import pytest
import torch

from metrics import mass_accuracy, pointing_game


def test_by_hand() -> None:
    mask = torch.zeros(1, 1, 4, 4)
    mask[..., :2, :2] = 1
    heatmap = torch.tensor([[3.0, 1.0], [-2.0, 0.0]])[None, None]
    assert pointing_game(heatmap, mask).tolist() == [True]
    assert pointing_game(heatmap.flip(3), mask).tolist() == [False]
    # 3 of 3 + 1; what is negative says nothing
    torch.testing.assert_close(mass_accuracy(heatmap, mask), torch.tensor([0.75]))
    # half of the upper row is the object
    mask[..., 1, :2] = 0
    torch.testing.assert_close(mass_accuracy(heatmap, mask), torch.tensor([0.375]))


def test_an_even_map_has_the_share_of_the_object() -> None:
    mask = (torch.rand(5, 1, 12, 12) < 0.3).float()
    found = mass_accuracy(torch.full((5, 1, 6, 6), 0.1), mask)
    torch.testing.assert_close(found, mask.mean((1, 2, 3)))
    assert mass_accuracy(torch.ones(5, 1, 6, 6), torch.ones(5, 1, 12, 12)).eq(1).all()


def test_a_map_without_positive_relevance_has_none_on_the_object() -> None:
    mask = torch.ones(2, 1, 4, 4)
    assert mass_accuracy(torch.zeros(2, 1, 4, 4), mask).tolist() == [0, 0]
    assert mass_accuracy(-torch.ones(2, 1, 4, 4), mask).tolist() == [0, 0]


def test_the_mask_itself_is_on_the_object() -> None:
    mask = torch.zeros(3, 1, 16, 16)
    for row, place in enumerate((2, 7, 11)):
        mask[row, :, place : place + 3, place : place + 3] = 1
    assert pointing_game(mask, mask).all()
    assert mass_accuracy(mask, mask).eq(1).all()
    assert not pointing_game(1 - mask, mask).any()


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_a_broken_heatmap_is_neither_on_nor_off_the_object(value: float) -> None:
    heatmap, mask = torch.rand(3, 1, 5, 4), torch.ones(3, 1, 10, 8)
    heatmap[1, 0, 2, 2] = value
    for measure in (pointing_game, mass_accuracy):
        assert measure(heatmap, mask).isnan().tolist() == [False, True, False]


def test_scale_and_precision_do_not_matter() -> None:
    heatmap, mask = torch.rand(3, 1, 5, 4).half(), torch.rand(3, 1, 10, 8)
    expected = mass_accuracy(heatmap.float(), mask)
    torch.testing.assert_close(mass_accuracy(heatmap, mask.half()), expected, rtol=1e-3, atol=0)
    torch.testing.assert_close(
        mass_accuracy(heatmap.double() * 1e-300, mask.double()).float(), expected
    )
    assert pointing_game(torch.zeros(1, 1, 1, 1), mask[:1] * 0 + 1).tolist() == [1]
