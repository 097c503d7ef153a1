"""Attacks on heatmaps: against slow transcriptions, their laws, and bad input."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from helpers import PREPROCESSING, TinyNetwork
from torch import Generator, Tensor, nn

from attacks import (
    Box,
    HeatmapAttack,
    LossAttack,
    MassCenterAttack,
    ObjectMask,
    RandomSign,
    RandomWalk,
    TargetedAttack,
    TopKAttack,
    center_of,
    importance,
)
from evaluation.fragility.selections import CenterDistance, RankCorrelation, TopKIntersection
from interpreters import Captum, InputXGradient, SimpleGradient
from losses import TargetMap
from metrics import top_k_intersection
from networks import NormalizedNetwork, smoothed

EPSILON, STEP, STEPS = 0.03, 0.004, 12
COMMON: dict[str, Any] = {
    "interpreter": SimpleGradient(),
    "epsilon": EPSILON,
    "step_size": STEP,
    "steps": STEPS,
    "beta": 8.0,
}
ATTACKS = [
    TopKAttack(**COMMON, k=9),
    MassCenterAttack(**COMMON),
    TargetedAttack(**COMMON, region=Box(0.0, 0.0, 0.5, 0.4)),
    LossAttack(**COMMON, loss=TargetMap(shape="cross")),
    TopKAttack(**{**COMMON, "interpreter": InputXGradient()}, k=0.1),
]


def made(activation: Callable[[], nn.Module] = nn.ReLU) -> NormalizedNetwork:
    return NormalizedNetwork(TinyNetwork(4, activation), PREPROCESSING).double().eval()


@pytest.fixture
def network() -> NormalizedNetwork:
    return made()


@pytest.fixture
def images() -> Tensor:
    return torch.rand(6, 3, 8, 8, dtype=torch.float64)


@pytest.fixture
def labels(network: NormalizedNetwork, images: Tensor) -> Tensor:
    """What the network says, but of the last image."""
    labels = network(images).argmax(1)
    labels[-1] = (labels[-1] + 1) % 4
    return labels


def draws(count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in range(count)]


def maps_of(attack: HeatmapAttack, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    assert attack.interpreter is not None
    return attack.interpreter(network, images, labels)[1]


def heights(
    attack: HeatmapAttack, network: NormalizedNetwork, *batches: Tensor, labels: Tensor
) -> list[Tensor]:
    """The objective of batches, against the first of them."""
    surrogate = smoothed(network, attack.beta or 0)
    maps = [maps_of(attack, surrogate, images, labels) for images in batches]
    reference = maps_of(attack, network, batches[0], labels)
    target = attack.target(batches[0], reference, maps[0])
    return [attack.objective(heatmap, target).detach() for heatmap in maps]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: type(a).__name__)
def test_the_objective_rises_and_the_label_stays(
    attack: HeatmapAttack, network: NormalizedNetwork, images: Tensor, labels: Tensor
) -> None:
    changed = attack(network, images, labels, draws(6))
    before, after = heights(attack, network, images, changed, labels=labels)
    assert (after > before)[:-1].all()
    assert network(changed).argmax(1)[:-1].equal(labels[:-1])
    # an image that began with another label is left out
    assert changed[-1].equal(images[-1])
    assert (changed - images).abs().max() <= EPSILON + 1e-12
    assert changed.min() >= 0
    assert changed.max() <= 1


def centre(heatmap: Tensor) -> Tensor:
    """Row and column, by the formula of section 2."""
    size = heatmap.abs()[0, 0]
    coordinates = torch.cartesian_prod(torch.arange(8.0), torch.arange(8.0)).double()
    return (size.flatten()[:, None] * coordinates).sum(0) / size.sum()


def height_of(attack: HeatmapAttack, heatmap: Tensor, reference: Tensor, before: Tensor) -> Tensor:
    """What each attack raises for one image, in other words than its own."""
    share = 64 * heatmap.abs() / heatmap.abs().sum()
    if isinstance(attack, TopKAttack):
        sizes = reference.abs().flatten().tolist()
        count = attack.k if attack.k >= 1 else int(64 * attack.k)
        highest = sorted(range(64), key=lambda place: (-sizes[place], place))[: int(count)]
        return -share.flatten()[highest].sum()
    if isinstance(attack, MassCenterAttack):
        start = centre(before).floor() if attack.truncated else centre(before)
        return (centre(heatmap) - start).square().sum()
    if isinstance(attack, TargetedAttack):
        return share[0, 0, :4, :3].sum()  # the middles of whose places are in its box
    assert isinstance(attack, LossAttack)
    return -attack.loss(heatmap, reference).sum()


LARGE: dict[str, Any] = {"epsilon": 0.4, "step_size": 0.05}
LOOPED = [
    *ATTACKS,
    # where labels change on the way
    replace(ATTACKS[0], **LARGE),
    replace(ATTACKS[1], **LARGE),
    replace(ATTACKS[0], scaled_beta=True),
    # heights fall as the surrogate gets smoother
    replace(ATTACKS[0], last_beta=0.5),
    MassCenterAttack(**COMMON, truncated=True),
    replace(ATTACKS[0], **LARGE, selection=RankCorrelation()),
    replace(ATTACKS[3], selection=TopKIntersection(9), last_beta=80.0),
    replace(ATTACKS[2], selection=CenterDistance()),
]


def found_by_a_loop(
    attack: HeatmapAttack, network: NormalizedNetwork, image: Tensor, label: Tensor, draw: Generator
) -> tuple[Tensor, int]:
    """Algorithm 1 for one image, and how many images on the way lost the label."""
    size, step = attack.radius, attack.length
    reference = maps_of(attack, network, image, label).detach()
    betas = [8.0 * ((attack.last_beta or 8.0) / 8.0) ** (n / STEPS) for n in range(STEPS + 1)]
    surrogates = [smoothed(network, beta, attack.scaled_beta) for beta in betas]
    before = maps_of(attack, surrogates[0], image, label).detach()
    x, kept, best, lost = image, image, -torch.inf, 0
    if isinstance(attack, MassCenterAttack) and not attack.truncated:
        noise = torch.randn(3, 8, 8, generator=draw).double()
        x = (image + step * noise.sign()).clamp(0, 1)
    for number, surrogate in enumerate(surrogates):
        leaf = x.clone().requires_grad_()
        height = height_of(attack, maps_of(attack, surrogate, leaf, label), reference, before)
        liked = height.item() if attack.last_beta is None else number
        if attack.selection is not None:
            liked = attack.selection(maps_of(attack, network, x, label), reference).item()
        if network(x).argmax(1) != label:
            lost += 1
        elif liked > best:
            kept, best = x, liked
        (gradient,) = torch.autograd.grad(height, leaf)
        x = image + (x + step * gradient.sign() - image).clamp(-size, size)
        x = x.clamp(0, 1)
    return kept, lost


@pytest.mark.slow
@pytest.mark.parametrize("attack", LOOPED, ids=repr)
def test_each_image_is_what_a_loop_over_steps_finds(
    attack: HeatmapAttack, network: NormalizedNetwork, images: Tensor
) -> None:
    with torch.no_grad():  # so that it prefers no class
        network.get_parameter("network.7.bias").sub_(network(images).mean(0))
    labels = network(images).argmax(1)
    changed, lost = attack(network, images, labels, draws(6)), 0
    for row in range(6):
        one = slice(row, row + 1)
        found = found_by_a_loop(attack, network, images[one], labels[one], draws(6)[row])
        torch.testing.assert_close(changed[one], found[0])
        lost += found[1]
    # whether an image may be kept has to be asked where some may not
    assert lost or attack.radius == EPSILON


@pytest.mark.parametrize("attack", ATTACKS[:3], ids=lambda a: type(a).__name__)
def test_the_gradient_is_a_product_with_the_hessian(
    attack: HeatmapAttack, network: NormalizedNetwork, images: Tensor, labels: Tensor
) -> None:
    """Of weights w: HW / Z times H (s (w - mean of w by importance)); the centre is two of them."""
    surrogate = smoothed(network, 8.0)
    image, label = images[:1], labels[:1]
    reference = maps_of(attack, network, image, label).detach()
    before = maps_of(attack, surrogate, images[1:2], label).detach()
    leaf = image.clone().requires_grad_()
    target = attack.target(image, reference, before)
    total = attack.objective(maps_of(attack, surrogate, leaf, label), target).sum()
    (actual,) = torch.autograd.grad(total, leaf)

    def score(pixels: Tensor) -> Tensor:
        logits: Tensor = surrogate(pixels)[0, label[0]]
        return logits

    gradient = torch.autograd.functional.jacobian(score, image)
    assert isinstance(gradient, Tensor)
    size, mass = gradient.abs().sum(1, keepdim=True), gradient.abs().sum()
    rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    if isinstance(attack, MassCenterAttack):
        way = centre(size) - centre(before)
        # the centre is a mean of places by the importance over HW
        weights = 2 * (way[0] * rows + way[1] * columns) / 64
    else:
        sign = -1 if isinstance(attack, TopKAttack) else 1
        weights = sign * target[0, 0]
    mean = (weights * size).sum() / mass
    _, product = torch.autograd.functional.hvp(score, image, gradient.sign() * (weights - mean))
    assert isinstance(product, Tensor)
    torch.testing.assert_close(actual, 64 / mass * product)


@pytest.mark.parametrize("attack", [replace(ATTACKS[0], steps=40), replace(ATTACKS[1], steps=40)])
def test_what_was_meant_to_move_moves(
    attack: HeatmapAttack, network: NormalizedNetwork, images: Tensor, labels: Tensor
) -> None:
    """On the network itself, and further than any other."""
    changed = attack(network, images, labels, draws(6))[:5]
    first, second = (maps_of(attack, network, each, labels[:5]) for each in (images[:5], changed))
    kept = top_k_intersection(first.abs(), second.abs(), 9)
    moved = (center_of(first) - center_of(second)).norm(dim=1)
    if isinstance(attack, TopKAttack):
        assert kept.mean() < 0.5
    else:
        assert moved.mean() > 0.3


@pytest.mark.parametrize("attack", ATTACKS[:4], ids=lambda a: type(a).__name__)
def test_gradients_are_finite_differences(
    attack: HeatmapAttack, network: NormalizedNetwork, images: Tensor, labels: Tensor
) -> None:
    surrogate = smoothed(network, 8.0)
    reference = maps_of(attack, network, images[:2], labels[:2])
    before = maps_of(attack, surrogate, images[2:4], labels[:2])
    target = attack.target(images[:2], reference.detach(), before.detach())

    def objective(pixels: Tensor) -> Tensor:
        return attack.objective(maps_of(attack, surrogate, pixels, labels[:2]), target)

    leaf = images[:2].clone().requires_grad_()
    assert torch.autograd.gradcheck(objective, leaf, fast_mode=True)


def test_importance_has_mean_one_and_a_center() -> None:
    heatmap = torch.zeros(2, 1, 4, 6)
    heatmap[0, 0, 1, 5], heatmap[0, 0, 3, 5] = -2.0, 2.0
    found = importance(heatmap)
    torch.testing.assert_close(found.mean((1, 2, 3)), torch.tensor([1.0, 0.0]))
    assert found.min() == 0
    heatmap.requires_grad_()
    center = center_of(heatmap)
    # that of an empty heatmap is in the middle, with no gradient
    torch.testing.assert_close(center, torch.tensor([[2.0, 5.0], [1.5, 2.5]]))
    (gradient,) = torch.autograd.grad(center.sum(), heatmap)
    assert gradient.isfinite().all()
    assert gradient[1].eq(0).all()


def test_one_explained_pass_and_one_forward_pass_for_each_step(
    network: NormalizedNetwork, images: Tensor, labels: Tensor
) -> None:
    passes: list[int] = []
    # the surrogate has the same layers
    layer = network.get_submodule("network.0")
    handle = layer.register_forward_hook(lambda _, given, __: passes.append(len(given[0])))
    ATTACKS[0](network, images, labels)
    handle.remove()
    # each of the two networks is tried out with two images, twice, and with one
    assert passes.count(2) == 4
    # one more image to look for ReLU
    assert passes.count(1) == 3
    # the heatmaps of both networks before any change
    assert [count for count in passes if count > 2] == [6, 6, *[5, 5] * (STEPS + 1)]


def test_an_image_that_stays_where_it_is_costs_no_more(images: Tensor) -> None:
    network = made()
    with torch.no_grad():
        network.get_parameter("network.0.weight").zero_()
    passes: list[int] = []
    labels = network(images).argmax(1)
    network.register_forward_hook(lambda _, given, __: passes.append(len(given[0])))
    assert ATTACKS[0](network, images, labels).equal(images)
    assert len(passes) == 3


def test_random_signs_reach_the_edge(
    network: NormalizedNetwork, images: Tensor, labels: Tensor
) -> None:
    inner = images * 0.8 + 0.1
    predicted = network(inner).argmax(1)
    changed = RandomSign(epsilon=EPSILON)(network, inner, predicted, draws(6))
    moved = (changed != inner).flatten(1).any(1)
    assert moved.any()
    size = (changed - inner)[moved].abs()
    torch.testing.assert_close(size, torch.full_like(size, EPSILON))
    assert network(changed).argmax(1).equal(predicted)
    again = RandomSign(epsilon=EPSILON)(network, inner[2:], predicted[2:], draws(6)[2:])
    assert again.equal(changed[2:])
    other = RandomSign(epsilon=EPSILON)(network, inner, (predicted + 1) % 4, draws(6))
    assert other.equal(inner)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (TopKAttack, {"k": 0}, r"`k` must be a number of positions or a share in \(0, 1\), got 0"),
        (TopKAttack, {"k": 2.5}, "got 2.5"),
        (TopKAttack, {"k": 65}, "`k` is 65, and the heatmaps have only 64 positions"),
        (TargetedAttack, {"region": Box(0.0, 0.0, 0.05, 1.0)}, "no position of the heatmaps, 8x8"),
        (TargetedAttack, {"region": ObjectMask()}, "`masks` is null; give the masks"),
        (TopKAttack, {"last_beta": 20.0, "beta": None}, "`beta` is null; give `beta` too"),
        (TopKAttack, {"last_beta": -5.0}, "`last_beta` must be above 0, got -5"),
        (TopKAttack, {"output_weight": -1.0}, "`output_weight` must be at least 0, got -1"),
        (TopKAttack, {"epsilon": -1}, "`epsilon` must be a number or a fraction, at least 0"),
        (TopKAttack, {"steps": 0}, "`steps` must be at least 1, got 0"),
        (TopKAttack, {"interpreter": Captum("Saliency")}, "heatmaps of Captum have no gradient"),
    ],
)
def test_bad_input(
    kind: type[HeatmapAttack],
    options: dict[str, Any],
    message: str,
    network: NormalizedNetwork,
    images: Tensor,
    labels: Tensor,
) -> None:
    with pytest.raises(ValueError, match=message):
        kind(**{**COMMON, **options})(network, images, labels)


def test_a_network_without_relu_is_named(images: Tensor) -> None:
    network = made(nn.Softplus)
    labels = network(images).argmax(1)
    with pytest.raises(ValueError, match=r"calls no ReLU .*; set `beta` to null"):
        ATTACKS[0](network, images, labels)
    changed = replace(ATTACKS[0], beta=None)(network, images, labels)
    assert not changed.equal(images)


def test_a_random_walk_keeps_its_best_step(
    network: NormalizedNetwork, images: Tensor, labels: Tensor
) -> None:
    like = ATTACKS[0]
    walk = RandomWalk(**{**COMMON, "beta": None}, like=like)
    changed = walk(network, images, labels, draws(6))
    moved = 0
    for row, draw in enumerate(draws(6)[:5]):
        image, label = images[row : row + 1], labels[row : row + 1]
        reference = maps_of(walk, network, image, label)
        target = like.target(image, reference, reference)
        x, kept, best = image, image, -torch.inf
        for _ in range(STEPS + 1):
            height = like.objective(maps_of(walk, network, x, label), target).item()
            if network(x).argmax(1) == label and height > best:
                kept, best = x, height
            noise = torch.randn(3, 8, 8, generator=draw).double()
            x = image + (x + STEP * noise.sign() - image).clamp(-EPSILON, EPSILON)
            x = x.clamp(0, 1)
        torch.testing.assert_close(changed[row : row + 1], kept)
        moved += int(not kept.equal(image))
    assert moved > 1
    assert changed[-1].equal(images[-1])


def test_beta_grows_evenly_in_its_logarithm(network: NormalizedNetwork) -> None:
    attack = TopKAttack(**{**COMMON, "beta": 10.0, "steps": 2}, last_beta=90.0)
    betas = [getattr(attack.surrogate(network, step), "beta", 0) for step in range(3)]
    assert betas == pytest.approx([10, 30, 90])
    still = replace(attack, last_beta=None)
    assert {getattr(still.surrogate(network, step), "beta", 0) for step in range(3)} == {10.0}


def test_the_output_is_held_by_its_weight(
    network: NormalizedNetwork, images: Tensor, labels: Tensor
) -> None:
    """Dombrowski et al. 2019, equation 4, in one step from a place where both terms have a say."""
    surrogate = smoothed(network, 8.0)
    loss = TargetMap(shape="cross")
    attack = LossAttack(**{**COMMON, "steps": 4}, loss=loss, output_weight=1e7)
    changed = attack(network, images, labels)
    for row in range(5):
        image, label = images[row : row + 1], labels[row : row + 1]
        clean = surrogate(image).softmax(1).detach()
        x, kept, best = image, image, -torch.inf
        for _ in range(5):
            leaf = x.clone().requires_grad_()
            heatmap = SimpleGradient()(surrogate, leaf, label).heatmap
            moved = (surrogate(leaf).softmax(1) - clean).square().mean()
            height = -loss(heatmap, heatmap).sum() - 1e7 * moved
            if network(x).argmax(1) == label and height.item() > best:
                kept, best = x, height.item()
            (gradient,) = torch.autograd.grad(height, leaf)
            x = image + (x + STEP * gradient.sign() - image).clamp(-EPSILON, EPSILON)
            x = x.clamp(0, 1)
        torch.testing.assert_close(changed[row : row + 1], kept)
    free = replace(attack, output_weight=0.0)(network, images, labels)
    assert not free.equal(changed)
