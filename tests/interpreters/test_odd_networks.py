"""Every interpreter on every odd network: right, or refused by a named error."""

from collections.abc import Callable
from functools import cache

import odd_table
import pytest
import torch
from odd_networks import ODD, PARAMETRISED, Forward, odd, parametrised, relu
from torch import Tensor, nn

from benchmarks.shipped import SMALL, with_few
from interpreters import Captum, InputXGradient
from networks.unsupported import UnsupportedError

LABELS = torch.tensor([0, 2, 1])
SQUARES = Captum("Occlusion", options={"sliding_window_shapes": (3, 2, 2), "strides": (3, 2, 2)})
# two samples, steps and points are the fewest that follow each other
INTERPRETERS = {
    name: with_few(each, samples=2, steps=2, points=2) for name, each in SMALL.items()
} | {"captum_occlusion": SQUARES}
# its path turns on the last digit of a gradient
UNSTABLE = "guided_ig"
# their gradient is that of the network without these
CUT = (
    "detached factor",
    "detached factor of a layer",
    "factor without grad mode",
    "data",
    "rounded",
)


def images() -> Tensor:
    source = torch.Generator().manual_seed(1)
    return torch.rand(3, 3, 6, 6, dtype=torch.float64, generator=source)


def explained(network: nn.Module, name: str, order: tuple[int, ...] = (0, 1, 2)) -> Tensor | None:
    """The heatmaps of the images in some order, in their own order again; None if refused."""
    taken = list(order)
    torch.default_generator.manual_seed(0)
    try:
        heatmap = INTERPRETERS[name](network, images()[taken], LABELS[taken]).heatmap
    except UnsupportedError:
        return None
    return heatmap.detach()[[taken.index(place) for place in range(len(taken))]]


@cache
def of_twin(middle: Forward, name: str) -> Tensor | None:
    return explained(odd(middle), name)


@cache
def draws_nothing(name: str) -> bool:
    """Return True if the heatmap of an image is the same wherever it stands in the batch."""
    network = odd(relu)
    first, other = (explained(network, name, order) for order in ((0, 1, 2), (2, 0, 1)))
    return first is not None and other is not None and first.allclose(other, rtol=1e-6, atol=0)


def check(network: nn.Module, twin: Callable[[str], Tensor | None]) -> list[str]:
    """The interpreters that refuse a network; all others explain it as its twin is explained."""
    refused = []
    for name in INTERPRETERS:
        heatmap = explained(network, name)
        if heatmap is None:
            refused.append(name)
            continue
        assert heatmap.isfinite().all(), name
        size = float(heatmap.abs().max())
        others = [explained(network, name, (2, 0, 1))] if draws_nothing(name) else []
        others += [twin(name)] if name != UNSTABLE else []
        for other in others:
            assert other is None or heatmap.allclose(other, rtol=1e-6, atol=1e-6 * size), name
    return refused


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_odd_network(
    name: str, record_property: Callable[[str, object], None], pytestconfig: pytest.Config
) -> None:
    case = ODD[name]

    def twin(each: str) -> Tensor | None:
        alike = case.rules_alike or not each.startswith("lrp")
        return of_twin(case.twin, each) if case.twin is not None and alike else None

    found = check(odd(case.odd), twin)
    # from these, `pytest --write-docs` makes the table
    record_property("odd", (name, found))
    if not pytestconfig.getoption("--write-docs"):
        assert odd_table.read()[name] == found


@pytest.mark.slow
@pytest.mark.parametrize("name", PARAMETRISED)
def test_weights_that_are_made_of_others(name: str) -> None:
    network, twin = parametrised(PARAMETRISED[name])
    assert check(network, lambda each: explained(twin, each)) == []


@pytest.mark.parametrize("name", sorted(ODD.keys() - {*CUT}))
def test_gradients_are_finite_differences(name: str) -> None:
    """Along the image, in the direction that the product of gradient and input sums up."""
    network, step = odd(ODD[name].odd), 1e-6
    try:
        heatmap = InputXGradient()(network, images(), LABELS).heatmap
    except UnsupportedError:
        return
    with torch.no_grad():
        ends = [network(images() * (1 + side * step))[range(3), LABELS] for side in (1, -1)]
    expected = (ends[0] - ends[1]) / (2 * step)
    # rounding divided by the step leaves nine digits or so
    torch.testing.assert_close(heatmap.sum((1, 2, 3)), expected, rtol=1e-6, atol=1e-8)
