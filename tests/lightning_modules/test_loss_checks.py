"""A user's own loss is checked before training."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from helpers import tiny_network
from torch import Tensor

from datamodules import Shapes
from interpreters import GradCam
from lightning_modules.loss_checks import check_loss, warn_if_fooled
from losses import Location, Loss, Unchanged


@dataclass(frozen=True)
class Own(Loss):
    """A function of heatmaps as a loss."""

    function: Callable[[Tensor], Any] = lambda heatmap: heatmap.square().mean((1, 2, 3))
    success: tuple[float, float] = field(default=(0.0, 0.2), kw_only=True)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the function's value."""
        return self.function(heatmap)


def test_a_loss_with_a_value_for_each_image_is_taken() -> None:
    check_loss(Own(), torch.rand(2, 1, 4, 4, requires_grad=True))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda heatmap: heatmap.mean(), r"Own returns \(\), expected one value for each image"),
        (lambda heatmap: heatmap.mean((1, 2)), r"returns \(2, 4\), .* shape \(2,\)"),
        (lambda heatmap: 0.5, "returns float"),
        (lambda heatmap: heatmap.sum((1, 2, 3)) / 0, r"returns \[inf, inf\] for heatmaps that are"),
        (lambda heatmap: heatmap.detach().mean((1, 2, 3)), "has no gradient"),
    ],
)
def test_a_loss_that_cannot_be_trained_on_is_refused(
    function: Callable[[Tensor], Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        check_loss(Own(function), torch.rand(2, 1, 4, 4, requires_grad=True))


def test_an_interval_that_holds_from_the_start_is_said(recwarn: pytest.WarningsRecorder) -> None:
    data = Shapes(train=24, validation=24, test=24)
    data.setup("fit")
    given = "cam", GradCam()
    network, images = tiny_network(12).eval(), data.images("validation")
    with pytest.warns(UserWarning, match="12 of 12 heatmaps of `cam` already count as fooled"):
        warn_if_fooled(*given, Location(success=(0.0, 1.0)), network, images)
    recwarn.clear()
    warn_if_fooled(*given, Location(success=(0.0, 1e-9)), network, images)
    # it is to hold for the original network
    warn_if_fooled(*given, Unchanged(), network, images)
    assert not recwarn.list
