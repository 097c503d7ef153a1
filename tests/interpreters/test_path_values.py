"""SmoothGrad, IntegratedGradients and DeepLift: captum's values, slow loops, and their laws."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from captum.attr import DeepLift as CaptumDeepLift
from captum.attr import InputXGradient as CaptumInputXGradient
from captum.attr import IntegratedGradients as CaptumIntegratedGradients
from captum.attr import LayerDeepLift, LayerGradientXActivation, LayerIntegratedGradients
from families import FAMILIES, images_for, member
from helpers import TinyNetwork
from torch import Tensor, nn
from torch.autograd import grad

from interpreters import (
    LRP,
    DeepLift,
    InputXGradient,
    IntegratedGradients,
    Interpreter,
    SimpleGradient,
    SmoothGrad,
)
from interpreters.baseline import Baseline, baseline_image
from interpreters.deep_lift import _first
from interpreters.lrp import Epsilon, EpsilonEverywhere
from interpreters.lrp.sums import Proportional
from networks import find_layer

LABELS = torch.tensor([2, 0])


def total(network: nn.Module, images: Tensor, baseline: Baseline) -> Tensor:
    """By how much the labels' logits differ from the baseline's."""
    return (network(images) - network(baseline_image(baseline, images)))[[0, 1], LABELS]


@pytest.mark.parametrize("steps", [1, 5, 20])
def test_integrated_gradients_are_captums(steps: int) -> None:
    network, images = member("ResNet, basic"), images_for("ResNet, basic")
    expected = CaptumIntegratedGradients(network).attribute(
        images, target=LABELS, n_steps=steps, method="gausslegendre"
    )
    actual = IntegratedGradients(steps)(network, images, LABELS).heatmap
    torch.testing.assert_close(actual, expected.sum(1, keepdim=True))


def test_integrated_gradients_at_a_layer_are_captums() -> None:
    network, images = member("ResNet, basic"), images_for("ResNet, basic")
    layer = find_layer(network, "layer2", images)
    expected = LayerIntegratedGradients(network, layer).attribute(
        images, target=LABELS, n_steps=7, method="gausslegendre"
    )
    actual = IntegratedGradients(7, layer="layer2")(network, images, LABELS).heatmap
    torch.testing.assert_close(actual, expected.sum(1, keepdim=True))


@pytest.mark.parametrize("chunk", [None, 3])
def test_integrated_gradients_of_the_probability_are_captums(chunk: int | None) -> None:
    network, images = member("ResNet, basic"), images_for("ResNet, basic")
    expected = CaptumIntegratedGradients(lambda pixels: network(pixels).softmax(1)).attribute(
        images, target=LABELS, n_steps=5, method="gausslegendre"
    )
    interpreter = IntegratedGradients(5, chunk=chunk, score="probability")
    both = torch.stack([LABELS, LABELS], 1)
    for absolute, of_channels in ((False, expected), (True, expected.abs())):
        # the sizes are those of whole paths, not of the points on them
        actual = replace(interpreter, absolute=absolute)(network, images, both).heatmap
        summed = of_channels.sum(1, keepdim=True)
        torch.testing.assert_close(actual, summed.expand(-1, 2, -1, -1))


def test_sizes_of_channels_are_summed() -> None:
    """As captum's attributions say them, before any sum."""
    network = TinyNetwork(3, nn.ReLU).double().eval()
    images = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    lifted = CaptumDeepLift(network).attribute(images, torch.zeros_like(images), LABELS)
    products = CaptumInputXGradient(network).attribute(images, LABELS)
    cases: list[tuple[DeepLift | InputXGradient | LRP, Tensor | None]] = [
        (DeepLift(absolute=True), lifted),
        (InputXGradient(absolute=True), products),
        (LRP(absolute=True, composite=EpsilonEverywhere()), None),
    ]
    for interpreter, expected in cases:
        actual = interpreter(network, images, LABELS).heatmap
        assert (actual >= 0).all()
        signed = replace(interpreter, absolute=False)(network, images, LABELS).heatmap
        assert (actual >= signed.abs() - 1e-12).all()
        assert not actual.allclose(signed.abs())
        if expected is not None:
            torch.testing.assert_close(actual, expected.abs().sum(1, keepdim=True))


@pytest.mark.slow
@pytest.mark.parametrize("layer", [None, "last"])
@torch.no_grad()
def test_more_steps_are_more_complete(layer: str | None) -> None:
    network, images = member("ConvNeXt"), images_for("ConvNeXt")
    difference = total(network, images, 0.5)
    errors = [
        (IntegratedGradients(n, 0.5, layer)(network, images, LABELS).heatmap.sum((1, 2, 3)))
        - difference
        for n in (1, 4, 16)
    ]
    one, four, many = (error.abs().max() for error in errors)
    assert one > 3 * four > 9 * many


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Sigmoid, nn.Tanh, nn.ELU, nn.Softplus])
def test_deep_lift_is_captums(activation: type[nn.Module]) -> None:
    network = TinyNetwork(3, activation).double().eval()
    images = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    expected = CaptumDeepLift(network).attribute(images, torch.zeros_like(images), LABELS)
    actual = DeepLift()(network, images, LABELS).heatmap
    torch.testing.assert_close(actual, expected.sum(1, keepdim=True))


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Softplus])
def test_values_at_a_layer_are_captums(activation: type[nn.Module]) -> None:
    network = TinyNetwork(3, activation).double().eval()
    images = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    expected = LayerDeepLift(network, network[1]).attribute(
        images, torch.zeros_like(images), LABELS
    )
    actual = DeepLift(layer="1")(network, images, LABELS).heatmap
    torch.testing.assert_close(actual, expected.sum(1, keepdim=True))
    product = LayerGradientXActivation(network, network[1]).attribute(images, LABELS)
    actual = InputXGradient("1")(network, images, LABELS).heatmap
    torch.testing.assert_close(actual, product.sum(1, keepdim=True))
    activation_map = network[1](network[0](images)).detach()
    actual = SimpleGradient("1")(network, images, LABELS).heatmap
    torch.testing.assert_close(actual, (product / activation_map).abs().sum(1, keepdim=True))


@pytest.mark.parametrize(
    "interpreter", [SmoothGrad(samples=7, chunk=5), IntegratedGradients(steps=7, chunk=5)], ids=repr
)
def test_a_chunk_is_all_that_the_network_sees_at_once(interpreter: Interpreter) -> None:
    network = TinyNetwork(3).double().eval()
    images = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    seen: list[int] = []
    network.register_forward_hook(lambda _, given, __: seen.append(len(given[0])))
    interpreter(network, images, LABELS).heatmap.sum().backward()
    # two copies of both images, and at the end one; then the same again in the backward pass
    assert max(seen) == 4
    assert sum(seen) >= 2 * 7


def test_deep_lift_through_maxima_transcribed() -> None:
    """What a maximum rises by goes to where it is now, what it falls by to where it was.

    Captum 0.9 has the same rule, but where nothing differs takes the first image's gradient.
    """
    first, pool, head = nn.Conv2d(3, 4, 3), nn.MaxPool2d(2, return_indices=True), nn.Linear(36, 3)
    network = nn.Sequential(first, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), head).double()
    images = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    baseline = torch.full_like(images, 0.5)
    z, z0 = first(images), first(baseline)
    a, a0 = z.relu(), z0.relu()
    (p, place), (p0, place0) = pool(a), pool(a0)
    multiplier, top = head.weight[LABELS].view_as(p), torch.maximum(p, p0)
    rise = F.max_unpool2d(multiplier * (top - p0), place, (2, 2))
    fall = F.max_unpool2d(multiplier * (p - top), place0, (2, 2))
    # both contributions over the difference before the ReLU, in which that after it cancels
    before = torch.where((a - a0).abs() > 1e-12, (rise + fall) / (z - z0), 0.0)
    expected = F.conv_transpose2d(before, first.weight) * (images - baseline)
    actual = DeepLift(0.5)(network, images, LABELS).heatmap
    torch.testing.assert_close(actual, expected.sum(1, keepdim=True))


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("layer", [None, "last"])
def test_deep_lift_sums_to_the_difference(family: str, layer: str | None) -> None:
    network, images = member(family), images_for(family)
    baseline = (0.4, 0.5, 0.6)
    heatmap = DeepLift(baseline, layer)(network, images, LABELS).heatmap
    if layer is not None and "ViT" in family and family != "MaxViT":
        pytest.skip("the map leaves out the class token, which carries a part")
    torch.testing.assert_close(heatmap.sum((1, 2, 3)), total(network, images, baseline))


def test_four_interpreters_agree_without_biases() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, bias=False),
        nn.ReLU(),
        nn.Conv2d(4, 5, 3, stride=2, bias=False),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(5, 3, bias=False),
    ).double()
    images = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    small = Epsilon(1e-13)
    exact = EpsilonEverywhere(small, small, sums=Proportional(epsilon=1e-13))
    expected = InputXGradient()(network, images, LABELS).heatmap
    for interpreter in (IntegratedGradients(steps=2), DeepLift(), LRP(composite=exact)):
        torch.testing.assert_close(interpreter(network, images, LABELS).heatmap, expected)


def test_smooth_grad_is_a_mean_over_samples(
    network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    noise = torch.randn(5, 1, 3, 8, 8, generator=torch.Generator().manual_seed(7)) * 0.2
    maps = []
    for sample in noise:
        noisy = (images + sample).requires_grad_()
        (gradient,) = grad(network(noisy)[[0, 1, 2], labels].sum(), noisy)
        maps.append(gradient.abs().sum(1, keepdim=True))
    for chunk in (1, 4, 6, 100):
        smooth = SmoothGrad(samples=5, noise=0.2, seed=7, chunk=chunk)
        actual = smooth(network, images, labels).heatmap
        torch.testing.assert_close(actual, torch.stack(maps).mean(0))


def test_smooth_grad_without_noise_is_its_base(
    network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    for base in (SimpleGradient(), InputXGradient("last"), LRP()):
        expected = base(network, images, labels).heatmap
        actual = SmoothGrad(base, noise=0.0)(network, images, labels).heatmap
        torch.testing.assert_close(actual, expected)


def test_smooth_grad_of_a_linear_network_is_the_gradient() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16, 4)).double()
    images, labels = torch.rand(2, 3, 4, 4, dtype=torch.float64), torch.tensor([3, 1])
    expected = SimpleGradient()(network, images, labels).heatmap
    actual = SmoothGrad(noise=0.7)(network, images, labels).heatmap
    torch.testing.assert_close(actual, expected)


@pytest.mark.parametrize(
    "interpreter", [SmoothGrad(samples=6), IntegratedGradients(6), SmoothGrad(LRP(), samples=3)]
)
def test_pieces_have_the_gradient_of_the_whole(
    interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    weights = [*network.parameters()]

    def gradient(chunk: int) -> list[Tensor | None]:
        pieces = type(interpreter)(**{**vars(interpreter), "chunk": chunk})
        heatmap = pieces(network, images, labels).heatmap
        return [*grad(heatmap.square().sum(), weights, allow_unused=True)]

    torch.testing.assert_close(gradient(4), gradient(1000))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: SmoothGrad(samples=0), "`samples` must be at least 1, got 0"),
        (lambda: SmoothGrad(noise=-1.0), "`noise` must be finite and not negative"),
        (lambda: IntegratedGradients(steps=0), "`steps` must be at least 1"),
        (
            lambda: IntegratedGradients(score="odds"),  # type: ignore[arg-type]  # by name
            r"`score` must be one of \('logit', 'probability'\), got 'odds'",
        ),
        (lambda: IntegratedGradients(baseline=2.0), r"pixel values in \[0, 1\], got 2.0"),
        (lambda: DeepLift((0.0, 0.5, 1.5)), r"pixel values in \[0, 1\]"),
    ],
)
def test_refusals(build: type[Interpreter], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_of_equal_values_the_first_is_the_largest_however_rounded() -> None:
    """A plain baseline differs over a window by rounding alone, and by the processor's."""
    equal = torch.full((1, 2, 9, 8), 0.7, dtype=torch.float64)
    rounded = equal * (1 + 4 * torch.finfo(torch.float64).eps * torch.randn_like(equal))

    def places(values: Tensor) -> Tensor:
        return F.max_pool2d(values, 3, 2, 1, return_indices=True)[1]

    assert not places(rounded).equal(places(equal))
    assert places(_first(rounded, rounded)).equal(places(equal))


@pytest.mark.parametrize("scale", [1e-9, 1e-5, 1e5])
@pytest.mark.parametrize("activation", [nn.ReLU(), nn.LeakyReLU(0.3)], ids=repr)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_deep_lift_does_not_depend_on_the_scale_of_a_layer(
    activation: nn.Module, scale: float, dtype: torch.dtype
) -> None:
    """One layer's weights times a number, and the next layer's over it, are the same function."""
    torch.manual_seed(0)
    first, head = nn.Conv2d(3, 4, 3), nn.Linear(36, 3)
    network = nn.Sequential(first, activation, nn.MaxPool2d(2), nn.Flatten(), head).to(dtype)
    images = torch.rand(2, 3, 8, 8, dtype=dtype)
    expected = DeepLift(0.4)(network, images, LABELS).heatmap
    with torch.no_grad():
        for weight in first.parameters():
            weight.mul_(scale)
        head.weight.div_(scale)
    torch.testing.assert_close(DeepLift(0.4)(network, images, LABELS).heatmap, expected)


def test_deep_lift_of_tiny_differences_through_layer_norm() -> None:
    """Single precision gives the double precision's heatmap near the baseline too."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 3), nn.LayerNorm([4, 6, 6], eps=1e-12), nn.GELU(), nn.Flatten()]
    network = nn.Sequential(*layers, nn.Linear(144, 3)).double()
    images = 0.4 + 0.3 * torch.rand(2, 3, 8, 8, dtype=torch.float64)
    with torch.no_grad():
        for weight in layers[0].parameters():
            weight.mul_(1e-4)
    expected = DeepLift(0.4)(network, images, LABELS).heatmap
    found = DeepLift(0.4)(network.float(), images.float(), LABELS).heatmap.double()
    # LayerNorm makes up for the scale, and so for rounding: differences of squares of 1e-8
    assert (found - expected).norm() < 1e-3 * expected.norm()
