"""Relevance: zennit's values, the authors' composite transcribed, and its laws."""

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from itertools import pairwise, product
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from families import FAMILIES, as_trained, images_for, member
from helpers import TinyNetwork
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
from zennit import composites as zennit_composites
from zennit import rules as zennit_rules
from zennit.attribution import Gradient
from zennit.core import Stabilizer
from zennit.layer import Sum
from zennit.torchvision import ResNetCanonizer, VGGCanonizer
from zennit.types import Activation, AvgPool, Convolution

from interpreters import LRP
from interpreters.lrp import (
    AlphaBeta,
    ByKind,
    Composite,
    Epsilon,
    EpsilonAlpha2Beta1,
    EpsilonEverywhere,
    EpsilonPlus,
    EpsilonPlusFlat,
    Flat,
    Gamma,
    Heo,
    Rule,
    WSquare,
    ZBox,
    ZPlus,
)
from interpreters.lrp.operations import nonnegative
from interpreters.lrp.propagation import DECOMPOSED, KNOWN
from interpreters.lrp.sums import Proportional
from interpreters.tape import record
from interpreters.tape.folding import folded
from networks import NormalizedNetwork

LABELS = torch.tensor([2, 0])
STABILIZER = Stabilizer(1e-6, norm_scale=True)
FLAT = [(Convolution, zennit_rules.Flat(Stabilizer(0.0)))]


def fused(network: NormalizedNetwork) -> NormalizedNetwork:
    """A copy with each BatchNorm in the convolution before it, as zennit alone does not quite."""
    made = deepcopy(network)
    names = [
        name for name, each in made.named_modules() if isinstance(each, nn.Conv2d | nn.BatchNorm2d)
    ]
    for before, name in pairwise(names):
        convolution, norm = made.get_submodule(before), made.get_submodule(name)
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            made.set_submodule(before, fuse_conv_bn_eval(convolution, norm))
            made.set_submodule(name, nn.Identity())
    return made


def resnet(block: type[BasicBlock | Bottleneck]) -> NormalizedNetwork:
    """The narrow half, which has both kinds of shortcuts."""
    network = ResNet(block, [2, 1, 1, 1])
    network.layer3 = network.layer4 = nn.Identity()
    network.fc = nn.Linear(128 * block.expansion, 3)
    return as_trained(network)


NETWORKS: dict[str, tuple[Callable[[], NormalizedNetwork], type]] = {
    "vgg": (lambda: member("VGG"), VGGCanonizer),
    "vgg_bn": (lambda: member("VGG-BN"), VGGCanonizer),
    "resnet_basic": (lambda: resnet(BasicBlock), ResNetCanonizer),
    "resnet_bottleneck": (lambda: resnet(Bottleneck), ResNetCanonizer),
}


def zennits(
    network: NormalizedNetwork, images: Tensor, composite: zennit_composites.Composite
) -> Tensor:
    """Zennit's relevance of the labels' logits at the normalised pixels."""
    seed, without = F.one_hot(LABELS, 3), fused(network)
    torch.testing.assert_close(without(images), network(images))
    with Gradient(without.network, composite) as attributor:
        _, relevance = attributor(network.normalize(images), lambda logits: logits * seed)
    return relevance.sum(1, keepdim=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (EpsilonPlus(), zennit_composites.EpsilonPlus),
        (EpsilonPlusFlat(), partial(zennit_composites.EpsilonPlusFlat, first_map=FLAT)),
        (
            ByKind(AlphaBeta(2, 1), first=Flat()),
            partial(zennit_composites.EpsilonAlpha2Beta1Flat, first_map=FLAT),
        ),
        (EpsilonAlpha2Beta1(), zennit_composites.EpsilonAlpha2Beta1),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, Composite) else "",
)
def test_composites_are_zennits(name: str, ours: Composite, theirs: Callable[..., object]) -> None:
    build, canonizer = NETWORKS[name]
    network, images = build(), torch.rand(2, 3, 32, 32, dtype=torch.float64)
    composite = theirs(epsilon=STABILIZER, stabilizer=STABILIZER, canonizers=[canonizer()])
    expected = zennits(network, images, composite)
    actual = LRP(composite=ours)(network, images, LABELS).heatmap
    torch.testing.assert_close(actual, expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vgg_bn", "resnet_basic"])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Epsilon(), zennit_rules.Epsilon(STABILIZER)),
        (Epsilon(0.3), zennit_rules.Epsilon(Stabilizer(0.3, norm_scale=True))),
        (ZPlus(), zennit_rules.ZPlus(STABILIZER)),
        (Gamma(), zennit_rules.Gamma(stabilizer=STABILIZER)),
        (Gamma(2.0), zennit_rules.Gamma(2.0, STABILIZER)),
        (AlphaBeta(3.0, 2.0), zennit_rules.AlphaBeta(3.0, 2.0, STABILIZER)),
        (Flat(), zennit_rules.Flat(Stabilizer(0.0))),
        (WSquare(), zennit_rules.WSquare(Stabilizer(0.0), zero_params="bias")),
    ],
    ids=lambda x: repr(x) if isinstance(x, Rule) else "",
)
def test_rules_are_zennits(
    name: str, first: bool, ours: Rule, theirs: zennit_rules.BasicHook
) -> None:
    build, canonizer = NETWORKS[name]
    network, images = build(), torch.rand(2, 3, 32, 32, dtype=torch.float64)
    common = [
        (Activation, zennit_rules.Pass()),
        (zennit_composites.Sum, zennit_rules.Norm(STABILIZER)),
        (AvgPool, zennit_rules.Norm(STABILIZER)),
    ]
    if first:
        composite = zennit_composites.SpecialFirstLayerMapComposite(
            [*common, (Convolution, zennit_rules.ZPlus(STABILIZER))],
            [(Convolution, theirs)],
            canonizers=[canonizer()],
        )
        mine = ByKind(linear=Epsilon(), first=ours)
    else:
        composite = zennit_composites.LayerMapComposite(
            [*common, (Convolution, theirs)], canonizers=[canonizer()]
        )
        mine = ByKind(convolution=ours, linear=Epsilon())
    composite.layer_map.append((nn.Linear, zennit_rules.Epsilon(STABILIZER)))
    expected = zennits(network, images, composite)
    actual = LRP(composite=mine)(network, images, LABELS).heatmap
    torch.testing.assert_close(actual, expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_z_box_is_zennits(name: str) -> None:
    build, canonizer = NETWORKS[name]
    network = build()
    images = torch.rand(2, 3, 32, 32, dtype=torch.float64)
    black = network.normalize(images.new_zeros(1, 3, 1, 1))
    white = network.normalize(images.new_ones(1, 3, 1, 1))
    composite = zennit_composites.SpecialFirstLayerMapComposite(
        [
            (Activation, zennit_rules.Pass()),
            (Sum, zennit_rules.Norm(STABILIZER)),
            (AvgPool, zennit_rules.Norm(STABILIZER)),
            (Convolution, zennit_rules.ZPlus(STABILIZER)),
            (nn.Linear, zennit_rules.Epsilon(STABILIZER)),
        ],
        [(Convolution, zennit_rules.ZBox(black, white, STABILIZER))],
        canonizers=[canonizer()],
    )
    expected = zennits(network, images, composite)
    actual = LRP(composite=ByKind(first=ZBox()))(network, images, LABELS).heatmap
    torch.testing.assert_close(actual, expected)


EXACT = EpsilonEverywhere(
    convolution=Epsilon(1e-13), linear=Epsilon(1e-13), sums=Proportional(epsilon=1e-13)
)


@pytest.mark.parametrize(
    "family", ["VGG-BN", "ResNet, bottleneck", "DenseNet", "SqueezeNet", "Inception"]
)
def test_small_epsilons_give_input_times_gradient(family: str) -> None:
    """With biases and BatchNorm as well; at the normalised pixels."""
    network, images = member(family), images_for(family)
    pixels = network.normalize(images).requires_grad_()
    logits = network.network(pixels)[[0, 1], LABELS]
    (gradient,) = torch.autograd.grad(logits.sum(), pixels)
    actual = LRP(composite=EXACT)(network, images, LABELS).heatmap
    # the stabilisers of a dozen layers add up where a sum is close to 0
    torch.testing.assert_close(
        actual, (pixels * gradient).sum(1, keepdim=True), rtol=1e-5, atol=1e-8
    )


def test_folding_leaves_every_output_as_it_is() -> None:
    network, images = member("ResNet, bottleneck"), images_for("ResNet, bottleneck")
    recording = record(network, images, None, KNOWN, DECOMPOSED, gates=True)
    calls = folded(recording.calls)
    assert "batch_norm" in {call.name for call in recording.calls}
    assert "batch_norm" not in {call.name for call in calls}
    for call in calls:
        torch.testing.assert_close(call.on(call.inputs), call.outputs)


def unbiased() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, bias=False),
        nn.ReLU(inplace=True),
        nn.Conv2d(4, 5, 3, bias=False),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(20, 3, bias=False),
    ).double()


@pytest.mark.parametrize(
    "composite",
    [
        EpsilonPlus(),
        EpsilonEverywhere(),
        EpsilonPlusFlat(),
        EpsilonAlpha2Beta1(),
        ByKind(convolution=Gamma(), first=WSquare()),
        ByKind(first=ZBox()),
    ],
    ids=repr,
)
def test_relevance_is_conserved_without_biases(composite: Composite) -> None:
    network, images = unbiased(), torch.rand(2, 3, 8, 8, dtype=torch.float64)
    logits, heatmap = LRP(composite=composite)(network, images, LABELS)
    # each layer's stabiliser keeps a millionth or so back
    torch.testing.assert_close(heatmap.sum((1, 2, 3)), logits[[0, 1], LABELS], rtol=1e-3, atol=1e-5)


def test_gamma_goes_from_epsilon_to_z_plus() -> None:
    network, images = unbiased(), torch.rand(2, 3, 8, 8, dtype=torch.float64)

    def heatmap(rule: Rule) -> Tensor:
        return LRP(composite=ByKind(convolution=rule))(network, images, LABELS).heatmap

    torch.testing.assert_close(heatmap(Gamma(0.0)), heatmap(Epsilon()))
    torch.testing.assert_close(heatmap(Gamma(1e12)), heatmap(ZPlus()), rtol=1e-5, atol=1e-8)


def test_z_plus_is_not_negative() -> None:
    network = unbiased()
    images = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    heatmap = LRP("4", ByKind(linear=ZPlus()))(network, images, LABELS).heatmap
    sign = network(images)[[0, 1], LABELS].sign().view(2, 1, 1, 1)
    assert (heatmap * sign >= 0).all()


def test_rescaling_layers_changes_nothing() -> None:
    """A positive factor moved from one layer to the next leaves the function as it is."""
    network, images = unbiased(), torch.rand(2, 3, 8, 8, dtype=torch.float64)
    for composite in (EpsilonPlus(), EpsilonEverywhere(), EpsilonAlpha2Beta1()):
        before = LRP(composite=composite)(network, images, LABELS).heatmap
        with torch.no_grad():
            network[0].get_parameter("weight").mul_(1e-2)
            network[2].get_parameter("weight").mul_(1e2)
        after = LRP(composite=composite)(network, images, LABELS).heatmap
        torch.testing.assert_close(after, before)


def test_heo_transcribed() -> None:
    """The authors' rules layer by layer, from the description in the paper's code."""
    network = TinyNetwork(3, nn.ReLU).double().eval()
    first, norm, _, second, _, _, _, head = network
    images = torch.rand(2, 3, 8, 8, dtype=torch.float64) - 0.5
    a1 = norm(first(images)).relu()
    a2 = second(a1).relu()
    pooled = a2.mean((2, 3))
    logits = head(pooled)

    relevance = logits * F.one_hot(LABELS, 3)
    relevance = pooled * ((relevance / sticky(logits)) @ head.weight)
    # the average pool shares in proportion to the positive part, which all of it is
    relevance = relevance[:, :, None, None] * a2 / (a2.sum((2, 3), keepdim=True) + 1e-8)
    relevance = convolution(second, a1, relevance)
    expected = convolution(first, images, relevance).sum(1, keepdim=True)
    actual = LRP(composite=Heo())(network, images, LABELS).heatmap
    # their stabiliser of averages is absolute, ours relative, both next to nothing
    torch.testing.assert_close(actual, expected, rtol=1e-6, atol=1e-8)


def sticky(z: Tensor) -> Tensor:
    return z + 0.01 * torch.where(z >= 0, 1.0, -1.0)


def convolution(layer: Any, a: Tensor, relevance: Tensor) -> Tensor:
    """One output at a time: positive contributions of both signs, the bias twice."""
    columns = F.unfold(a, 3, padding=layer.padding, stride=layer.stride)
    weight, bias = layer.weight.flatten(1), layer.bias
    shares = torch.zeros_like(columns)
    for channel in range(len(weight)):
        contributions = weight[channel][None, :, None] * columns
        same_sign = contributions.clamp(min=0)
        z = sticky(same_sign.sum(1) + 2 * bias[channel])
        shares += same_sign * (relevance[:, channel].flatten(1) / z)[:, None]
    return F.fold(shares, a.shape[2:], 3, padding=layer.padding, stride=layer.stride)


def test_heo_shares_sums_by_positive_parts() -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1)

        def forward(self, images: Tensor) -> Tensor:
            return (self.a(images) + self.b(images)).mean((2, 3))

    network, images = Residual().double(), torch.rand(1, 3, 4, 4, dtype=torch.float64)
    labels = torch.tensor([1])
    a, b = network.a(images).clamp(min=0), network.b(images).clamp(min=0)
    total = network(images) * F.one_hot(labels, 4)
    z = (network.a(images) + network.b(images)).clamp(min=0)
    at_sum = total[:, :, None, None] * z / (z.sum((2, 3), keepdim=True) + 1e-12)
    expected = at_sum * a / (a + b + 1e-12)
    actual = LRP("a", Heo())(network, images, labels).heatmap
    torch.testing.assert_close(actual, expected.sum(1, keepdim=True))


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"kernel_size": 3, "stride": 2}, 8),
        ({"kernel_size": 3, "stride": 3, "padding": 2}, 9),
        ({"kernel_size": 3, "dilation": 2, "padding": 1}, 7),
        ({"kernel_size": 3, "groups": 3}, 7),
        ({"kernel_size": (2, 3), "stride": (2, 1), "padding": (1, 0)}, 8),
        ({"kernel_size": 4, "padding": "same"}, 7),
        ({"kernel_size": 3, "padding": "same", "dilation": 2}, 7),
        ({"kernel_size": 2, "padding": "valid", "stride": 3}, 7),
    ],
    ids=repr,
)
def test_any_convolution(options: dict[str, Any], size: int) -> None:
    network = nn.Sequential(nn.Conv2d(3, 6, **options), nn.Flatten()).double()
    images = torch.rand(2, 3, size, size, dtype=torch.float64, requires_grad=True)
    logits, heatmap = LRP(composite=EXACT)(network, images, LABELS)
    (gradient,) = torch.autograd.grad(logits[[0, 1], LABELS].sum(), images, retain_graph=True)
    torch.testing.assert_close(heatmap, (images * gradient).sum(1, keepdim=True))


class OverChannels(nn.Module):
    """Weights each channel by its neighbours, as ECA does, or normalises linear layers' tokens."""

    def __init__(self, tokens: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(3, 6, 3)
        self.inner = nn.Linear(6, 6) if tokens else nn.Conv1d(1, 1, 3, padding="same", bias=False)
        self.norm = nn.BatchNorm1d(6)
        self.norm.running_var = torch.rand(6) + 0.5

    def forward(self, images: Tensor) -> Tensor:
        x = self.first(images)
        if isinstance(self.inner, nn.Linear):
            return self.norm(self.inner(x.unflatten(2, (1, -1)).mean(4).flatten(2))).mean(2)
        return self.norm(self.inner(x.mean((2, 3))[:, None])[:, 0].expand_as(x[..., 0, 0]))


@pytest.mark.parametrize("tokens", [False, True])
def test_layers_over_one_dimension(tokens: bool) -> None:
    network = OverChannels(tokens).eval().double()
    images = torch.rand(2, 3, 8, 8, dtype=torch.float64, requires_grad=True)
    logits, heatmap = LRP(composite=EXACT)(network, images, LABELS)
    (gradient,) = torch.autograd.grad(logits[[0, 1], LABELS].sum(), images, retain_graph=True)
    torch.testing.assert_close(heatmap, (images * gradient).sum(1, keepdim=True))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda: AlphaBeta(2, 0), "must be 1"),
        (lambda: AlphaBeta(0.5, -0.5), "must be 1"),
        (lambda: Gamma(-1.0), "`gamma` must not be negative"),
    ],
)
def test_rules_refuse(rule: Callable[[], Rule], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rule()


def test_z_box_belongs_to_the_first_layer() -> None:
    images = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    with pytest.raises(ValueError, match="use it as the rule of `first`"):
        LRP(composite=ByKind(convolution=ZBox()))(unbiased(), images, LABELS)


def test_z_box_of_pixels_that_are_masked() -> None:
    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = unbiased()

        def forward(self, images: Tensor) -> Tensor:
            return self.body(images.masked_fill(images < 0.3, 0.0))

    network, images = Masked(), torch.rand(2, 3, 8, 8, dtype=torch.float64)
    interpreter = LRP(composite=ByKind(first=ZBox()))
    both = interpreter(network, images, LABELS).heatmap
    each = [interpreter(network, images[[i]], LABELS[[i]]).heatmap for i in range(2)]
    torch.testing.assert_close(both, torch.cat(each))


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_said_not_to_be_negative_is_not(family: str) -> None:
    """Rules leave out half of the work where inputs cannot be negative."""
    recording = record(member(family), images_for(family), None, KNOWN, DECOMPOSED, gates=True)
    found = nonnegative(recording.calls)
    outputs = [value for call in recording.calls for value in call.outputs]
    assert any((value < 0).any() for value in outputs)
    for value in outputs:
        assert id(value) not in found or (value >= 0).all()
    assert all(id(c.outputs[0]) in found for c in recording.calls if c.name == "relu")


def signed(first: nn.Module, x: Tensor) -> Tensor:
    return torch.add(F.relu(first(x)), F.relu(first(x) * -1), alpha=-1)


def joined(first: nn.Module, x: Tensor) -> Tensor:
    return torch.cat(tensors=[first(x), first(x)], dim=1)[:, :4]


def flat(first: nn.Module, x: Tensor) -> Tensor:
    return torch.flatten(input=first(x), start_dim=2).unflatten(2, (6, 6))


@pytest.mark.parametrize("written", [signed, joined, flat])
def test_named_arguments_are_not_taken_for_none(
    written: Callable[[nn.Module, Tensor], Tensor],
) -> None:
    """What may be negative after all has both signs' rules, as in a network that says less."""
    images = torch.rand(2, 3, 6, 6, dtype=torch.float64) - 0.5

    class Written(nn.Module):
        def __init__(self, plain: bool) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3)
            self.head, self.plain = nn.Linear(4, 3), plain

        def forward(self, images: Tensor) -> Tensor:
            x = written(self.first, images)
            # adding 0 to each element leaves nothing known of its sign
            x = x + 0.0 if self.plain else x
            return self.head(self.second(x).mean((2, 3)))

    nets = [Written(plain).double() for plain in (True, False)]
    expected, actual = (LRP()(net, images, LABELS).heatmap for net in nets)
    torch.testing.assert_close(actual, expected)


class Attending(nn.Module):
    """LayerNorm and one head of attention."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(3)
        nn.init.normal_(self.norm.weight)
        self.query, self.key, self.value, self.head = (
            nn.Linear(3, 3, bias=False) for _ in range(4)
        )

    def forward(self, images: Tensor) -> Tensor:
        x = self.norm(images.flatten(2).transpose(1, 2))
        scores = (self.query(x) @ self.key(x).transpose(1, 2)).softmax(-1)
        logits: Tensor = self.head((scores @ self.value(x)).mean(1))
        return logits


def test_attention_as_written_down() -> None:
    """The rules of Achtibat et al. (2024), term by term, for each image alone."""
    network = Attending().double()
    images = torch.rand(2, 3, 3, 3, dtype=torch.float64)
    epsilon = 1e-13
    exact = EpsilonEverywhere(
        Epsilon(epsilon), Epsilon(epsilon), sums=Proportional(epsilon=epsilon)
    )
    actual = LRP(composite=exact)(network, images, LABELS[:2]).heatmap
    places = range(9)
    with torch.no_grad():
        for image, label, found in zip(images, LABELS.tolist(), actual, strict=False):
            tokens = image.flatten(1).T
            deviation = (tokens.var(1, unbiased=False, keepdim=True) + network.norm.eps).sqrt()
            x = (tokens - tokens.mean(1, keepdim=True)) / deviation * network.norm.weight
            layers = (network.query, network.key, network.value)
            q, k, v = (x @ layer.weight.T for layer in layers)
            scores = q @ k.T
            shares = scores.softmax(-1)
            mixed = shares @ v
            # of the logit, and of the mean over all places
            to_mixed = mixed / 9 * network.head.weight[label]
            to_shares, to_v = torch.zeros_like(shares), torch.zeros_like(v)
            for j, i, c in product(places, places, range(3)):
                half = shares[j, i] * v[i, c] * to_mixed[j, c] / mixed[j, c] / 2
                to_shares[j, i] += half
                to_v[i, c] += half
            to_scores = scores * (to_shares - shares * to_shares.sum(1, keepdim=True))
            to_q, to_k = torch.zeros_like(q), torch.zeros_like(k)
            for j, i, c in product(places, places, range(3)):
                half = q[j, c] * k[i, c] * to_scores[j, i] / scores[j, i] / 2
                to_q[j, c] += half
                to_k[i, c] += half
            parts = zip((to_q, to_k, to_v), (q, k, v), layers, strict=True)
            to_x = sum(relevance / z @ layer.weight for relevance, z, layer in parts)
            slope = to_x * network.norm.weight / deviation
            expected = (tokens * (slope - slope.mean(1, keepdim=True))).sum(1).view(1, 3, 3)
            # a product keeps its denominator from 0 by 1e-6 of its size
            torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


class Blocks(nn.Module):
    """Blocks of four pixels as channels before the first layer, as TResNet has them."""

    def forward(self, images: Tensor) -> Tensor:
        count, channels, height, width = images.shape
        blocks = images.view(count, channels, height // 2, 2, width // 2, 2)
        return blocks.permute(0, 3, 5, 1, 2, 4).reshape(count, -1, height // 2, width // 2)


@pytest.mark.parametrize("composite", [ByKind(first=ZBox()), Heo()], ids=["ZBox", "Heo"])
def test_pixels_that_are_moved_before_the_first_layer(composite: Composite) -> None:
    torch.manual_seed(0)
    rest = nn.ReLU(), nn.Flatten(), nn.Linear(5 * 16, 3)
    of_blocks, of_pixels = nn.Conv2d(12, 5, 1), nn.Conv2d(3, 5, 2, stride=2)
    with torch.no_grad():
        of_pixels.weight.copy_(of_blocks.weight.view(5, 2, 2, 3).permute(0, 3, 1, 2))
        of_pixels.bias = of_blocks.bias
    moved = nn.Sequential(Blocks(), of_blocks, *rest).double()
    plain = nn.Sequential(of_pixels, *rest).double()
    images, labels = torch.rand(3, 3, 8, 8).double(), torch.tensor([0, 2, 1])
    maps = [LRP(composite=composite)(each, images, labels).heatmap for each in (moved, plain)]
    torch.testing.assert_close(*maps)
