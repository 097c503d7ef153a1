"""A BatchNorm of its own shares like the depthwise convolution that it is."""

import pytest
import torch

from interpreters.lrp.rules import AlphaBeta, Epsilon, Gamma, Rule, ZPlus
from interpreters.tape.affine import Convolution, Scale


@pytest.mark.parametrize("nonnegative", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("rule", [Epsilon(), ZPlus(), AlphaBeta(), Gamma()])
def test_scale_is_a_depthwise_convolution(rule: Rule, bias: bool, nonnegative: bool) -> None:
    value, relevance = torch.randn(2, 3, 4, 5, 5, dtype=torch.float64)
    value = value.abs() if nonnegative else value
    weight, shift = torch.randn(2, 4, dtype=torch.float64)
    kernel, added = weight.view(4, 1, 1, 1), shift if bias else None
    output = torch.nn.functional.conv2d(value, kernel, added, groups=4)
    scale = Scale(value, output, weight, added, nonnegative)
    options = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 4}
    convolution = Convolution(value, output, kernel, added, nonnegative, **options)  # type: ignore[arg-type]
    torch.testing.assert_close(rule(scale, relevance), rule(convolution, relevance))
