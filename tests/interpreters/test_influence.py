"""Influences against leaving images out, transcriptions, captum and scikit-learn."""

from dataclasses import dataclass

import pytest
import torch
from captum.influence import NaiveInfluenceFunction
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from interpreters.influence import (
    ConjugateGradient,
    Exact,
    Head,
    HeadLoss,
    InfluenceFunctions,
    Influences,
    Inverse,
    LogisticCrossEntropy,
    SigmoidSquares,
    SoftmaxCrossEntropy,
)
from interpreters.influence.head import augmented, fit_head
from interpreters.influence.inverse import hessian_product

IMAGES, WIDTH = 30, 4
UNDAMPED = Exact(damping=0.0)


@dataclass(frozen=True)
class Squares(HeadLoss):
    """Half the squared distance to the label: ridge regression."""

    def outputs(self, classes: int) -> int:
        return 1

    def __call__(self, outputs: Tensor, label: Tensor) -> Tensor:
        return (outputs[0] - label).square() / 2


LOSSES = [(SoftmaxCrossEntropy(), 3), (LogisticCrossEntropy(), 2), (SigmoidSquares(), 2)]


def data(classes: int) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    features = torch.randn(IMAGES, WIDTH, generator=random, dtype=torch.double)
    noise = torch.randn(IMAGES, generator=random, dtype=torch.double)
    scores = features[:, 0] + 0.7 * noise
    return features, torch.bucketize(scores, torch.linspace(-0.5, 0.5, classes - 1).to(scores))


def mean_loss(head: Head, features: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """As it is written down, in a loop."""
    losses = [
        head.loss(weights @ torch.cat([each, each.new_ones(1)]), label)
        for each, label in zip(features, labels, strict=True)
    ]
    return torch.stack(losses).mean() + head.l2 / 2 * weights.square().sum()


@pytest.fixture(params=LOSSES, ids=lambda pair: type(pair[0]).__name__)
def fit(request: pytest.FixtureRequest) -> tuple[Head, Tensor, Tensor]:
    loss, classes = request.param
    features, labels = data(classes)
    return fit_head(features, labels, classes, loss, 0.05), features, labels


def test_ridge_regression_is_exact_leave_one_out() -> None:
    features, labels = data(5)
    recipe = InfluenceFunctions(Squares(), 0.1, UNDAMPED)
    others = torch.randn(3, WIDTH, dtype=torch.double, generator=torch.Generator().manual_seed(1))
    truth = torch.tensor([0, 2, 4])
    found = recipe.fit(features, labels, 5)
    inputs = augmented(features)
    second = inputs.T @ inputs / IMAGES + 0.1 * torch.eye(WIDTH + 1)
    leverages = torch.einsum("np,pq,nq->n", inputs, second.inverse(), inputs) / IMAGES
    estimated = found(others, truth) / IMAGES / (1 - leverages)
    errors = (augmented(others) @ found.head.weights.T)[:, 0] - truth
    for left_out in range(IMAGES):
        rest = torch.arange(IMAGES) != left_out
        # the sum of 29 losses over 30, so that `l2` weighs the same
        moment = inputs[rest].T @ inputs[rest] / IMAGES + 0.1 * torch.eye(WIDTH + 1)
        weights = moment.inverse() @ (inputs[rest].T @ labels[rest].double() / IMAGES)
        moved = augmented(others) @ weights - truth
        # the loss is a square, and its first order in the move of the output is what is estimated
        torch.testing.assert_close(estimated[:, left_out], errors * (moved - errors))


@pytest.mark.slow
def test_leaving_an_image_out_moves_the_loss_as_foretold() -> None:
    features, labels = data(3)
    found = InfluenceFunctions(l2=0.05, inverse=UNDAMPED).fit(features, labels, 3)
    foretold = found(features[:1], labels[:1])[0] / IMAGES
    moved = []
    for left_out in range(IMAGES):
        rest = torch.arange(IMAGES) != left_out
        share = (IMAGES - 1) / IMAGES
        again = fit_head(features[rest], labels[rest], 3, SoftmaxCrossEntropy(), 0.05 / share)
        before, after = (
            head.loss(head.weights @ augmented(features[:1])[0], labels[0])
            for head in (found.head, again)
        )
        moved.append(after - before)
    # to first order in an image's share of 1/30
    assert torch.stack([foretold, torch.stack(moved)]).corrcoef()[0, 1] > 0.99


def test_hessian_products_and_gradients(fit: tuple[Head, Tensor, Tensor]) -> None:
    head, features, labels = fit
    count = head.weights.numel()
    whole = torch.autograd.functional.hessian(
        lambda weights: mean_loss(head, features, labels, weights), head.weights
    ).reshape(count, count)
    basis = torch.eye(count, dtype=torch.double).view(count, *head.weights.shape)
    products = hessian_product(head, features, labels)(basis).flatten(1)
    torch.testing.assert_close(products, whole)
    torch.testing.assert_close(products, products.T)
    weights = head.weights.clone().requires_grad_()
    (slope,) = torch.autograd.grad(mean_loss(head, features[3:4], labels[3:4], weights), weights)
    made = head.errors(features[3:4], labels[3:4])[0, :, None] * augmented(features[3:4])
    torch.testing.assert_close(made + head.l2 * head.weights, slope)


def test_the_fit_has_no_slope(fit: tuple[Head, Tensor, Tensor]) -> None:
    head, features, labels = fit
    weights = head.weights.clone().requires_grad_()
    (slope,) = torch.autograd.grad(mean_loss(head, features, labels, weights), weights)
    assert slope.abs().max() < 1e-6


@pytest.mark.parametrize("inverse", [Exact(0.03), ConjugateGradient(0.03)])
def test_influences_as_written_down(fit: tuple[Head, Tensor, Tensor], inverse: Inverse) -> None:
    head, features, labels = fit
    classes = int(labels.max()) + 1
    found = Influences(head, features, labels, inverse(head, features, labels), classes)
    count = head.weights.numel()
    damped = hessian_product(head, features, labels)(
        torch.eye(count, dtype=torch.double).view(count, *head.weights.shape)
    ).flatten(1) + 0.03 * torch.eye(count)
    slopes = (head.errors(features, labels)[:, :, None] * augmented(features)[:, None]).flatten(1)
    expected = slopes[:5] @ damped.inverse() @ slopes.T
    torch.testing.assert_close(found(features[:5], labels[:5]), expected)
    chosen = expected.argsort(1, descending=True)[:, :3]
    products = found.inverse_hvp(chosen)
    torch.testing.assert_close(
        found.from_inverse_hvp(products, features[:5], labels[:5]), expected.gather(1, chosen)
    )
    moved = features[:5].clone().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda read: found.from_inverse_hvp(products, read, labels[:5]), moved
    )


def test_squared_error_as_in_the_paper() -> None:
    features, labels = data(2)
    head = fit_head(features, labels, 2, SigmoidSquares(), 0.05)
    p = (augmented(features) @ head.weights.T)[:, 0].sigmoid()
    mixed = p * (1 - p)
    torch.testing.assert_close(head.errors(features, labels)[:, 0], 2 * (p - labels) * mixed)
    second = 2 * (mixed.square() + (p - labels) * mixed * (1 - 2 * p))
    torch.testing.assert_close(head.output_hessians(features, labels)[:, 0, 0], second)


@pytest.mark.parametrize(("loss", "classes"), LOSSES[:2])
def test_the_fit_is_scikit_learns(loss: HeadLoss, classes: int) -> None:
    features, labels = data(classes)
    head = fit_head(features, labels, classes, loss, 0.05)
    model = LogisticRegression(C=1 / (0.05 * IMAGES), fit_intercept=False, tol=1e-10, max_iter=9999)
    expected = torch.from_numpy(model.fit(augmented(features), labels).coef_)
    # both stop at a small slope
    torch.testing.assert_close(head.weights, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_captums_influences_are_the_same() -> None:
    features, labels = data(3)
    head = fit_head(features, labels, 3, SoftmaxCrossEntropy(), 0.0001)
    damping = 0.5
    found = Influences(head, features, labels, Exact(damping)(head, features, labels), 3)
    layer = nn.Linear(WIDTH, 3).double()
    layer.load_state_dict({"weight": head.weights[:, :-1], "bias": head.weights[:, -1]})
    loader = DataLoader(TensorDataset(features, labels), batch_size=IMAGES)
    theirs = NaiveInfluenceFunction(
        layer,
        loader,
        checkpoint="",
        checkpoints_load_func=lambda *_: 1.0,
        loss_fn=nn.CrossEntropyLoss(reduction="sum"),
        sample_wise_grads_per_batch=True,
        hessian_reg=damping * IMAGES,
        hessian_inverse_tol=0.0,
        projection_dim=None,
    ).influence((features[:4], labels[:4]))
    ours = found(features[:4], labels[:4])
    # captum adds its damping to the sum of the losses and not their mean, and knows no `l2`
    torch.testing.assert_close(ours / IMAGES, theirs.to(ours), rtol=1e-3, atol=1e-6)


@pytest.mark.slow
def test_large_heads_and_hessians_without_an_inverse() -> None:
    features, labels = data(3)
    with pytest.raises(ValueError, match="has no inverse at damping 0 and l2 0"):
        InfluenceFunctions(Squares(), 0.0, UNDAMPED).fit(features.repeat(1, 2), labels, 3)
    wide = torch.zeros(2, 5000, dtype=torch.double)
    with pytest.raises(ValueError, match="15003 weights, expected at most 8192"):
        InfluenceFunctions().fit(wide, labels[:2], 3)
    found = InfluenceFunctions(inverse=ConjugateGradient(0.0, steps=1)).fit(features, labels, 3)
    with pytest.raises(ValueError, match="did not converge in 1 steps"):
        found(features, labels)
    with pytest.raises(ValueError, match="SigmoidSquares needs data of two classes, got"):
        InfluenceFunctions(SigmoidSquares()).fit(features, labels, 3)


def test_conjugate_gradients_refuse_a_hessian_that_bends_down() -> None:
    features, labels = data(2)
    head = Head(torch.full((1, WIDTH + 1), 3.0, dtype=torch.double), SigmoidSquares(), 0.0)
    solve = ConjugateGradient(0.0)(head, features, labels)
    with pytest.raises(ValueError, match="negative eigenvalue, and conjugate gradients"):
        solve(torch.eye(WIDTH + 1, dtype=torch.double)[:, None])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: InfluenceFunctions(l2=-1.0), "`l2` must be at least 0, got -1"),
        (lambda: Exact(-0.1), "`damping` must be at least 0, got -0.1"),
    ],
)
def test_bad_settings(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
