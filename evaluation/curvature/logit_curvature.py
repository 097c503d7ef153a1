"""Curvature of a logit around an image, and the direction in which its explanation is fragile.

To first order a change d of the image changes the gradient of the logit, which is the explanation,
by H d. The most fragile direction of the explanation is therefore the eigenvector of the largest
eigenvalue of H, and that of the prediction the gradient (Ghorbani et al. 2019, section 5).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from evaluation.curvature.lanczos import leading_eigenpairs
from interpreters.forward import logits_of
from interpreters.passes import one_hot
from metrics.quotient import quotient

# from directions (N, D) to their products
Product = Callable[[Tensor], Tensor]

MEASURES = (
    "eigenvalue",
    "residual",
    "alignment",
    "random_alignment",
    "angle",
    "random_angle",
    "participation",
    "gain",
)


class LogitCurvature(NamedTuple):
    """Gradient and Hessian of a logit, with the leading eigenpairs of the Hessian.

    Args:
        gradient: shape (N, D).
        hessian_vector_product: from directions (N, D) to their products with the Hessian.
        eigenvectors: the leading ones, shape (N, k, D).
        eigenvalues: shape (N, k), by falling size.
    """

    gradient: Tensor
    hessian_vector_product: Product
    eigenvectors: Tensor
    eigenvalues: Tensor


def gradient_of(
    network: nn.Module, images: Tensor, labels: Tensor, graph: bool = False
) -> tuple[Tensor, Tensor]:
    """Return images as a leaf, and the gradient in them of each one's own logit, shape (N, D)."""
    with torch.enable_grad():
        leaf = images.detach().clone().requires_grad_()
        logits = logits_of(network, leaf)
        total = (logits * one_hot(logits, labels)).sum()
        (gradient,) = torch.autograd.grad(total, leaf, create_graph=graph)
        return leaf, gradient.flatten(1)


def logit_curvature(
    network: nn.Module, images: Tensor, labels: Tensor, start: Tensor, steps: int, leading: int
) -> LogitCurvature:
    """Return the leading eigenpairs of the Hessian of each image's own logit.

    One forward pass and its gradient serve all products; each is one pass back through both.

    Args:
        network: smooth, as ReLU has no second derivative.
        images: shape (N, 3, H, W), values in [0, 1].
        labels: whose logit, shape (N,).
        start: a direction for each image, shape (N, D).
        steps: how many products find the eigenpairs.
        leading: how many eigenpairs.
    """
    leaf, gradient = gradient_of(network, images, labels, graph=True)

    def hessian_vector_product(directions: Tensor) -> Tensor:
        if not gradient.requires_grad:  # a linear logit has no curvature
            return torch.zeros_like(directions)
        (product,) = torch.autograd.grad(
            gradient, leaf, directions, retain_graph=True, materialize_grads=True
        )
        return product.flatten(1)

    values, vectors = leading_eigenpairs(hessian_vector_product, start, steps, leading)
    return LogitCurvature(gradient.detach(), hessian_vector_product, vectors, values)


def curvature_measures(found: LogitCurvature, random: Tensor) -> Tensor:
    """Return every measure of each image, shape (N, measures), in the order of MEASURES.

    Args:
        found: the curvature of each logit.
        random: random directions, shape (R, N, D).
    """
    first, value = found.eigenvectors[:, 0], found.eigenvalues[:, 0].abs()
    product = found.hessian_vector_product(first)
    rest = (product - found.eigenvalues[:, :1] * first).norm(dim=1)
    along = absolute_cosine(first, found.gradient)
    by_chance = torch.stack([absolute_cosine(each, found.gradient) for each in random])
    units = random / random.norm(dim=2, keepdim=True)
    lengths = torch.stack([found.hessian_vector_product(each).norm(dim=1) for each in units])
    parts = absolute_cosine(found.eigenvectors, found.gradient[:, None])
    columns = {
        "eigenvalue": value,
        "residual": quotient(rest, value),
        "alignment": along,
        "random_alignment": by_chance.mean(0),
        "angle": along.acos().rad2deg(),
        "random_angle": by_chance.acos().rad2deg().mean(0),
        "participation": parts.square().sum(1),
        "gain": quotient(product.norm(dim=1), lengths.square().mean(0).sqrt()),
    }
    return torch.stack([columns[name] for name in MEASURES], 1)


def linearization_errors(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    found: LogitCurvature,
    radii: Sequence[float],
) -> Tensor:
    """Return relative errors of the gradient's change that the Hessian predicts, (N, radii).

    The error is divided by the predicted or the real change, whichever is larger.

    Args:
        network: whose gradients change; the one of the Hessian, or that with ReLU.
        images: shape (N, 3, H, W), values in [0, 1].
        labels: whose logit, shape (N,).
        found: the curvature of each logit.
        radii: changes of every value of the image, by the sign of the most fragile direction.
    """
    sign = found.eigenvectors[:, 0].sign()
    predicted = found.hessian_vector_product(sign)
    _, before = gradient_of(network, images, labels)
    errors = []
    for radius in radii:
        _, after = gradient_of(network, images + radius * sign.view_as(images), labels)
        change = after - before
        missed = (change - radius * predicted).norm(dim=1)
        larger = torch.maximum(change.norm(dim=1), radius * predicted.norm(dim=1))
        errors.append(quotient(missed, larger))
    return torch.stack(errors, 1)


def absolute_cosine(first: Tensor, second: Tensor) -> Tensor:
    """Return the absolute cosine along the last dimension; 0 where one is 0."""
    return torch.cosine_similarity(first, second, -1, 1e-30).abs().clamp(max=1)
