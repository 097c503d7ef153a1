"""Insertion and deletion against loops, their duality, and closed forms."""

import pytest
import torch
from torch import Tensor, nn

from metrics.insertion_deletion import area, insertion_deletion, replaced, steps_of
from metrics.pixel_orders import PixelOrder, standard, variant_f, variant_u

STEP = 5
STEPS = steps_of((8, 8), STEP)
ORDERS: list[PixelOrder] = [standard, variant_u, variant_f]


@pytest.fixture
def attribution() -> Tensor:
    return torch.randn(3, 3, 8, 8, dtype=torch.float64)


def changed_by_hand(
    order: PixelOrder, attribution: Tensor, step: int
) -> list[set[tuple[int, int]]]:
    """The (channel, place) pairs that change at each step, as the published code does it."""
    channels = attribution.flatten(1)
    sizes: list[set[tuple[int, int]]] = []
    for number in range(STEPS):
        due: set[tuple[int, int]] = set()
        if order is standard:
            ranked = channels.sum(0).argsort(descending=True, stable=True)
            places = ranked[number * step : (number + 1) * step].tolist()
            due = {(c, place) for c in range(3) for place in places}
        elif order is variant_u:
            for channel in channels:
                ranked = channel.argsort(descending=True, stable=True)
                places = ranked[number * step : (number + 1) * step].tolist()
                due |= {(c, place) for c in range(3) for place in places}
        else:
            ranked = channels.flatten().argsort(descending=True, stable=True)
            values = ranked[number * 3 * step : (number + 1) * 3 * step].tolist()
            due = {divmod(value, 64) for value in values}
        sizes.append(due)
    return sizes


@pytest.mark.parametrize("order", ORDERS)
def test_curves_by_hand(
    order: PixelOrder, attribution: Tensor, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    substrate = torch.rand_like(images)
    when = order(attribution, STEP)
    fill = replaced(images, substrate)
    insertion, deletion = insertion_deletion(network, fill, when, STEPS, labels, chunk=7)
    for row in range(3):
        going, coming = images[row].clone(), substrate[row].clone()
        expected: list[list[Tensor]] = [[], []]
        for number in range(STEPS + 1):
            for found, picture in zip(expected, (coming, going), strict=True):
                found.append(network(picture[None]).softmax(1)[0, labels[row]])
            if number < STEPS:
                for channel, place in changed_by_hand(order, attribution[row], STEP)[number]:
                    y, x = divmod(place, 8)
                    going[channel, y, x] = substrate[row, channel, y, x]
                    coming[channel, y, x] = images[row, channel, y, x]
        torch.testing.assert_close(insertion[row], torch.stack(expected[0]).detach())
        torch.testing.assert_close(deletion[row], torch.stack(expected[1]).detach())


@pytest.mark.parametrize("order", [standard, variant_f])
def test_what_the_highest_delete_the_lowest_insert(
    order: PixelOrder, attribution: Tensor, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    fill, steps = replaced(images, torch.zeros_like(images)), steps_of((8, 8), 1)
    _, deletion = insertion_deletion(network, fill, order(attribution, 1), steps, labels, 64)
    insertion, _ = insertion_deletion(network, fill, order(-attribution, 1), steps, labels, 64)
    torch.testing.assert_close(deletion, insertion.flip(1))


def test_of_a_linear_score(images: Tensor) -> None:
    """Log odds fall by what each pixel contributes, and no order deletes faster."""
    weights = torch.randn(3, 8, 8, dtype=torch.float64) / 10

    class Linear(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            score = (images * weights).sum((1, 2, 3))
            return torch.stack([score, torch.zeros_like(score)], 1)

    contributions = (images * weights).sum(1).flatten(1)
    fill, labels = replaced(images, torch.zeros_like(images)), torch.zeros(3, dtype=torch.long)
    when = standard(images * weights, 1)
    _, deletion = insertion_deletion(Linear(), fill, when, 64, labels, 100)
    fallen = contributions.sort(descending=True).values.cumsum(1)
    total = contributions.sum(1, keepdim=True)
    torch.testing.assert_close(deletion.logit(), torch.cat([total, total - fallen], 1))
    for _ in range(20):
        _, other = insertion_deletion(
            Linear(), fill, standard(torch.randn_like(images), 1), 64, labels, 100
        )
        assert (area(deletion.logit()) <= area(other.logit())).all()


def test_passes(attribution: Tensor, network: nn.Module, images: Tensor, labels: Tensor) -> None:
    seen: list[int] = []
    network.register_forward_hook(lambda _m, inputs, _o: seen.append(len(inputs[0])))
    when = standard(attribution, STEP)
    fill = replaced(images, torch.zeros_like(images))
    insertion_deletion(network, fill, when, STEPS, labels, chunk=16)
    assert sum(seen) == 3 * 2 * STEPS
    assert max(seen) == 16


def test_equal_pixels_go_by_position() -> None:
    when = standard(torch.zeros(1, 3, 2, 3), 2)
    assert when.tolist() == [[[[0, 0, 1], [1, 2, 2]]]]


@pytest.mark.parametrize("order", [variant_u, variant_f])
def test_one_channel_is_refused_where_channels_are_ranked(order: PixelOrder) -> None:
    # a step would change fewer pixels than one of three channels does
    with pytest.raises(ValueError, match="ranks three channels and the attribution has 1"):
        order(torch.randn(2, 1, 4, 4), 3)


def test_one_channel_is_ranked_as_three_alike() -> None:
    heatmap = torch.randn(2, 1, 4, 4)
    assert standard(heatmap, 3).equal(standard(heatmap.repeat(1, 3, 1, 1), 3))


def test_area() -> None:
    torch.testing.assert_close(area(torch.full((2, 9), 0.3)), torch.full((2,), 0.3))
    curve = torch.tensor([[0.0, 1.0, 0.5]])
    # two trapezoids, each half as wide as the interval
    torch.testing.assert_close(area(curve), torch.tensor([(0.5 + 0.75) / 2]))
