"""The contract of every attack."""

from dataclasses import dataclass, fields, replace
from inspect import isabstract
from typing import Any

import pytest
import torch
from helpers import PREPROCESSING, TinyNetwork, state
from torch import Generator, Tensor, nn

import attacks
import attacks.transfer
from attacks import (
    L2,
    PGD,
    Attack,
    Ball,
    Box,
    Divergence,
    InfluenceAttack,
    LInf,
    LossAttack,
    MassCenterAttack,
    ObjectMask,
    RandomSign,
    RandomWalk,
    TargetedAttack,
    TopKAttack,
    VotingInfluenceAttack,
)
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
)
from interpreters import Captum, SimpleGradient
from interpreters.influence import InfluenceFunctions, Influences
from losses import TargetMap
from networks import NormalizedNetwork, UnsupportedError

COUNT, SEEDS = 5, [3, 1, 4, 15, 9]
SIZES: dict[str, Any] = {"epsilon": 0.06, "step_size": 0.03, "steps": 3}
ON_HEATMAPS: dict[str, Any] = {**SIZES, "interpreter": SimpleGradient(), "beta": 8.0}
TOP_K = TopKAttack(**ON_HEATMAPS, k=9)


@dataclass(frozen=True)
class Case:
    """An attack, which may lack what a study fills in, and what is to be expected of it."""

    attack: Attack
    # whether another seed gives other images
    random: bool = False
    # whether the network still gives every image its label
    keeps_labels: bool = False
    # whether an image that begins with another label is returned as it is
    leaves_others: bool = False
    needs_labels: bool = True
    needs_interpreter: bool = False
    # whether an interpreter without gradients is refused
    needs_gradients: bool = False
    needs_masks: bool = False
    needs_influences: bool = False


def on_heatmaps(attack: Attack, **flags: bool) -> Case:
    kept = {"keeps_labels": True, "leaves_others": True}
    return Case(attack, **{**kept, "needs_interpreter": True, "needs_gradients": True, **flags})


def on_influences(attack: Attack) -> Case:
    return Case(attack, keeps_labels=True, leaves_others=True, needs_influences=True)


CASES = {
    "RandomSign": Case(RandomSign(epsilon=0.06), random=True, keeps_labels=True),
    "PGD": Case(PGD(**SIZES), random=True),
    "PGD, restarts": Case(PGD(**SIZES, restarts=2), random=True),
    "PGD, from the image": Case(PGD(**SIZES, random_start=False)),
    "Divergence": Case(Divergence(**SIZES), random=True, needs_labels=False),
    "BIM": Case(BIM(**SIZES)),
    "MIFGSM": Case(MIFGSM(**SIZES)),
    "DIFGSM": Case(DIFGSM(**SIZES), random=True),
    "TIFGSM": Case(TIFGSM(**SIZES), random=True),
    "SINIFGSM": Case(SINIFGSM(**SIZES)),
    "SSA": Case(SSA(samples=2, **SIZES), random=True),
    "MIG": Case(MIG(points=2, **SIZES)),
    "GRA": Case(GRA(samples=2, **SIZES), random=True),
    "VMIFGSM": Case(VMIFGSM(samples=2, **SIZES), random=True),
    "PGN": Case(PGN(samples=2, **SIZES), random=True),
    "SIA": Case(SIA(samples=2, **SIZES), random=True),
    # its noise is the same for all images
    "NAA": Case(NAA(layer="0", samples=2, **SIZES)),
    "TopKAttack": on_heatmaps(TOP_K),
    "MassCenterAttack": on_heatmaps(MassCenterAttack(**ON_HEATMAPS), random=True),
    "TargetedAttack": on_heatmaps(TargetedAttack(**ON_HEATMAPS, region=Box(0.0, 0.0, 0.5, 0.4))),
    "TargetedAttack, objects": on_heatmaps(
        TargetedAttack(**ON_HEATMAPS, region=ObjectMask()), needs_masks=True
    ),
    "LossAttack": on_heatmaps(LossAttack(**ON_HEATMAPS, loss=TargetMap(shape="cross"))),
    "RandomWalk": on_heatmaps(
        RandomWalk(**{**ON_HEATMAPS, "beta": None}, like=TOP_K), random=True, needs_gradients=False
    ),
    "InfluenceAttack": on_influences(InfluenceAttack(**SIZES)),
    "VotingInfluenceAttack": on_influences(VotingInfluenceAttack(**SIZES)),
}
every_attack = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@dataclass
class Setup:
    """A network, images up to black and white, their labels, objects and training images."""

    network: nn.Module
    images: Tensor
    labels: Tensor
    masks: Tensor
    influences: Influences

    def attacked(
        self, case: Case, rows: list[int] | None = None, seeds: list[int] = SEEDS, **changes: Any
    ) -> Tensor:
        """Attack some of the images, each by a generator of its own."""
        rows = list(range(COUNT)) if rows is None else rows
        attack = self.complete(replace(case.attack, **changes), case, rows)
        generators = [Generator().manual_seed(seeds[row]) for row in rows]
        return attack(self.network, self.images[rows], self.labels[rows], generators)

    def complete(self, attack: Any, case: Case, rows: list[int]) -> Attack:
        """Fill in what a study knows."""
        if case.needs_masks:
            attack = replace(attack, region=replace(attack.region, masks=self.masks[rows]))
        if case.needs_influences:
            attack = replace(attack, influences=self.influences)
        return attack


@pytest.fixture(scope="module")
def influences() -> Influences:
    """Of a head over the three features of the network."""
    random = Generator().manual_seed(0)
    training = torch.rand(20, 3, generator=random, dtype=torch.float64)
    return InfluenceFunctions().fit(training, torch.arange(20) % 4, 4)


@pytest.fixture
def setup(influences: Influences) -> Setup:
    """The last image has a label that the network does not give it."""
    network = NormalizedNetwork(TinyNetwork(4, nn.ReLU), PREPROCESSING).double().eval()
    images = (1.4 * torch.rand(COUNT, 3, 8, 8, dtype=torch.float64) - 0.2).clamp(0, 1)
    with torch.no_grad():  # so that it prefers no class, and labels are lost on the way
        network.get_parameter("network.7.bias").sub_(network(images).mean(0))
        labels = network(images).argmax(1)
    labels[-1] = (labels[-1] + 1) % 4
    masks = torch.rand(COUNT, 1, 8, 8, dtype=torch.float64).round()
    return Setup(network, images, labels, masks, influences)


def length(ball: Ball, change: Tensor) -> Tensor:
    order = torch.inf if isinstance(ball, LInf) else 2
    return torch.linalg.vector_norm(change.flatten(1), order, dim=1)


def test_every_attack_is_here() -> None:
    names = {**vars(attacks), **vars(attacks.transfer)}
    classes = {each for each in names.values() if isinstance(each, type)}
    made = {each for each in classes if issubclass(each, Attack) and not isabstract(each)}
    made -= {attacks.transfer.TransferAttack}  # as MIFGSM, which adds nothing
    assert made == {type(case.attack) for case in CASES.values()}


@every_attack
@pytest.mark.parametrize(("ball", "epsilon", "step"), [(LInf(), 0.06, 0.02), (L2(), 0.5, 0.2)])
def test_images_stay_in_the_ball(
    case: Case, ball: Ball, epsilon: float, step: float, setup: Setup
) -> None:
    own = {field.name for field in fields(case.attack)}
    size: dict[str, Any] = {"step_size": step} if "step_size" in own else {}
    found = setup.attacked(case, ball=ball, epsilon=epsilon, **size)
    assert found.shape == setup.images.shape
    assert found.dtype == setup.images.dtype
    assert not found.requires_grad
    assert (length(ball, found - setup.images) <= epsilon + 1e-12).all()
    assert found.min() >= 0
    assert found.max() <= 1
    assert (found != setup.images).flatten(1).any(1).sum() >= 2


@every_attack
def test_half_the_ball(case: Case, setup: Setup) -> None:
    half: Any = case.attack.scaled(0.5)
    assert half.radius == pytest.approx(case.attack.radius / 2)
    found = setup.attacked(replace(case, attack=half))
    assert (length(half.ball, found - setup.images) <= half.radius + 1e-12).all()


@every_attack
def test_a_ball_of_no_size_changes_nothing(case: Case, setup: Setup) -> None:
    assert setup.attacked(case, epsilon=0).equal(setup.images)


@every_attack
def test_single_precision(case: Case, setup: Setup) -> None:
    single = replace(setup, network=setup.network.float(), images=setup.images.float())
    found = single.attacked(case)
    assert found.dtype == torch.float32
    assert length(case.attack.ball, found - single.images).max() <= case.attack.radius + 1e-6


@every_attack
def test_each_image_is_attacked_alone(case: Case, setup: Setup) -> None:
    together = setup.attacked(case)
    alone = [setup.attacked(case, [row]) for row in range(COUNT)]
    torch.testing.assert_close(torch.cat(alone), together)
    order = [3, 0, 4]
    torch.testing.assert_close(setup.attacked(case, order), together[order])


@every_attack
def test_generators_are_all_that_is_random(case: Case, setup: Setup) -> None:
    found = setup.attacked(case)
    assert setup.attacked(case).equal(found)
    other = setup.attacked(case, seeds=[seed + 100 for seed in SEEDS])
    assert other.equal(found) != case.random


@every_attack
@pytest.mark.parametrize("frozen", [False, True])
def test_the_network_is_left_as_found(case: Case, frozen: bool, setup: Setup) -> None:
    expected = setup.attacked(case)
    setup.network.requires_grad_(not frozen)
    before, images, labels = state(setup.network), setup.images.clone(), setup.labels.clone()
    found = setup.attacked(case)
    assert torch.is_grad_enabled()
    with torch.no_grad():
        without = setup.attacked(case)
        assert not torch.is_grad_enabled()
    assert state(setup.network) == before
    assert setup.images.equal(images)
    assert setup.labels.equal(labels)
    assert not setup.images.requires_grad
    torch.testing.assert_close([found, without], [expected, expected])


@every_attack
@pytest.mark.parametrize("kind", ["BatchNorm", "InstanceNorm", "Dropout"])
def test_a_network_in_training_mode_is_refused_as_found(
    case: Case, kind: str, setup: Setup
) -> None:
    """A pass would change its statistics, or drop units."""
    before = nn.InstanceNorm2d(3, track_running_stats=True), nn.Dropout(0.5)
    network = nn.Sequential(*before, setup.network).double().eval()
    for module in network.modules():
        module.training = type(module).__name__.startswith(kind)
    found = state(network)
    with pytest.raises(UnsupportedError, match=rf"{kind}.* training mode.* network\.eval\(\)"):
        replace(setup, network=network).attacked(case)
    assert state(network) == found


@every_attack
def test_labels(case: Case, setup: Setup) -> None:
    # where some are lost on the way
    found = setup.attacked(case, epsilon=0.3)
    with torch.no_grad():
        kept = setup.network(found).argmax(1) == setup.labels
    if case.keeps_labels:
        assert kept[:-1].all()
    else:
        assert not kept.all()
    for shift in (1, 2, 3):
        other = replace(setup, labels=(setup.labels + shift) % 4)
        moved = other.attacked(case, epsilon=0.3)
        if case.leaves_others:
            begun = setup.network(setup.images).argmax(1) == other.labels
            assert moved[~begun].equal(setup.images[~begun])
        assert moved.equal(found) != case.needs_labels


@pytest.mark.parametrize("name", ["interpreter", "masks", "influences"])
def test_what_is_missing_is_named(name: str, setup: Setup) -> None:
    cases = [case for case in CASES.values() if getattr(case, f"needs_{name}")]
    assert cases
    for case in cases:
        attack: Any = case.attack
        if name == "interpreter":
            attack = replace(attack, interpreter=None)
        with pytest.raises(ValueError, match=f"`{name}` is null; give the {name}"):
            attack(setup.network, setup.images, setup.labels)


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].needs_interpreter])
def test_interpreters_without_gradients(name: str, setup: Setup) -> None:
    case = CASES[name]
    saliency = Captum("Saliency", options={"abs": False})
    if case.needs_gradients:
        with pytest.raises(ValueError, match="heatmaps of Captum have no gradient"):
            replace(case.attack, interpreter=saliency)  # type: ignore[call-arg]  # has one
    else:
        assert not setup.attacked(case, interpreter=saliency).equal(setup.images)
