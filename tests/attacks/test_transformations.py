"""What the network sees of an image: against PyTorch's and SciPy's own."""

import re
from collections.abc import Callable

import pytest
import scipy.fft
import torch
import torch.nn.functional as F
from torch import Tensor

from attacks.prediction import AttackState
from attacks.transfer import SSA, Diversity, Smoothing
from attacks.transfer.blocks import CHANGES
from attacks.transfer.spectrum import dct_matrix
from attacks.transfer.transformations import placement_matrix


def test_cosines_are_scipys() -> None:
    images = torch.rand(2, 3, 6, 10, dtype=torch.float64)
    ours = dct_matrix(6) @ images @ dct_matrix(10).T
    theirs = scipy.fft.dctn(images.numpy(), axes=(2, 3), norm="ortho")
    torch.testing.assert_close(ours, torch.from_numpy(theirs))
    torch.testing.assert_close(dct_matrix(6).T @ ours @ dct_matrix(10), images)


@pytest.mark.parametrize(("sides", "offset"), [(5, 2), (7, 0), (8, 0), (3, 4)])
def test_placed_is_interpolate_and_pad(sides: int, offset: int) -> None:
    images = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    each = torch.tensor([float(sides)]).double()
    lines = placement_matrix(8, 8, each, torch.tensor([float(offset)]).double())
    small = F.interpolate(images, (sides, sides), mode="bilinear", align_corners=False)
    rest = 8 - sides - offset
    torch.testing.assert_close(lines @ images @ lines.mT, F.pad(small, (offset, rest) * 2))


def test_a_larger_ground_is_brought_back() -> None:
    """An image in the middle of black, shrunk to its own size."""
    images = torch.rand(1, 3, 8, 8, dtype=torch.float64)
    size, place = torch.zeros(1, dtype=torch.float64), torch.full((1,), 0.5, dtype=torch.float64)
    lines = Diversity(rate=1.5)._resized(8, size, place)
    larger = F.pad(images, (2, 2, 2, 2))
    expected = F.interpolate(larger, (8, 8), mode="bilinear", align_corners=False)
    torch.testing.assert_close(lines @ images @ lines.mT, expected)


@pytest.mark.parametrize("rate", [0.5, 1.0, 1.6])
def test_diversity_keeps_the_size_and_the_range(rate: float) -> None:
    images = torch.rand(40, 3, 8, 10, dtype=torch.float64)
    seen = Diversity(rate, probability=0.5).sample(images, None)(images)
    assert seen.shape == images.shape
    assert seen.min() >= 0
    assert seen.max() <= 1
    # about half of the images are left as they are
    same = int((seen - images).abs().flatten(1).amax(1).lt(1e-12).sum())
    assert same == 40 if rate == 1 else 5 < same < 35


def test_diversity_is_each_images_own() -> None:
    images = torch.rand(3, 3, 8, 8, dtype=torch.float64)

    def seen(rows: slice) -> Tensor:
        random = [torch.Generator().manual_seed(seed) for seed in range(3)][rows]
        return Diversity(0.5, probability=1.0).sample(images[rows], random)(images[rows])

    torch.testing.assert_close(seen(slice(1, 3)), seen(slice(0, 3))[1:])


@pytest.mark.parametrize("size", [1, 3, 7])
def test_smoothing(size: int) -> None:
    """The published kernel: a normal density on evenly spaced points from -3 to 3."""
    gradient = torch.randn(2, 3, 9, 8, dtype=torch.float64)
    points = torch.linspace(-3, 3, size, dtype=torch.float64) if size > 1 else torch.zeros(1)
    density = (-(points.double() ** 2) / 2).exp()
    kernel = torch.outer(density, density)
    kernel = (kernel / kernel.sum())[None, None].repeat(3, 1, 1, 1)
    expected = F.conv2d(gradient, kernel, padding=size // 2, groups=3)
    torch.testing.assert_close(Smoothing(size)(gradient), expected)


@pytest.mark.parametrize("change", CHANGES)
def test_changes_of_a_block(change: Callable[[Tensor, torch.Generator], Tensor]) -> None:
    block = torch.rand(2, 3, 4, 5, dtype=torch.float64)
    changed = change(block, torch.Generator().manual_seed(1))
    assert changed.shape == block.shape
    assert (changed != block).any()
    # both images are changed alike
    alone = change(block[1:], torch.Generator().manual_seed(1))
    torch.testing.assert_close(changed[1:], alone)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Diversity(rate=0), "`rate` must be above 0, got 0"),
        (lambda: Diversity(probability=1.5), "`probability` must be in [0, 1], got 1.5"),
        (lambda: Smoothing(4), "`size` must be an odd number, at least 1, got 4"),
    ],
)
def test_bad_arguments(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


def test_sides_that_half_precision_does_not_know() -> None:
    """Images resized to their own size are themselves."""
    images = torch.rand(3, 3, 299, 299).bfloat16()
    seen = Diversity(rate=1.0, probability=1.0).sample(images, None)(images)
    torch.testing.assert_close(seen, images, rtol=0, atol=0)


def test_copies_are_shown_in_full_precision() -> None:
    """Of SSA with nothing random, what remains is the cosine transform there and back."""
    images, shown = torch.rand(2, 3, 12, 12), []

    def goal(seen: Tensor) -> Tensor:
        shown.append(seen.detach())
        return seen.sum((1, 2, 3))

    attack = SSA(samples=2, spread=0.0, noise=0.0, diversity=Diversity(1.0, 1.0))
    state = AttackState(images, images, torch.zeros_like(images), None)
    with torch.autocast("cpu", torch.bfloat16):
        update = attack.update(goal, state)
    assert len(shown) == 2
    for seen in shown:
        torch.testing.assert_close(seen, images)
    # what a step follows, smoothed, too
    torch.testing.assert_close(update, attack.update(goal, state))
