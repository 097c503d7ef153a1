"""Regions in the order of a heatmap, against loops."""

import torch

from evaluation.perturbation.regions import (
    ordered,
    ranks_of,
    region_means,
    shuffles,
)

SIDE, SIZE = 3, (7, 8)


def test_region_means_are_those_of_the_resized_heatmap() -> None:
    heatmap = torch.randn(2, 1, *SIZE, dtype=torch.float64)
    means = region_means(heatmap, SIDE, SIZE)
    assert means.shape == (2, 9)
    for number in range(9):
        row, column = divmod(number, 3)
        region = heatmap[:, 0, 3 * row : 3 * row + 3, 3 * column : 3 * column + 3]
        torch.testing.assert_close(means[:, number], region.mean((1, 2)))


def test_orders() -> None:
    scores = torch.tensor([[0.1, 0.5, 0.3, 0.9]])
    shuffle = shuffles(4, 0, [5])
    assert ordered(scores, shuffle, most_first=True).tolist() == [[3, 1, 2, 0]]
    assert ordered(scores, shuffle, most_first=False).tolist() == [[0, 2, 1, 3]]


def test_most_relevant_first_is_least_relevant_first_of_the_negative() -> None:
    scores, shuffle = torch.randint(0, 4, (5, 30)).double(), shuffles(30, 1, range(5))
    assert ordered(scores, shuffle, True).equal(ordered(-scores, shuffle, False))


def test_equal_regions_come_in_the_images_own_random_order() -> None:
    shuffle = shuffles(20, 0, [3, 4])
    assert ordered(torch.zeros(2, 20), shuffle, True).equal(shuffle)
    assert not shuffle[0].equal(shuffle[1])
    assert shuffles(20, 0, [4]).equal(shuffle[1:])
    assert not shuffles(20, 1, [4]).equal(shuffle[1:])


def test_every_pixel_has_its_regions_rank() -> None:
    order = shuffles(9, 0, [0, 1])
    ranks = ranks_of(order, SIDE, SIZE)
    assert ranks.shape == (2, 1, *SIZE)
    for image in range(2):
        for y in range(SIZE[0]):
            for x in range(SIZE[1]):
                region = (y // 3) * 3 + x // 3
                assert order[image, ranks[image, 0, y, x]] == region
