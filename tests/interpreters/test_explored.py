"""What AttEXplore is compared with: closed forms, completeness, slow loops and bad input."""

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import LinearNetwork
from PIL import Image
from torch import Tensor, nn

from attacks import PGD, RandomSign
from attacks.transfer import BIM, GRA, MIG, SSA, lost_probability
from interpreters import (
    AGI,
    MFABA,
    AttEXplore,
    BoundaryIG,
    ExpectedGradients,
    Explored,
    FastIG,
    GuidedIG,
    LocalAttribution,
)
from lightning_modules import PassiveFooling
from losses import Location
from seeds import generator

# no attack that goes step by step, whatever its type is said to be
UNFIT: Any = RandomSign()


@pytest.fixture
def references(tmp_path: Path) -> list[str]:
    paths = []
    for number, size in enumerate([(8, 8), (20, 12)]):
        pixels = torch.randint(0, 256, (*size, 3), dtype=torch.uint8).numpy()
        paths.append(str(tmp_path / f"{number}.png"))
        Image.fromarray(pixels).save(paths[-1])
    return paths


@pytest.fixture(
    params=[
        "fast",
        "guided",
        "boundary",
        "agi",
        "mfaba",
        "sharp",
        "local",
        "expected",
        "ssa",
        "mig",
        "gra",
        "pgd",
    ]
)
def interpreter(request: pytest.FixtureRequest, references: list[str]) -> Explored:
    made: dict[str, Explored] = {
        "fast": FastIG(),
        "guided": GuidedIG(steps=4),
        "boundary": BoundaryIG(PGD(steps=3), points=3),
        "agi": AGI(classes=2, steps=3),
        "mfaba": MFABA(steps=4, step_size=0.02),
        "sharp": MFABA(steps=4, step_size=0.2, signed=False),
        "local": LocalAttribution(steps=2, samples=3),
        "expected": ExpectedGradients(references, samples=4),
        "ssa": AttEXplore(SSA(samples=2, steps=2)),
        "mig": AttEXplore(MIG(points=2, steps=2)),
        "gra": AttEXplore(GRA(samples=2, steps=2), attribution_gradient="plain"),
        "pgd": AttEXplore(PGD(steps=2)),
    }
    return made[request.param]


def slope_of(network: nn.Module, images: Tensor, label: Tensor) -> Tensor:
    """Gradient of the probability of one class."""
    leaf = images.clone().requires_grad_()
    total = network(leaf).softmax(1)[:, label].sum()
    return torch.autograd.grad(total, leaf)[0]


def test_contract(
    interpreter: Explored, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    logits, heatmap = interpreter(network, images, labels)
    torch.testing.assert_close(logits, network(images))
    assert heatmap.shape == (3, 1, 8, 8)
    assert heatmap.any()
    assert not heatmap.requires_grad
    summed = interpreter.attribution(network, images, labels).sum(1, keepdim=True)
    torch.testing.assert_close(heatmap, summed)
    for row in range(3):
        part = slice(row, row + 1)
        alone = interpreter(network, images[part], labels[part]).heatmap
        torch.testing.assert_close(alone, heatmap[part])
    both = interpreter(network, images, torch.stack([labels, labels.flip(0)], 1)).heatmap
    torch.testing.assert_close(both[:, :1], heatmap)
    assert all(parameter.grad is None for parameter in network.parameters())
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
    with pytest.raises(ValueError, match="have no gradient in the weights"):
        PassiveFooling(network, interpreter, Location())


def test_fast_ig(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    leaf = images.clone().requires_grad_()
    total = nn.functional.cross_entropy(network(leaf), labels, reduction="sum")
    expected = -images * torch.autograd.grad(total, leaf)[0]
    torch.testing.assert_close(FastIG().attribution(network, images, labels), expected)


def test_guided_ig_of_linear_logits(images: Tensor, labels: Tensor) -> None:
    """Any path gives the same, from any baseline."""
    network = LinearNetwork()
    weights = network.layer.weight[labels].view_as(images).detach()
    found = GuidedIG(baseline=0.25).attribution(network, images, labels)
    torch.testing.assert_close(found, weights * (images - 0.25))


@pytest.mark.slow
def test_guided_ig_is_complete(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    found = GuidedIG(steps=400).attribution(network, images, labels).sum((1, 2, 3))
    black = torch.zeros_like(images)
    logits = (network(each).gather(1, labels[:, None])[:, 0] for each in (images, black))
    after, before = logits
    # a left Riemann sum of 400 steps
    torch.testing.assert_close(found, (after - before).detach(), rtol=1e-2, atol=5e-5)


def test_guided_ig_moves_the_smallest_first() -> None:
    """Of a linear score, the values whose weight is smallest, as far as they may."""
    guided, here = GuidedIG(fraction=0.01, max_distance=0.1), torch.zeros(1, 6)
    slope, end = torch.arange(1.0, 7)[None], torch.ones(1, 6)
    moved = guided._moved(0.15, here, here, end, slope)
    # 0.15 of a way of 6: at 0.05 all must be, and at 0.25 none may be further
    expected = torch.tensor([0.25, 0.25, 0.25, 0.05, 0.05, 0.05])[None]
    torch.testing.assert_close(moved, expected)


def test_guided_ig_takes_the_share_of_all_values() -> None:
    """Those that came far enough before are counted, as the last."""
    guided, slope = GuidedIG(fraction=0.5, max_distance=1.0), torch.arange(1.0, 7)[None]
    start, end = torch.zeros(1, 6), torch.ones(1, 6)
    here = torch.tensor([0.0, 1, 1, 1, 0, 0])[None]
    moved = guided._moved(4 / 6, here, start, end, slope)
    # half of six are the three that are not there yet; half of these three would be two
    expected = torch.tensor([1.0 / 3, 1, 1, 1, 1 / 3, 1 / 3])[None]
    torch.testing.assert_close(moved, expected)


def test_guided_ig_of_each_image_alone(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    """Paths of one batch end in as many rounds as each needs."""
    together = GuidedIG().attribution(network, images, labels)
    for row in range(3):
        part = slice(row, row + 1)
        alone = GuidedIG().attribution(network, images[part], labels[part])
        torch.testing.assert_close(together[part], alone)


def test_boundary(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    predicted = network(images).argmax(1)
    interpreter = BoundaryIG(PGD(epsilon=0.05, step_size=0.02, steps=5), points=200)
    with torch.no_grad():
        boundary = interpreter.boundary(network, images, predicted)
    lost = network(boundary).argmax(1) != predicted
    distance = (boundary - images).abs().amax((1, 2, 3))
    # where a smaller ball had lost the label, no larger one was tried
    sizes = torch.tensor([0.05, 0.1, 0.2, 0.4], dtype=torch.float64)
    assert ((distance[:, None] - sizes).abs().amin(1) < 1e-6)[lost].all()
    found = interpreter.attribution(network, images, predicted).sum((1, 2, 3))
    after, before = (
        network(each).softmax(1).gather(1, predicted[:, None])[:, 0] for each in (images, boundary)
    )
    # the midpoint rule on 200 points
    torch.testing.assert_close(found, (after - before).detach(), rtol=1e-4, atol=1e-7)


def test_boundary_is_the_first_size_that_loses_the_label() -> None:
    class Step(nn.Module):
        """The label is 0 up to a mean of 0.5, and rises with it."""

        def forward(self, images: Tensor) -> Tensor:
            mean = images.mean((1, 2, 3))
            return torch.stack([torch.full_like(mean, 0.5), mean], 1)

    images = torch.tensor([0.48, 0.45, 0.35, 0.0]).view(4, 1, 1, 1).repeat(1, 3, 2, 2).double()
    labels = torch.zeros(4, dtype=torch.long)
    attack = PGD(epsilon=0.04, step_size=0.1, steps=1, random_start=False)
    found = BoundaryIG(attack, points=1).boundary(Step(), images, labels)
    change = (found - images).amax((1, 2, 3))
    torch.testing.assert_close(change, torch.tensor([0.04, 0.08, 0.16, 0.32]).double())


def test_mfaba(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    step, found = 0.02, MFABA(steps=6, step_size=0.02).attribution(network, images, labels)
    for row in range(3):
        image, label = images[row : row + 1], labels[row]
        here, total = image, torch.zeros_like(image)
        for _ in range(6):
            if network(here).argmax(1) != label:
                break
            slope = slope_of(network, here, label)
            change = (here - step * slope.sign() - image).clamp(-0.3, 0.3)
            after = (image + change).clamp(0, 1)
            total -= (after - here) * slope
            here = after
        torch.testing.assert_close(found[row], total[0])


def test_mfaba_that_never_stops_is_attexplore(
    network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    """Along the path of BIM on the probability, while no label is lost."""
    predicted = network(images).argmax(1)
    attack = BIM(objective=lost_probability, epsilon=0.3, step_size=1e-6, steps=3)
    torch.testing.assert_close(
        MFABA(steps=3, step_size=1e-6).attribution(network, images, predicted),
        AttEXplore(attack).attribution(network, images, predicted),
    )


def test_agi(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    interpreter = AGI(classes=2, steps=3, step_size=0.04, seed=5)
    found = interpreter.attribution(network, images, labels)
    offsets = (torch.randperm(3, generator=generator(5)) + 1)[:2]
    for row in range(3):
        image, label = images[row : row + 1], labels[row]
        total = torch.zeros_like(image)
        for offset in offsets:
            here, other = image, (label + offset) % 4
            assert other != label
            for _ in range(3):
                if network(here).argmax(1) == other:
                    break
                after = (here + 0.04 * slope_of(network, here, other).sign()).clamp(0, 1)
                total -= (after - here) * slope_of(network, here, label)
                here = after
        torch.testing.assert_close(found[row], total[0])


def test_local_attribution(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    """Ways to two other classes, then one away from the label."""
    found = LocalAttribution(5, steps=2, samples=3, seed=4).attribution(network, images, labels)
    offsets = torch.randint(1, 4, (2,), generator=generator(4)).tolist()
    assert len(set(offsets)) == 2
    total = torch.zeros_like(images)
    for row, offset in product(range(3), [*offsets, None]):
        here, label = images[row : row + 1], labels[row]
        for _ in range(2):
            slope = slope_of(network, here, label)
            up = -slope if offset is None else slope_of(network, here, (label + offset) % 4)
            after = (here + images[row] / 10 * up.sign()).clamp(0, 1)
            total[row] -= ((after - here) * slope)[0]
            here = after
    torch.testing.assert_close(found, total)


def test_expected_gradients_of_linear_logits(
    images: Tensor, labels: Tensor, references: list[str]
) -> None:
    """From one reference alone, at one place: way times gradient there."""
    network, picture = LinearNetwork(), references[:1]
    found = ExpectedGradients(picture, samples=1, seed=2).attribution(network, images, labels)
    with Image.open(picture[0]) as file:
        pixels = torch.tensor(list(file.getdata()), dtype=torch.float64).view(8, 8, 3)
    way = images - pixels.permute(2, 0, 1) / 255
    random = generator(2)
    torch.randint(1, (1,), generator=random)
    place = float(torch.rand(1, generator=random))
    here = images - way + place * way
    slope = torch.cat([slope_of(network, here[row : row + 1], labels[row]) for row in range(3)])
    # the picture is read in single precision
    torch.testing.assert_close(found, way * slope, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MFABA(steps=0), "`steps` must be at least 1, got 0"),
        (lambda: MFABA(epsilon=0), "`epsilon` must be in (0, 1], got 0"),
        (lambda: AGI(classes=0), "`classes` must be at least 1, got 0"),
        (lambda: AGI(step_size=2), "`step_size` must be in (0, 1], got 2"),
        (lambda: GuidedIG(steps=0), "`steps` must be at least 1, got 0"),
        (lambda: GuidedIG(fraction=0), "`fraction` must be in (0, 1], got 0"),
        (lambda: GuidedIG(baseline=2.0), "`baseline` must have pixel values in [0, 1]"),
        (lambda: BoundaryIG(PGD(), sizes=()), "`sizes` must be numbers above 0, got ()"),
        (lambda: BoundaryIG(UNFIT), "`attack` is RandomSign, which has no path of steps"),
        (lambda: AttEXplore(UNFIT), "`attack` is RandomSign, which has no path of steps"),
        (
            lambda: AttEXplore(PGD(restarts=2)),
            "has several `restarts`, expected one path",
        ),
        (lambda: AGI(steps=0), "`steps` must be at least 1, got 0"),
        (lambda: LocalAttribution(steps=0), "`steps` must be at least 1, got 0"),
        (lambda: BoundaryIG(PGD(), points=0), "`points` must be at least 1, got 0"),
        (lambda: LocalAttribution(shrink=0.5), "`shrink` must be at least 1, got 0.5"),
        (lambda: LocalAttribution(samples=0), "`samples` must be at least 1, got 0"),
        (lambda: ExpectedGradients(["no.png"]), "cannot read one of the `references`"),
    ],
)
def test_bad_arguments(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


def test_what_are_no_pixels_is_refused(
    interpreter: Explored, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    with pytest.raises(ValueError, match=r"values in \[0, 1\], got -"):
        interpreter(network, 3 * images - 1, labels)
