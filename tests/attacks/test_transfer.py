"""Transferable attacks against slow transcriptions, their limits, their passes and bad input."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
import scipy.fft
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from attacks import PGD
from attacks.prediction import AttackState, PredictionAttack, Step
from attacks.transfer import (
    BIM,
    DIFGSM,
    GRA,
    MIFGSM,
    MIG,
    NAA,
    PGN,
    SIA,
    SINIFGSM,
    SSA,
    TIFGSM,
    VMIFGSM,
    Diversity,
    Smoothing,
    TransferAttack,
    cross_entropy,
    cross_entropy_of_softmax,
    lost_logit,
    lost_probability,
)
from seeds import generator

EPSILON, STEP = 0.06, 0.02
LENGTHS: dict[str, Any] = {"epsilon": EPSILON, "step_size": STEP, "steps": 4}

ATTACKS: list[TransferAttack] = [
    BIM(**LENGTHS),
    MIFGSM(**LENGTHS),
    DIFGSM(**LENGTHS),
    TIFGSM(**LENGTHS),
    SINIFGSM(**LENGTHS),
    SSA(samples=3, **LENGTHS),
    MIG(points=3, **LENGTHS),
    GRA(samples=3, **LENGTHS),
    VMIFGSM(samples=3, **LENGTHS),
    PGN(samples=3, **LENGTHS),
    SIA(samples=3, **LENGTHS),
    NAA(layer="0", samples=3, **LENGTHS),
]
all_attacks = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: type(attack).__name__)


def generators(seeds: list[int]) -> list[Generator]:
    return [Generator().manual_seed(seed) for seed in seeds]


def steps_of(
    attack: PredictionAttack, network: nn.Module, images: Tensor, labels: Tensor
) -> list[Step]:
    with torch.no_grad():
        goal = attack.goal(network, images, labels)
    return [Step(*step) for step in attack.path(goal, images, generators([7]))]


def slope_of(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Gradient of the cross-entropy."""
    leaf = images.clone().requires_grad_()
    (slope,) = torch.autograd.grad(F.cross_entropy(network(leaf), labels, reduction="sum"), leaf)
    return slope


def evened(slope: Tensor) -> Tensor:
    return torch.stack([each / each.abs().mean() for each in slope])


def moved(changed: Tensor, images: Tensor, update: Tensor) -> Tensor:
    change = changed + STEP * update.sign() - images
    return (images + change.clamp(-EPSILON, EPSILON)).clamp(0, 1)


@all_attacks
def test_chunks_change_nothing(
    attack: TransferAttack, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    whole, parts = (
        replace(attack, chunk=chunk)(network, images, labels, generators([7])) for chunk in (3, 7)
    )
    torch.testing.assert_close(whole, parts)


@all_attacks
def test_the_label_becomes_more_likely_where_that_is_wanted(
    attack: TransferAttack, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    def probability(changed: Tensor) -> Tensor:
        return -lost_probability(network(changed), labels).mean().detach()

    towards = replace(attack, towards_label=True)
    up, down = (each(network, images, labels, generators([7])) for each in (towards, attack))
    assert probability(down) < probability(images) < probability(up)


COUNTS: list[tuple[TransferAttack, int]] = [
    (BIM(), 10),
    (MIFGSM(), 10),
    (DIFGSM(), 10),
    (TIFGSM(), 10),
    (SINIFGSM(), 50),
    (SSA(), 200),
    (MIG(), 200),
    (GRA(), 210),
    # nobody asks how the gradient varies around the last step
    (VMIFGSM(), 10 + 9 * 20),
    (PGN(), 400),
    (SIA(), 200),
    (NAA(layer="0"), 40),
]


@pytest.mark.slow
@pytest.mark.parametrize(("attack", "passes"), COUNTS)
def test_passes(
    attack: TransferAttack, passes: int, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    seen = 0

    def count(_module: nn.Module, inputs: tuple[Tensor], _output: Tensor) -> None:
        nonlocal seen
        seen += len(inputs[0])

    network.register_forward_hook(count)
    attack(network, images[:1], labels[:1], generators([7]))
    assert seen == passes


def test_bim_is_pgd_without_a_random_start(
    network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    pgd = PGD(random_start=False, **LENGTHS)
    for ours, theirs in zip(
        steps_of(BIM(**LENGTHS), network, images, labels),
        steps_of(pgd, network, images, labels),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)


def test_momentum(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    changed, update = images, torch.zeros_like(images)
    for step in steps_of(MIFGSM(momentum=0.7, **LENGTHS), network, images, labels):
        update = 0.7 * update + evened(slope_of(network, changed, labels))
        torch.testing.assert_close(step.update, update)
        changed = moved(changed, images, update)
        torch.testing.assert_close(step.after, changed)


@pytest.mark.parametrize(
    "attack",
    [
        SSA(noise=0, spread=0, diversity=None, smoothing=None, samples=2, **LENGTHS),
        GRA(reach=0, decay=1, **LENGTHS),
        VMIFGSM(reach=0, **LENGTHS),
        PGN(reach=0, balance=0, **LENGTHS),
        DIFGSM(momentum=1, diversity=Diversity(probability=0), **LENGTHS),
        SINIFGSM(scales=1, **LENGTHS),
    ],
    ids=lambda attack: type(attack).__name__,
)
def test_with_nothing_random_they_are_momentum(
    attack: TransferAttack, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    found = steps_of(attack, network, images, labels)
    expected = steps_of(MIFGSM(**LENGTHS), network, images, labels)
    # Nesterov's momentum looks ahead from the second step on
    count = 1 if isinstance(attack, SINIFGSM) else len(expected)
    torch.testing.assert_close(found[:count], expected[:count])


def test_ssa(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    """Noise, spectrum times a factor, diversity, mean, smoothing and momentum, in this order."""
    diversity, smoothing = Diversity(rate=1.5, probability=0.5), Smoothing(3)
    attack = SSA(
        samples=3, noise=0.1, spread=0.5, diversity=diversity, smoothing=smoothing, **LENGTHS
    )
    random = torch.Generator().manual_seed(7)
    changed, update = images, torch.zeros_like(images)
    for step in steps_of(attack, network, images, labels):
        slope = torch.zeros_like(images)
        for _ in range(3):
            noise = torch.randn(images.shape[1:], generator=random).to(images)
            factor = 0.5 + torch.rand(images.shape[1:], generator=random).to(images)
            spectrum = scipy.fft.dctn((changed + 0.1 * noise).numpy(), axes=(2, 3))
            heard = scipy.fft.idctn(factor.numpy() * spectrum, axes=(2, 3))
            leaf = torch.from_numpy(heard).requires_grad_()
            view = diversity.sample(images, [random])
            loss = F.cross_entropy(network(view(leaf)), labels, reduction="sum")
            slope += torch.autograd.grad(loss, leaf)[0] / 3
        update = update + evened(smoothing(slope))
        torch.testing.assert_close(step.update, update)
        changed = moved(changed, images, update)
        torch.testing.assert_close(step.after, changed)


@pytest.mark.parametrize(
    ("attack", "smoothing"),
    [
        (DIFGSM(diversity=Diversity(0.5, 0.7), **LENGTHS), None),
        (TIFGSM(diversity=Diversity(0.5, 0.7), smoothing=Smoothing(5), **LENGTHS), Smoothing(5)),
    ],
    ids=["DI", "TI"],
)
def test_diversity_and_smoothing(
    attack: TransferAttack,
    smoothing: Smoothing | None,
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
) -> None:
    random, changed = torch.Generator().manual_seed(7), images
    for step in steps_of(attack, network, images, labels):
        leaf = changed.clone().requires_grad_()
        seen = Diversity(0.5, 0.7).sample(images, [random])(leaf)
        loss = F.cross_entropy(network(seen), labels, reduction="sum")
        (slope,) = torch.autograd.grad(loss, leaf)
        # neither has momentum
        update = evened(smoothing(slope) if smoothing else slope)
        torch.testing.assert_close(step.update, update)
        changed = moved(changed, images, update)


def test_defaults_are_the_published_ones() -> None:
    for attack in (BIM(), SSA(), MIG(), GRA(), PGN(), VMIFGSM(), SIA(), SINIFGSM(), MIFGSM()):
        assert attack.radius == pytest.approx(16 / 255)
        assert attack.length == pytest.approx(1.6 / 255)
        assert attack.steps == 10
        assert attack.momentum == (0 if type(attack) is BIM else 1)
    ssa = SSA()
    assert (ssa.samples, ssa.spread) == (20, 0.5)
    assert ssa.noise == pytest.approx(16 / 255)
    assert (ssa.diversity, ssa.smoothing) == (Diversity(1.15, 0.5), Smoothing(7))
    assert MIG().points == 20
    assert (GRA().samples, GRA().reach, GRA().decay) == (20, 3.5, 0.94)
    assert (PGN().samples, PGN().reach, PGN().balance) == (20, 3.0, 0.5)
    assert (DIFGSM().diversity, DIFGSM().momentum) == (Diversity(0.9, 0.5), 0)
    assert (TIFGSM().diversity, TIFGSM().smoothing) == (Diversity(0.9, 0.5), Smoothing(15))
    assert (SINIFGSM().scales, NAA(layer="first").samples, NAA(layer="first").noise) == (5, 30, 0.2)


def test_steps_share_the_radius_where_nothing_else_is_said() -> None:
    assert SSA(epsilon="8/255", steps=4).length == pytest.approx(2 / 255)
    assert SSA(epsilon="8/255", steps=4, step_size="1/255").length == pytest.approx(1 / 255)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda images: 3 * images - 1, r"values in \[0, 1\], got -1"),
        (lambda images: images.log(), r"values in \[0, 1\], got"),
        (lambda images: images * torch.nan, "must be finite, got NaN in 3 of 3"),
        (
            lambda images: (255 * images).byte(),
            "must be floating point, got torch.uint8; divide by 255",
        ),
        (lambda images: images[:0], r"`images` has none, got the shape \(0, 3"),
    ],
)
def test_what_are_no_pixels_is_refused(
    change: Any, message: str, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    images[0, 0, 0, 0] = 0
    with pytest.raises(ValueError, match=message):
        SSA(samples=1, **LENGTHS)(network, change(images), labels)


def test_nesterov_looks_ahead_over_scales(
    network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    changed, update = images, torch.zeros_like(images)
    for step in steps_of(SINIFGSM(scales=3, **LENGTHS), network, images, labels):
        ahead = changed + STEP * update
        slope = torch.zeros_like(images)
        for scale in (1, 0.5, 0.25):
            # the chain rule: half the brightness halves the gradient
            slope += scale * slope_of(network, scale * ahead, labels) / 3
        update = update + evened(slope)
        torch.testing.assert_close(step.update, update)
        changed = moved(changed, images, update)


def test_gra(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    attack = GRA(samples=2, reach=3.5, decay=0.5, **LENGTHS)
    random = torch.Generator().manual_seed(7)
    changed, update, step_scale = images, torch.zeros_like(images), torch.full_like(images, 2.0)
    turned_at_all = torch.tensor(False)
    for number, step in enumerate(steps_of(attack, network, images, labels)):
        own, around = slope_of(network, changed, labels), torch.zeros_like(images)
        for _ in range(2):
            noise = torch.rand(images.shape[1:], generator=random).to(images)
            near = changed + 3.5 * EPSILON * (2 * noise - 1)
            around += slope_of(network, near, labels) / 2
        mixed = []
        for g, a in zip(own, around, strict=True):
            alike = (g * a).sum() / (g.norm() * a.norm())
            mixed.append(alike * g + (1 - alike) * a)
        before, update = update, update + evened(torch.stack(mixed))
        # the published start, 1 over the decay: every sign differs from that of no momentum
        step_scale = torch.where(before.sign() == update.sign(), step_scale, step_scale * 0.5)
        turned_at_all |= (step_scale < 1).any()
        torch.testing.assert_close(step.update, update)
        change = changed + STEP * step_scale * update.sign() - images
        changed = (images + change.clamp(-EPSILON, EPSILON)).clamp(0, 1)
        torch.testing.assert_close(step.after, changed)
        if number == 0:
            torch.testing.assert_close(step_scale, torch.ones_like(step_scale))
    assert turned_at_all


def test_variance(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    attack = VMIFGSM(samples=2, **LENGTHS)
    random = torch.Generator().manual_seed(7)
    changed, update, variation = images, torch.zeros_like(images), torch.zeros_like(images)
    for step in steps_of(attack, network, images, labels):
        own = slope_of(network, changed, labels)
        update = update + evened(own + variation)
        torch.testing.assert_close(step.update, update)
        around = torch.zeros_like(images)
        for _ in range(2):
            noise = torch.rand(images.shape[1:], generator=random).to(images)
            around += slope_of(network, changed + 1.5 * EPSILON * (2 * noise - 1), labels) / 2
        variation = around - own
        changed = moved(changed, images, update)


def test_flat_maxima(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    attack = PGN(samples=2, balance=0.3, **LENGTHS)
    random = torch.Generator().manual_seed(7)
    slope = torch.zeros_like(images)
    for _ in range(2):
        noise = torch.rand(images.shape[1:], generator=random).to(images)
        near = images + 3 * EPSILON * (2 * noise - 1)
        first = slope_of(network, near, labels)
        second = slope_of(network, near - STEP * evened(first), labels)
        slope += (0.7 * first + 0.3 * second) / 2
    step, *_ = steps_of(attack, network, images, labels)
    torch.testing.assert_close(step.update, evened(slope))


def test_integrated_gradients(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    attack = MIG(points=3, **LENGTHS)
    slope = torch.zeros_like(images)
    for point in (1, 2, 3):
        leaf = (point / 3 * images).requires_grad_()
        total = network(leaf).softmax(1).gather(1, labels[:, None]).sum()
        slope += torch.autograd.grad(total, leaf)[0] / 3
    step, *_ = steps_of(attack, network, images, labels)
    torch.testing.assert_close(step.update, -evened(images * slope))


def test_integrated_gradients_of_one_point_are_input_times_gradient(
    network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    attack = MIG(points=1, objective=cross_entropy, **LENGTHS)
    step, *_ = steps_of(attack, network, images, labels)
    torch.testing.assert_close(step.update, evened(images * slope_of(network, images, labels)))


def test_neurons(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    """What the first convolution's outputs contribute, by a network cut in two."""
    head, *tail = network.network  # type: ignore[misc]  # a Sequential
    first = nn.Sequential(network.normalize, head)  # type: ignore[arg-type]
    rest = nn.Sequential(*tail)
    attack = NAA(layer="0", samples=2, noise=0.1, seed=3, **LENGTHS)
    weights, random = torch.zeros(()), generator(3)
    for point in (0.5, 1.0):
        noise = torch.randn(images.shape[1:], generator=random).to(images)
        neurons = first(point * images + 0.1 * noise).detach().requires_grad_()
        total = rest(neurons).gather(1, labels[:, None]).sum()
        weights = weights + torch.autograd.grad(total, neurons)[0]
    weights = torch.stack([each / each.norm() for each in weights])
    leaf = images.clone().requires_grad_()
    (slope,) = torch.autograd.grad(-(weights * first(leaf)).sum(), leaf)
    step, *_ = steps_of(attack, network, images, labels)
    torch.testing.assert_close(step.update, evened(slope))


def changed_in_blocks(image: Tensor, random: Generator, blocks: int) -> Tensor:
    """One of ten changes in each block of (1, 3, H, W) (Wang et al. 2023, table 1), one by one."""
    cuts = []
    for side in image.shape[2:]:
        inner = (torch.randperm(side - 1, generator=random)[: blocks - 1] + 1).tolist()
        cuts.append([0, *sorted(inner), side])
    out = torch.zeros_like(image)
    for (top, bottom), (left, right) in product(*map(pairwise, cuts)):
        block, sides = image[:, :, top:bottom, left:right], (bottom - top, right - left)
        rows, columns = (torch.arange(side) for side in sides)
        kind = int(torch.randint(10, (1,), generator=random))
        if kind == 0:
            rows = (rows - int(torch.rand(1, generator=random) * sides[0])) % sides[0]
        if kind == 1:
            columns = (columns - int(torch.rand(1, generator=random) * sides[1])) % sides[1]
        if kind in (2, 4):
            rows = sides[0] - 1 - rows
        if kind in (3, 4):
            columns = sides[1] - 1 - columns
        block = block[:, :, rows][:, :, :, columns]
        if kind == 5:
            block = torch.rand(1, generator=random).double() * block
        if kind == 6:
            noise = 2 * torch.rand(3, *sides, generator=random) - 1
            block = (block + 16 / 255 * noise.double()).clamp(0, 1)
        if kind == 7:
            share = (1 + float(torch.rand(1, generator=random))) / 2
            small = [max(1, int(share * side)) for side in sides]
            coarse = F.interpolate(block, small, mode="bilinear")
            block = F.interpolate(coarse, sides, mode="bilinear")
        if kind == 8:
            every = (scipy.fft.dct(np.eye(side), axis=0, norm="ortho") for side in sides)
            low = [torch.from_numpy(waves[: max(1, int(0.6 * len(waves)))]) for waves in every]
            block = low[0].T @ low[0] @ block @ low[1].T @ low[1]
        if kind == 9:
            block = block * (torch.rand(3, *sides, generator=random) >= 0.1) / 0.9
        out[:, :, top:bottom, left:right] = block
    return out


def test_blocks(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    """A step of SIA, from as many copies as meet every change several times."""
    one, label, random = images[:1], labels[:1], Generator().manual_seed(7)
    leaf = one.clone().requires_grad_()
    total = torch.zeros(())
    for _ in range(30):
        seed = int(torch.randint(2**62, (1,), generator=random))
        seen = changed_in_blocks(leaf, Generator().manual_seed(seed), 3)
        total = total + F.cross_entropy(network(seen), label)
    (slope,) = torch.autograd.grad(total / 30, leaf)
    attack = SIA(samples=30, epsilon=EPSILON, step_size=STEP, steps=1)
    (step,) = steps_of(attack, network, one, label)
    torch.testing.assert_close(step.update, evened(slope))


def test_each_image_has_blocks_of_its_own() -> None:
    """Without generators too."""
    same = torch.rand(1, 3, 12, 12).expand(4, -1, -1, -1)
    state = AttackState(same, same, torch.zeros_like(same), None)
    (copy,) = SIA(samples=1).copies(state)
    assert len(copy.transform(same).unique(dim=0)) == 4


def test_objectives() -> None:
    logits = torch.tensor([[0.0, 1.0, 3.0], [2.0, 0.5, -1.0]], dtype=torch.float64)
    labels = torch.tensor([2, 1])
    probability = torch.stack(
        [row.exp()[label] / row.exp().sum() for row, label in zip(logits, labels, strict=True)]
    )
    torch.testing.assert_close(cross_entropy(logits, labels), -probability.log())
    torch.testing.assert_close(lost_probability(logits, labels), -probability)
    expected = torch.tensor([-3.0, -0.5], dtype=torch.float64)
    torch.testing.assert_close(lost_logit(logits, labels), expected)


def test_softmaxes_too_many() -> None:
    values = torch.tensor([[0.0, 1.0, 3.0]], dtype=torch.float64)
    labels = torch.tensor([1])
    three = values
    for _ in range(3):
        three = three.exp() / three.exp().sum()
    torch.testing.assert_close(cross_entropy_of_softmax(values, labels), -three[:, 1].log())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MIFGSM(chunk=0), "`chunk` must be at least 1, got 0"),
        (lambda: MIFGSM(momentum=-1), "`momentum` must be finite and not negative, got -1"),
        (lambda: SSA(samples=0), "`samples` must be at least 1, got 0"),
        (lambda: SSA(noise="1:2"), "`noise` must be a number or a fraction"),
        (lambda: SSA(spread=float("nan")), "`spread` must be finite and not negative, got nan"),
        (lambda: GRA(samples=0), "`samples` must be at least 1, got 0"),
        (lambda: GRA(reach=-1), "`reach` must be finite and not negative, got -1"),
        (lambda: GRA(decay=0), "`decay` must be in (0, 1], got 0"),
        (lambda: PGN(balance=2), "`balance` must be in [0, 1], got 2"),
        (lambda: MIG(points=0), "`points` must be at least 1, got 0"),
        (lambda: SINIFGSM(scales=0), "`scales` must be at least 1, got 0"),
        (lambda: SIA(blocks=0), "`blocks` must be at least 1, got 0"),
        (lambda: NAA(layer="0", samples=0), "`samples` must be at least 1, got 0"),
        (lambda: NAA(layer="0", noise=-1), "`noise` must be finite and not negative, got -1"),
        (lambda: BIM(steps=0), "`steps` must be at least 1, got 0"),
    ],
)
def test_bad_arguments(make: Callable[[], TransferAttack], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


def test_more_blocks_than_pixels(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    with pytest.raises(ValueError, match="at most one for each pixel of a side of images of 8x8"):
        SIA(blocks=9)(network, images, labels)


def test_a_layer_that_is_not_there(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    with pytest.raises(ValueError, match="no layer `nowhere` in the network"):
        NAA(layer="nowhere")(network, images, labels)
