"""Directions, projections and draws of the two balls."""

import pytest
import torch
from torch import Tensor

from attacks import L2, Ball, LInf

BALLS = [LInf(), L2()]


def length(ball: Ball, change: Tensor) -> Tensor:
    order = torch.inf if isinstance(ball, LInf) else 2
    return torch.linalg.vector_norm(change.flatten(1), order, dim=1)


@pytest.mark.parametrize("ball", BALLS)
def test_steepest_is_as_steep_as_any_change_of_length_1(ball: Ball, images: Tensor) -> None:
    gradient = torch.randn_like(images)
    best = ball.steepest(gradient)
    torch.testing.assert_close(length(ball, best), torch.ones(3, dtype=images.dtype))
    # the slope along it is the dual norm of the gradient: L1 for L-infinity, L2 for L2
    dual = 1 if isinstance(ball, LInf) else 2
    slope = (gradient * best).flatten(1).sum(1)
    torch.testing.assert_close(slope, torch.linalg.vector_norm(gradient.flatten(1), dual, dim=1))


@pytest.mark.parametrize("ball", BALLS)
def test_no_gradient_gives_no_direction(ball: Ball, images: Tensor) -> None:
    assert not ball.steepest(torch.zeros_like(images)).any()


@pytest.mark.parametrize("ball", BALLS)
def test_projection_is_the_nearest_point(ball: Ball, images: Tensor) -> None:
    change, radius = torch.randn_like(images), 0.3
    nearest = ball.project(change, radius)
    assert (length(ball, nearest) <= radius + 1e-12).all()
    others = torch.stack([ball.sample(images, radius) for _ in range(50)])
    distances = (others - change).flatten(2).norm(dim=2)
    assert ((nearest - change).flatten(1).norm(dim=1) <= distances).all()
    torch.testing.assert_close(ball.project(nearest / 2, radius), nearest / 2)


@pytest.mark.parametrize("ball", BALLS)
def test_a_ball_without_radius_is_its_centre(ball: Ball, images: Tensor) -> None:
    assert not ball.project(torch.randn_like(images), 0.0).any()
    assert not ball.project(torch.zeros_like(images), 0.0).any()
    assert not ball.sample(images, 0.0).any()


def test_draws_fill_the_ball_evenly() -> None:
    like = torch.zeros(20_000, 1, 1, 2)
    lengths = L2().sample(like, 2.0).flatten(1).norm(dim=1)
    # the share of a disk within r is (r / radius)^2
    shares = (lengths[:, None] <= torch.tensor([0.5, 1.0, 1.5, 2.0])).float().mean(0)
    expected = torch.tensor([1 / 16, 1 / 4, 9 / 16, 1.0])
    # three standard deviations of 20,000 draws
    torch.testing.assert_close(shares, expected, atol=0.011, rtol=0)
    values = LInf().sample(like, 2.0)
    assert values.abs().max() <= 2
    torch.testing.assert_close(values.var(), torch.tensor(4 / 3), atol=0.02, rtol=0)


@pytest.mark.parametrize("ball", BALLS)
def test_generators_make_a_draw_that_of_its_image(ball: Ball, images: Tensor) -> None:
    def draw(seeds: list[int]) -> Tensor:
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        return ball.sample(images[: len(seeds)], 0.1, generators)

    torch.testing.assert_close(draw([5, 6, 7])[1:2], draw([6]), rtol=0, atol=0)
