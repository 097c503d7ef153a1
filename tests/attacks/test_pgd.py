"""PGD against foolbox, its laws, and bad input."""

from dataclasses import replace

import pytest
import torch
from foolbox.attacks import L2PGD, LinfPGD
from foolbox.models.pytorch import PyTorchModel
from torch import Tensor, nn

from attacks import L2, PGD, Divergence, LInf, PredictionAttack

EPSILON, STEP = 0.03, 0.008


@pytest.mark.parametrize("steps", [1, 7])
@pytest.mark.parametrize(
    ("ball", "oracle", "epsilon"),
    [(LInf(), LinfPGD, EPSILON), (L2(), L2PGD, 0.4)],
)
def test_foolbox_finds_the_same_images(
    ball: LInf | L2,
    oracle: type,
    epsilon: float,
    steps: int,
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
) -> None:
    model = PyTorchModel(network, bounds=(0, 1), device="cpu")
    theirs = oracle(abs_stepsize=0.3 * epsilon, steps=steps, random_start=False)
    _, expected, _ = theirs(model, images, labels, epsilons=epsilon)
    attack = PGD(
        epsilon=epsilon, step_size=0.3 * epsilon, steps=steps, ball=ball, random_start=False
    )
    torch.testing.assert_close(attack(network, images, labels), expected)


def test_fgsm_is_one_step(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    fgsm = PGD(epsilon="8/255", step_size="8/255", steps=1, random_start=False)
    leaf = images.clone().requires_grad_()
    nn.functional.cross_entropy(network(leaf), labels, reduction="sum").backward()
    assert leaf.grad is not None
    expected = (images + 8 / 255 * leaf.grad.sign()).clamp(0, 1)
    torch.testing.assert_close(fgsm(network, images, labels), expected)


@pytest.mark.parametrize(
    "attack",
    [PGD(), PGD(random_start=False), PGD(ball=L2(), epsilon=0.5), Divergence(), PGD(restarts=3)],
)
def test_images_stay_in_the_ball_and_rise(
    attack: PredictionAttack, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    goal = attack.goal(network, images, labels)
    with torch.no_grad():
        before = goal(images)
    changed = attack(network, images, labels)
    change = (changed - images).flatten(1)
    order = 2 if isinstance(attack.ball, L2) else torch.inf
    assert (torch.linalg.vector_norm(change, order, dim=1) <= attack.radius + 1e-12).all()
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert not changed.requires_grad
    assert not images.requires_grad
    with torch.no_grad():
        assert (goal(changed) > before).all()


def test_restarts_keep_the_best(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    once = PGD(steps=1, step_size=0.0)
    goal = once.goal(network, images, labels)

    def generators() -> list[torch.Generator]:
        return [torch.Generator().manual_seed(seed) for seed in range(3)]

    shared = generators()
    with torch.no_grad():
        heights = [goal(once(network, images, labels, shared)) for _ in range(4)]
        best = goal(replace(once, restarts=4)(network, images, labels, generators()))
    torch.testing.assert_close(best, torch.stack(heights).amax(0), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epsilon": "8:255"}, "`epsilon` must be a number or a fraction, at least 0"),
        ({"epsilon": -0.1}, "`epsilon` must be"),
        ({"step_size": float("nan")}, "`step_size` must be"),
        ({"epsilon": "1/0"}, "`epsilon` must be"),
        ({"steps": 0}, "`steps` must be at least 1, got 0"),
        ({"restarts": 2, "random_start": False}, "all runs are the same"),
    ],
)
def test_bad_arguments(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PGD(**arguments)  # type: ignore[arg-type]  # that is the point


def test_divergence_needs_a_random_start() -> None:
    with pytest.raises(ValueError, match="at the image itself the gradient is 0"):
        Divergence(random_start=False)


def test_steps_follow_a_ball_that_is_replaced() -> None:
    """As a study of several sizes makes one attack of another."""
    shared = PGD(epsilon="8/255", step_size=None, steps=4)
    assert shared.length == pytest.approx(2 / 255)
    assert replace(shared, epsilon="1/255").length == pytest.approx(0.25 / 255)
    assert shared.scaled(0.5).length == pytest.approx(1 / 255)
    fixed = PGD(epsilon="8/255", step_size="2/255", steps=4)
    assert replace(fixed, epsilon="1/255").length == pytest.approx(2 / 255)
    assert fixed.scaled(0.5).length == pytest.approx(1 / 255)
