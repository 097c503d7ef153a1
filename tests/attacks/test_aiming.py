"""Attacks aimed at explainers, and given the masks of objects, as a study does."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from attacks import (
    PGD,
    Attack,
    Box,
    HeatmapAttack,
    InfluenceAttack,
    MassCenterAttack,
    ObjectMask,
    RandomSign,
    RandomWalk,
    TargetedAttack,
    TopKAttack,
)
from interpreters import Captum, GradCam, SimpleGradient

MASKS = torch.rand(2, 1, 8, 8)


class Given:
    """Influences that are not asked for."""

    def __call__(self, features: Tensor, labels: Tensor) -> Tensor:
        raise AssertionError

    def inverse_hvp(self, chosen: Tensor) -> Tensor:
        raise AssertionError

    def from_inverse_hvp(self, products: Tensor, features: Tensor, labels: Tensor) -> Tensor:
        raise AssertionError


@pytest.mark.parametrize("attack", [PGD(), RandomSign()], ids=repr)
def test_an_attack_on_the_prediction_is_aimed_at_nothing(attack: Attack) -> None:
    assert attack.against(GradCam()) is attack
    assert attack.with_masks(MASKS) is attack
    assert not attack.needs_masks
    assert not attack.needs_gradient


@pytest.mark.parametrize(
    "attack", [TopKAttack(), MassCenterAttack(), RandomWalk(like=TopKAttack())], ids=repr
)
def test_an_attack_on_heatmaps_keeps_its_own_interpreter(attack: HeatmapAttack) -> None:
    aimed = attack.against(GradCam())
    assert aimed == replace(attack, interpreter=GradCam())
    assert aimed.against(SimpleGradient()) is aimed


def test_an_attack_on_influences_is_always_aimed_anew() -> None:
    first, second = Given(), Given()
    attack = InfluenceAttack(influences=first)
    assert attack.against(second).influences is second
    assert not attack.needs_gradient


def test_only_an_attack_that_climbs_needs_a_gradient() -> None:
    assert TopKAttack().needs_gradient
    assert not TopKAttack(interpreter=GradCam()).needs_gradient
    walk = RandomWalk(like=TopKAttack())
    assert not walk.needs_gradient
    assert walk.against(Captum("Saliency")).interpreter == Captum("Saliency")


def test_masks_reach_the_region_that_needs_them() -> None:
    attack = TargetedAttack(region=ObjectMask(inside=False))
    for each in (attack, RandomWalk(like=attack)):
        assert each.needs_masks
        given = each.with_masks(MASKS)
        target = given.target(MASKS, MASKS, MASKS)
        torch.testing.assert_close(target, 1 - MASKS)
        assert given.needs_masks


def test_other_regions_need_no_masks() -> None:
    attack = TargetedAttack(region=Box(0, 0, 0.5, 0.5))
    for each in (attack, RandomWalk(like=attack)):
        assert not each.needs_masks
        assert each.with_masks(MASKS) == each


def test_an_attack_is_not_aimed_at_another_kind_of_explanation() -> None:
    with pytest.raises(ValueError, match="TopKAttack attacks heatmaps of an interpreter, got Giv"):
        TopKAttack().against(Given())
    with pytest.raises(ValueError, match="InfluenceAttack attacks influences, got GradCam"):
        InfluenceAttack().against(GradCam())
