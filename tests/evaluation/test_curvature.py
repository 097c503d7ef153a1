"""Curvature of logits: closed forms, dense eigenvalues, and the study against a plain loop."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import PREPROCESSING, SILENT, TinyNetwork, shapes
from lightning import Trainer
from round_trip import assert_survives
from torch import Tensor, nn

from evaluation import Curvature
from evaluation.curvature.lanczos import leading_eigenpairs
from evaluation.curvature.logit_curvature import (
    MEASURES,
    LogitCurvature,
    curvature_measures,
    gradient_of,
    linearization_errors,
    logit_curvature,
)
from evaluation.report import write_report
from lightning_modules.data import take
from networks import NormalizedNetwork, smoothed
from seeds import generator

SIDE = 4
PIXELS = 3 * SIDE * SIDE


class Score(nn.Module):
    """A function of w.x as the first of two logits, or of several of them."""

    def __init__(self, function: Callable[[Tensor], Tensor], units: int = 1) -> None:
        super().__init__()
        self.function = function
        self.weights = nn.Parameter(torch.randn(units, PIXELS, dtype=torch.double))

    def forward(self, images: Tensor) -> Tensor:
        score = self.function(images.flatten(1) @ self.weights.T)
        return torch.stack([score, -score], 1)


def found(
    network: nn.Module, steps: int = 12, leading: int = 3
) -> tuple[LogitCurvature, Tensor, Tensor]:
    images = torch.rand(2, 3, SIDE, SIDE, dtype=torch.double)
    labels = torch.tensor([0, 0])
    start = torch.randn(2, PIXELS, dtype=torch.double)
    return logit_curvature(network, images, labels, start, steps, leading), images, labels


def named(curvature: LogitCurvature) -> dict[str, Tensor]:
    values = curvature_measures(curvature, torch.randn(4, 2, PIXELS, dtype=torch.double))
    return dict(zip(MEASURES, values.unbind(1), strict=True))


@pytest.mark.parametrize("steps", [20, 30])
def test_eigenpairs_are_those_of_the_whole_matrix(steps: int) -> None:
    random = torch.randn(3, 20, 20, dtype=torch.double)
    matrices = random + random.mT
    start = torch.randn(3, 20, dtype=torch.double)
    values, vectors = leading_eigenpairs(
        lambda v: torch.einsum("nij,nj->ni", matrices, v), start, steps, 4
    )
    every = torch.linalg.eigvalsh(matrices)
    order = every.abs().argsort(1, descending=True)[:, :4]
    torch.testing.assert_close(values, every.gather(1, order))
    torch.testing.assert_close(
        torch.einsum("nij,nkj->nki", matrices, vectors), values[:, :, None] * vectors
    )
    torch.testing.assert_close(vectors @ vectors.mT, torch.eye(4).double().expand(3, 4, 4))


def test_a_linear_score_has_no_curvature() -> None:
    curvature, _, _ = found(Score(lambda z: z[:, 0]))
    assert not curvature.eigenvalues.any()
    columns = named(curvature)
    assert not columns["eigenvalue"].any()
    assert not columns["residual"].any()
    assert not columns["gain"].any()


def test_a_function_of_one_score_curves_along_its_gradient() -> None:
    network = Score(lambda z: z[:, 0].sigmoid())
    curvature, images, labels = found(network)
    weight = network.weights[0]
    s = (images.flatten(1) @ weight).sigmoid()
    second = s * (1 - s) * (1 - 2 * s) * weight.square().sum()
    torch.testing.assert_close(curvature.eigenvalues[:, 0], second)
    columns = named(curvature)
    torch.testing.assert_close(columns["alignment"], torch.ones(2).double())
    torch.testing.assert_close(columns["participation"], torch.ones(2).double())
    assert columns["residual"].max() < 1e-9
    # the normalised map does not change at all
    _, before = gradient_of(network, images, labels)
    _, after = gradient_of(network, images + 0.1 * torch.rand_like(images), labels)
    maps = [each.abs() / each.abs().sum(1, keepdim=True) for each in (before, after)]
    torch.testing.assert_close(*maps)


def test_two_layers_in_closed_form() -> None:
    above = torch.tensor([1.0, -2.0, 0.5], dtype=torch.double)
    network = Score(lambda z: torch.nn.functional.softplus(z, 2.0) @ above, units=3)
    curvature, images, _ = found(network)
    weights = network.weights.detach()
    slopes = (2 * images.flatten(1) @ weights.T).sigmoid()
    torch.testing.assert_close(curvature.gradient, (above * slopes) @ weights)
    inner = above * 2 * slopes * (1 - slopes)
    matrices = torch.einsum("ui,nu,uj->nij", weights, inner, weights)
    every = torch.linalg.eigvalsh(matrices)
    order = every.abs().argsort(1, descending=True)[:, :3]
    torch.testing.assert_close(curvature.eigenvalues, every.gather(1, order))
    vectors = torch.randn(2, PIXELS, dtype=torch.double)
    products = torch.einsum("nij,nj->ni", matrices, vectors)
    torch.testing.assert_close(curvature.hessian_vector_product(vectors), products)
    # of random directions, the root mean square of ||H r|| is the Frobenius norm's share
    values = curvature_measures(curvature, torch.randn(4000, 2, PIXELS, dtype=torch.double))
    gain = dict(zip(MEASURES, values.unbind(1), strict=True))["gain"]
    share = matrices.flatten(1).norm(dim=1) / PIXELS**0.5
    torch.testing.assert_close(gain, every.abs().amax(1) / share, rtol=0.03, atol=0)


def test_small_changes_are_predicted_and_relus_are_not() -> None:
    torch.manual_seed(0)
    smooth = NormalizedNetwork(TinyNetwork(2), PREPROCESSING).double().eval()
    curvature, images, labels = found(smooth, steps=20)
    errors = linearization_errors(smooth, images, labels, curvature, (1e-4, 1e-3, 1e-2))
    # a tenth of the way, a tenth of the error
    torch.testing.assert_close(errors[:, 0] * 10, errors[:, 1], rtol=0.05, atol=0)
    assert (errors[:, 1] < errors[:, 2]).all()
    kinked = NormalizedNetwork(TinyNetwork(2, nn.ReLU), PREPROCESSING).double().eval()
    kinked.load_state_dict(smooth.state_dict())
    _, flat = gradient_of(kinked, images, labels)
    _, near = gradient_of(kinked, images + 1e-9, labels)
    torch.testing.assert_close(near, flat)
    # over the real change where that is larger
    half = curvature._replace(
        hessian_vector_product=lambda v: curvature.hessian_vector_product(v) / 2
    )
    half_missed = linearization_errors(smooth, images, labels, half, (1e-6,))
    torch.testing.assert_close(half_missed, torch.full_like(half_missed, 0.5), rtol=1e-3, atol=0)
    # over the predicted change where there is no real one
    missed = linearization_errors(kinked, images, labels, curvature, (1e-9,))
    torch.testing.assert_close(missed, torch.ones_like(missed))


def test_each_image_as_if_alone() -> None:
    torch.manual_seed(0)
    network = NormalizedNetwork(TinyNetwork(2), PREPROCESSING).double().eval()
    images, start = torch.rand(3, 3, 8, 8).double(), torch.randn(3, 192).double()
    labels = torch.tensor([0, 1, 0])
    together = logit_curvature(network, images, labels, start, 15, 2).eigenvalues
    alone = [
        logit_curvature(network, images[[i]], labels[[i]], start[[i]], 15, 2) for i in range(3)
    ]
    torch.testing.assert_close(torch.cat([each.eigenvalues for each in alone]), together)


def smooth_network() -> nn.Module:
    torch.manual_seed(0)
    return NormalizedNetwork(TinyNetwork(12, nn.ReLU), PREPROCESSING).double().eval()


def studied(**options: Any) -> Curvature:
    given: dict[str, Any] = {
        "networks": {"original": smooth_network()},
        "steps": 10,
        "leading": 2,
        "directions": 3,
        "epsilons": (1, 4),
        **options,
    }
    study = Curvature(**given)
    Trainer(**SILENT, precision="64-true").test(study, shapes(), verbose=False)
    return study


@pytest.mark.parametrize("scaled", [False, True])
def test_figures_are_those_of_a_plain_loop(tmp_path: Path, scaled: bool) -> None:
    study = studied(scaled_beta=scaled)
    network = smooth_network()
    soft = smoothed(network, 10.0, scaled)
    images, _, _ = take(shapes().images("test"), [*range(7)])
    columns, errors = [], []
    for index, image in enumerate(images.double()):
        label = network(image[None]).argmax(1)
        draws = torch.randn(4, image.numel(), generator=generator(0, index)).double()
        curvature = logit_curvature(soft, image[None], label, draws[:1], 10, 2)
        columns.append(curvature_measures(curvature, draws[1:, None])[0])
        errors.append(
            linearization_errors(network, image[None], label, curvature, (1 / 255, 4 / 255))
        )
    findings, measured = study.findings(), study.measurements()
    for name, values in zip(MEASURES, torch.stack(columns, 1), strict=True):
        assert findings.value(name, "original") == pytest.approx(values.mean().item(), rel=1e-5)
    points = [m for m in measured if (m.name, m.part) == ("linearization_error", "relu")]
    expected = torch.cat(errors).mean(0).tolist()
    assert [m.value for m in points] == pytest.approx(expected, rel=1e-5)
    assert {m.n for m in measured} == {7}
    page = write_report(findings, tmp_path)
    assert "the most fragile direction of the explanation lies at" in page.read_text()
    assert {path.stem for path in (tmp_path / "figures").glob("*.png")} == {
        "linearization_error",
        "original_angles",
        "original_directions",
    }


@pytest.mark.slow
def test_findings_survive(tmp_path: Path) -> None:
    networks = {"v1.0": smooth_network(), "a/b": smooth_network()}
    assert_survives(studied(networks=networks).findings(), tmp_path)


def test_directions_are_shown_without_their_lengths() -> None:
    shown = studied().findings().directions["original"]
    images, soft = shown.images, smoothed(smooth_network(), 10.0)
    _, gradient = gradient_of(soft, images, smooth_network()(images).argmax(1))
    units = (gradient / gradient.norm(dim=1, keepdim=True)).view_as(images)
    torch.testing.assert_close(shown.heatmaps["of the prediction"][:, 0], units.sum(1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"networks": {}}, "`networks` is empty"),
        ({"epsilons": (2, 1)}, "`epsilons` must rise"),
        ({"leading": 11}, "from 1 to `steps`, and `directions` at least 1, got 11, 10 and 3"),
        (
            {"networks": {"smooth": NormalizedNetwork(TinyNetwork(12), PREPROCESSING).double()}},
            "the network smooth calls no ReLU",
        ),
    ],
)
def test_bad_input(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        studied(**options)
