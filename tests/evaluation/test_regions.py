"""Regions in the order of a heatmap, against loops."""

import pytest
import torch
from torch import Tensor

from evaluation.regions import (
    BlurFill,
    Fill,
    MeanFill,
    UniformFill,
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


@pytest.mark.parametrize("fill", [UniformFill(), MeanFill(), BlurFill(2.0), BlurFill(50.0)])
def test_a_fill_depends_on_the_image_alone(fill: Fill) -> None:
    images = torch.rand(3, 3, 9, 12)
    together = fill(images, [4, 9, 2])
    assert together.shape == images.shape
    assert together.amin() >= 0
    assert together.amax() <= 1
    torch.testing.assert_close(fill(images[1:2], [9]), together[1:2])


def test_fills() -> None:
    images = torch.rand(2, 3, 40, 40)
    noise = UniformFill(1)(images, [0, 1])
    assert not noise[0].equal(noise[1])
    assert abs(noise.mean() - 0.5) < 0.05
    assert not noise.equal(UniformFill(2)(images, [0, 1]))
    expected = images[1, 2].mean()
    torch.testing.assert_close(MeanFill()(images, [0, 1])[1, 2, 3, 4], expected)
    step = torch.zeros(1, 3, 41, 41)
    step[..., 20:] = 1.0
    blurred = BlurFill(3.0)(step, [0])[0, 0, 20]
    places = torch.arange(41) - 20.0 + 0.5
    edge: Tensor = torch.special.ndtr(places / 3.0)
    # the window ends at three standard deviations
    torch.testing.assert_close(blurred, edge, atol=4e-3, rtol=0)
    with pytest.raises(ValueError, match="`sigma` must be above 0"):
        BlurFill(0.0)
