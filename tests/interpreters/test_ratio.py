"""The stabilised quotient of LRP: its values and its derivatives of any order."""

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from interpreters.lrp.ratio import FLOOR, ratio


def plain(relevance: Tensor, z: Tensor, epsilon: float) -> Tensor:
    """The formula, left to autograd."""
    size = z.square().flatten(1).mean(1).sqrt().view(-1, *[1] * (z.ndim - 1))
    return relevance / (z + torch.where(z < 0, -1, 1) * (epsilon * size + FLOOR))


@pytest.fixture
def pair() -> tuple[Tensor, Tensor]:
    relevance, z = (torch.randn(3, 2, 4, dtype=torch.float64) for _ in range(2))
    return relevance.requires_grad_(), (z + z.sign() * 0.1).requires_grad_()


def test_gradients_where_an_output_is_0(pair: tuple[Tensor, Tensor]) -> None:
    """0 is moved by c as any other, and c depends on all of z."""
    relevance, z = pair[0], pair[1].detach().clone()
    z[:, 0] = 0
    z.requires_grad_()
    results = [
        torch.autograd.grad(function(relevance, z, 0.25).sum(), (relevance, z), create_graph=graph)
        for function, graph in ((plain, False), (ratio, False), (ratio, True))
    ]
    torch.testing.assert_close(results[1], results[0])
    torch.testing.assert_close(results[2], results[0])


@pytest.mark.parametrize("epsilon", [0.0, 1e-6, 0.25])
def test_values_and_gradients(pair: tuple[Tensor, Tensor], epsilon: float) -> None:
    cotangent = torch.randn(3, 2, 4, dtype=torch.float64)
    actual, expected = (function(*pair, epsilon) for function in (ratio, plain))
    torch.testing.assert_close(actual, expected)
    for value in (actual, expected):
        assert value.requires_grad
    torch.testing.assert_close(
        torch.autograd.grad(actual, pair, cotangent), torch.autograd.grad(expected, pair, cotangent)
    )


def test_derivatives_of_the_second_order(pair: tuple[Tensor, Tensor]) -> None:
    assert gradcheck(lambda relevance, z: ratio(relevance, z, 0.25), pair)
    assert gradgradcheck(lambda relevance, z: ratio(relevance, z, 0.25), pair)


def test_a_silent_image_has_zeros() -> None:
    relevance, z = torch.zeros(2, 4, requires_grad=True), torch.zeros(2, 4, requires_grad=True)
    out = ratio(relevance, z, 0.1)
    first = torch.autograd.grad(out.sum(), (relevance, z), create_graph=True)
    second = torch.autograd.grad(first[1].sum(), (relevance, z))
    assert not out.any()
    assert not first[1].any()
    for value in (*first, *second):
        assert value.isfinite().all()
