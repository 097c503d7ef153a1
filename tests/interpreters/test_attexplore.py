"""AttEXplore: closed forms, completeness in the limit, and what every interpreter promises."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from helpers import LinearNetwork
from torch import Tensor, nn

from attacks import L2, PGD
from attacks.prediction import PredictionAttack
from attacks.transfer import BIM, GRA, MIFGSM, MIG, SSA, cross_entropy, lost_logit
from interpreters import AttEXplore, Captum, Interpreter
from lightning_modules import PassiveFooling
from losses import Location

SMALL: dict[str, Any] = {"epsilon": 0.06, "step_size": 0.02, "steps": 4}
EXPLORERS = [SSA(samples=3, **SMALL), MIG(points=3, **SMALL), GRA(samples=3, **SMALL), PGD(**SMALL)]
all_explorers = pytest.mark.parametrize("attack", EXPLORERS, ids=lambda each: type(each).__name__)


@all_explorers
@pytest.mark.parametrize("towards", [False, True])
def test_steps_by_sign_never_speak_against(
    attack: PredictionAttack, towards: bool, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    if isinstance(attack, SSA | MIG | GRA):
        attack = type(attack)(**{**vars(attack), "towards_label": towards})
    found = AttEXplore(attack).attribution(network, images, labels)
    assert found.shape == images.shape
    assert (found >= 0).all()
    assert found.any()


def test_away_from_the_ends_it_is_the_size_of_the_updates(
    network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    """A = step * sum |m_t| where nothing is clamped."""
    grey = 0.3 + 0.4 * images
    attack = MIFGSM(epsilon=0.2, step_size=0.05, steps=4)
    with torch.no_grad():
        goal = attack.goal(network, grey, labels)
    expected = sum(0.05 * update.abs() for _, _, update in attack.path(goal, grey))
    torch.testing.assert_close(AttEXplore(attack).attribution(network, grey, labels), expected)


@pytest.mark.slow
def test_short_steps_are_complete(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    """The plain gradients along the path add up to what the attack gained."""
    attack = MIG(points=2, objective=cross_entropy, epsilon=0.05, step_size=0.05 / 400, steps=400)
    found = AttEXplore(attack, attribution_gradient="plain").attribution(network, images, labels)
    before = F.cross_entropy(network(images), labels, reduction="none")
    after = F.cross_entropy(network(attack(network, images, labels)), labels, reduction="none")
    # a left Riemann sum of 400 steps is off by about a step's share of the change
    torch.testing.assert_close(found.sum((1, 2, 3)), (after - before).detach(), rtol=5e-3, atol=0)


def test_of_linear_logits(images: Tensor, labels: Tensor) -> None:
    """Along a straight path the attribution is the way times the mean gradient."""
    network, grey = LinearNetwork(), 0.3 + 0.4 * images
    attack = BIM(objective=lost_logit, epsilon=0.2, step_size=0.05, steps=4)
    weights = network.layer.weight[labels].view_as(images).detach()
    found = AttEXplore(attack).attribution(network, grey, labels)
    torch.testing.assert_close(found, 0.2 * weights.abs())


def test_a_seed_decides(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    first, again, other = (
        AttEXplore(SSA(samples=2, **SMALL), seed=seed)(network, images, labels).heatmap
        for seed in (0, 0, 1)
    )
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert (first != other).any()


def test_names_say_what_explores() -> None:
    assert AttEXplore(MIG()).name == "attexplore_mig"


def test_other_balls(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    attack = MIFGSM(ball=L2(), epsilon=0.5, step_size=0.1, steps=3)
    assert AttEXplore(attack)(network, images, labels).heatmap.isfinite().all()


@pytest.mark.parametrize("interpreter", [AttEXplore(BIM()), Captum("Saliency")])
def test_no_network_learns_from_it(interpreter: Interpreter, network: nn.Module) -> None:
    with pytest.raises(ValueError, match="no gradient"):
        PassiveFooling(network, interpreter, Location())


def test_bad_gradient() -> None:
    with pytest.raises(ValueError, match="`attribution_gradient` must be one of"):
        AttEXplore(BIM(), attribution_gradient="mean")  # type: ignore[arg-type]  # that is the point
