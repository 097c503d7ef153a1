"""Attacks on influence functions: against transcriptions, their laws, and bad input."""

from typing import Any

import pytest
import torch
from helpers import tiny_network
from torch import Tensor, nn

from attacks import InfluenceAttack, VotingInfluenceAttack
from interpreters.influence import InfluenceFunctions, Influences
from networks import Refitted, features

EPSILON = 4 / 255
Setup = tuple[nn.Module, Influences, Tensor, Tensor]


@pytest.fixture(scope="module")
def setup() -> Setup:
    """A network with a fitted last layer, its influences, and images with their predictions."""
    torch.manual_seed(0)
    network = tiny_network().double().eval()
    training, labels = torch.rand(20, 3, 8, 8).double(), torch.arange(20) % 4
    with torch.no_grad():
        _, read = features(network, training)
        # spread out, so that the layer has something to tell apart
        training += 0.4 * (labels[:, None, None, None] - 1.5) * torch.rand(3, 1, 1)
        _, read = features(network, training.clamp(0, 1))
        found = InfluenceFunctions().fit(read, labels, 4)
        refitted = Refitted(network, *found.layer)
        images = training.clamp(0, 1)[:6] * 0.9 + 0.05
        return refitted, found, images, refitted(images).argmax(1)


def influence_on(network: nn.Module, found: Influences, image: Tensor, label: Tensor) -> Tensor:
    """The influences on one image's loss, differentiable in the image, (20,)."""
    read = features(network, image[None])[1]
    everything = found.inverse_hvp(torch.arange(20)[None])
    return found.from_inverse_hvp(everything, read, label[None])[0]


@pytest.mark.parametrize("kind", [InfluenceAttack, VotingInfluenceAttack])
@pytest.mark.parametrize("counts", [(3, 0), (2, 2), (0, 1)])
def test_one_step_is_the_papers(
    setup: Setup, kind: type[InfluenceAttack], counts: tuple[int, int]
) -> None:
    network, found, images, labels = setup
    lowered, raised = counts
    attack = kind(influences=found, epsilon=EPSILON, lowered=lowered, raised=raised)
    moved = attack(network, images, labels)
    changed = 0
    for row, (image, label) in enumerate(zip(images, labels, strict=True)):
        clean = influence_on(network, found, image, label).detach()
        order = clean.argsort(descending=True)[: lowered + raised].tolist()
        signs = [-1.0] * lowered + [1.0] * raised
        leaf = image.clone().requires_grad_()
        if kind is InfluenceAttack:
            now = influence_on(network, found, leaf, label)
            total = sum(sign * now[place] for sign, place in zip(signs, order, strict=True))
        else:
            start = read = features(network, image[None])[1].detach()
            for sign, place in reversed([*zip(signs, order, strict=True)]):
                at = read.clone().requires_grad_()
                part = sign * found.from_inverse_hvp(
                    found.inverse_hvp(torch.tensor([[place]])), at, label[None]
                )
                read = read + 0.01 * torch.autograd.grad(part.sum(), at)[0].sign()
            total = ((read - start) * features(network, leaf[None])[1]).sum()
        (gradient,) = torch.autograd.grad(total, leaf)  # type: ignore[arg-type]
        stepped = (image + EPSILON * gradient.sign()).clamp(0, 1)
        after = influence_on(network, found, stepped, label).detach()
        height = sum(s * (after - clean)[place] for s, place in zip(signs, order, strict=True))
        same = network(stepped[None]).argmax(1) == label
        expected = stepped if same and height > 0 else image
        torch.testing.assert_close(moved[row], expected)
        changed += int(expected is stepped)
    assert changed > 2


def test_more_steps_get_no_less_far(setup: Setup) -> None:
    network, found, images, labels = setup
    products = found.inverse_hvp(found(features(network, images)[1], labels).topk(3).indices)
    heights = []
    for steps in (1, 12):
        size = EPSILON if steps == 1 else EPSILON / 8
        attack = InfluenceAttack(influences=found, epsilon=EPSILON, steps=steps, step_size=size)
        moved = attack(network, images, labels)
        assert (moved - images).abs().max() <= EPSILON + 1e-12
        assert moved.min() >= 0
        assert moved.max() <= 1
        assert torch.equal(network(moved).argmax(1), labels)
        heights.append(
            -found.from_inverse_hvp(products, features(network, moved)[1], labels).sum(1)
        )
    clean = -found.from_inverse_hvp(products, features(network, images)[1], labels).sum(1)
    assert (heights[0] >= clean).all()
    assert heights[1].sum() > heights[0].sum() > clean.sum()


def test_a_step_is_one_pass_forward_and_one_back(setup: Setup) -> None:
    network, found, images, labels = setup
    passes = []
    handle = network.register_forward_hook(lambda *_: passes.append(1))
    InfluenceAttack(influences=found, epsilon=EPSILON, steps=5)(network, images, labels)
    handle.remove()
    # five steps, and what the last of them came to
    assert len(passes) == 5 + 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lowered": 0}, "one of them above 0, got 0 and 0"),
        ({"raised": -1}, "must be at least 0, and one of them above 0"),
        ({"lowered": 21}, "`lowered` and `raised` are 21 and 0, expected together at most .* 20"),
    ],
)
def test_bad_input(setup: Setup, options: dict[str, Any], message: str) -> None:
    network, found, images, labels = setup
    with pytest.raises(ValueError, match=message):
        InfluenceAttack(**{"influences": found, **options})(network, images, labels)
