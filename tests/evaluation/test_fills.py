"""What takes the place of pixels: by hand, and against SciPy's solution of sparse equations."""

import pytest
import scipy.sparse
import scipy.sparse.linalg
import torch
from torch import Tensor

from evaluation.fills import BlackFill, BlurFill, Fill, MeanFill, PictureFill, UniformFill
from evaluation.fills.imputation import LinearImputation, imputed


@pytest.mark.parametrize("fill", [UniformFill(), MeanFill(), BlurFill(2.0), BlurFill(50.0)])
def test_a_fill_depends_on_the_image_alone(fill: PictureFill) -> None:
    images = torch.rand(3, 3, 9, 12)
    together = fill(images, [4, 9, 2])
    assert together.shape == images.shape
    assert together.amin() >= 0
    assert together.amax() <= 1
    torch.testing.assert_close(fill(images[1:2], [9]), together[1:2])


def test_fills() -> None:
    images = torch.rand(2, 3, 40, 40)
    noise = UniformFill(1)(images, [0, 1])
    assert not noise[0].equal(noise[1])
    assert abs(noise.mean() - 0.5) < 0.05
    assert not noise.equal(UniformFill(2)(images, [0, 1]))
    expected = images[1, 2].mean()
    torch.testing.assert_close(MeanFill()(images, [0, 1])[1, 2, 3, 4], expected)
    step = torch.zeros(1, 3, 41, 41)
    step[..., 20:] = 1.0
    blurred = BlurFill(3.0)(step, [0])[0, 0, 20]
    places = torch.arange(41) - 20.0 + 0.5
    edge: Tensor = torch.special.ndtr(places / 3.0)
    # the window ends at three standard deviations
    torch.testing.assert_close(blurred, edge, atol=4e-3, rtol=0)
    with pytest.raises(ValueError, match="`sigma` must be above 0"):
        BlurFill(0.0)


@pytest.mark.parametrize("fill", [BlackFill(), MeanFill(), UniformFill(), LinearImputation()])
def test_what_is_not_missing_stays(fill: Fill) -> None:
    images, rows = torch.rand(2, 3, 6, 5), torch.tensor([1, 0, 1])
    missing = torch.rand(3, 1, 6, 5) < 0.4
    pictures = fill.without(images, [4, 9])(rows, missing)
    kept = ~missing.expand_as(pictures)
    assert pictures[kept].equal(images[rows][kept])
    assert not pictures[~kept].equal(images[rows][~kept])
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    # an image alone is filled in the same way
    alone = fill.without(images[:1], [4])(torch.tensor([0]), missing[1:2])
    torch.testing.assert_close(alone, pictures[1:2])


def test_black() -> None:
    images = torch.rand(1, 3, 2, 2)
    missing = torch.tensor([[[[True, False], [False, True]]]])
    pictures = BlackFill().without(images, [0])(torch.tensor([0]), missing)
    assert pictures[0, :, [0, 1], [0, 1]].eq(0).all()


def by_scipy(image: Tensor, missing: Tensor) -> Tensor:
    """One channel (h, w) whose missing values solve the equations one by one."""
    numbers = {tuple(place): n for n, place in enumerate(missing.nonzero().tolist())}
    matrix, right = scipy.sparse.lil_matrix((len(numbers), len(numbers))), torch.zeros(len(numbers))
    right = right.double()
    for (y, x), row in numbers.items():
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                place, weight = (y + dy, x + dx), (1 / 6 if 0 in (dy, dx) else 1 / 12)
                inside = 0 <= place[0] < image.shape[0] and 0 <= place[1] < image.shape[1]
                if (dy, dx) == (0, 0) or not inside:
                    continue
                matrix[row, row] += weight
                if place in numbers:
                    matrix[row, numbers[place]] -= weight
                else:
                    right[row] += weight * image[place]
    found = torch.from_numpy(scipy.sparse.linalg.spsolve(matrix.tocsr(), right.numpy()))
    filled = image.clone()
    filled[missing] = found
    return filled


@pytest.mark.parametrize("share", [0.2, 0.9, 0.99])
def test_imputation_solves_the_equations(share: float) -> None:
    images = torch.rand(2, 3, 12, 11, dtype=torch.float64)
    missing = torch.rand(2, 3, 12, 11) < share
    found = imputed(images, missing, tolerance=1e-12)
    for image in range(2):
        for channel in range(3):
            expected = by_scipy(images[image, channel], missing[image, channel])
            torch.testing.assert_close(found[image, channel], expected)


def test_imputation_of_a_plane_is_the_plane() -> None:
    """The weights are symmetric: a plane is the mean of its neighbours, away from the border."""
    rows, columns = torch.meshgrid(torch.linspace(0, 1, 9), torch.linspace(0, 1, 9), indexing="ij")
    plane = (0.3 * rows + 0.6 * columns)[None, None].double()
    missing = torch.zeros(1, 1, 9, 9, dtype=torch.bool)
    missing[..., 2:7, 2:7] = True
    torch.testing.assert_close(imputed(plane, missing, tolerance=1e-12), plane)


def test_imputation_is_no_less_exact_in_half_precision_networks() -> None:
    images, missing = torch.rand(1, 3, 16, 16), torch.rand(1, 1, 16, 16) < 0.7
    expected = imputed(images, missing.expand_as(images))
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(imputed(images, missing.expand_as(images)), expected)


def test_where_all_is_missing_all_is_black() -> None:
    missing = torch.ones(1, 3, 4, 4, dtype=torch.bool)
    assert imputed(torch.rand(1, 3, 4, 4), missing).eq(0).all()


def test_bad_noise() -> None:
    with pytest.raises(ValueError, match="`noise` must be finite and not negative, got -1"):
        LinearImputation(noise=-1)
