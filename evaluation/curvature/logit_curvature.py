"""How a logit bends around an image: where its explanation is most fragile.

To first order a change d of the image changes the gradient of the logit, which is what explains it,
by H d. The most fragile direction of the explanation is therefore the eigenvector of the largest
eigenvalue of H, and that of the prediction the gradient (Ghorbani et al. 2019, section 5).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from evaluation.lanczos import leading_eigenpairs
from interpreters.passes import logits_of

# from directions (N, D) to as many
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


class Bend(NamedTuple):
    """A logit's gradient (N, D), the product with its Hessian, and how it bends most.

    Args:
        gradient: shape (N, D).
        hessian: from directions (N, D) to their products.
        directions: the leading eigenvectors, shape (N, k, D).
        values: their eigenvalues, shape (N, k), by falling size.
    """

    gradient: Tensor
    hessian: Product
    directions: Tensor
    values: Tensor


def gradient_of(
    network: nn.Module, images: Tensor, labels: Tensor, graph: bool = False
) -> tuple[Tensor, Tensor]:
    """Images as a leaf, and the gradient in them of each one's own logit, shape (N, D)."""
    with torch.enable_grad():
        leaf = images.detach().clone().requires_grad_()
        total = logits_of(network, leaf).gather(1, labels[:, None]).sum()
        (gradient,) = torch.autograd.grad(total, leaf, create_graph=graph)
        return leaf, gradient.flatten(1)


def bend(
    network: nn.Module, images: Tensor, labels: Tensor, start: Tensor, steps: int, leading: int
) -> Bend:
    """The leading eigenpairs of the Hessian of each image's own logit.

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

    def hessian(directions: Tensor) -> Tensor:
        if not gradient.requires_grad:  # a linear score bends nowhere
            return torch.zeros_like(directions)
        (product,) = torch.autograd.grad(
            gradient, leaf, directions, retain_graph=True, materialize_grads=True
        )
        return product.flatten(1)

    values, directions = leading_eigenpairs(hessian, start, steps, leading)
    return Bend(gradient.detach(), hessian, directions, values)


def measured(found: Bend, random: Tensor) -> Tensor:
    """Every measure of each image, shape (N, measures), in the order of MEASURES.

    Args:
        found: how each logit bends.
        random: directions drawn at random, shape (R, N, D).
    """
    first, value = found.directions[:, 0], found.values[:, 0].abs()
    turned = found.hessian(first)
    left = (turned - found.values[:, :1] * first).norm(dim=1)
    along = cosine(first, found.gradient)
    by_chance = torch.stack([cosine(each, found.gradient) for each in random])
    units = random / random.norm(dim=2, keepdim=True)
    moved = torch.stack([found.hessian(each).norm(dim=1) for each in units])
    parts = cosine(found.directions, found.gradient[:, None])
    columns = {
        "eigenvalue": value,
        "residual": quotient(left, value),
        "alignment": along,
        "random_alignment": by_chance.mean(0),
        "angle": along.acos().rad2deg(),
        "random_angle": by_chance.acos().rad2deg().mean(0),
        "participation": parts.square().sum(1),
        "gain": quotient(turned.norm(dim=1), moved.square().mean(0).sqrt()),
    }
    return torch.stack([columns[name] for name in MEASURES], 1)


def linearization_errors(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    found: Bend,
    radii: Sequence[float],
) -> Tensor:
    """What of a gradient's change the Hessian misses, over the larger of the two, (N, radii).

    Args:
        network: whose gradients change; the one that bends, or that with ReLU.
        images: shape (N, 3, H, W), values in [0, 1].
        labels: whose logit, shape (N,).
        found: how the logits bend.
        radii: how far every value of the image goes by the sign of the most fragile direction.
    """
    sign = found.directions[:, 0].sign()
    foretold = found.hessian(sign)
    _, before = gradient_of(network, images, labels)
    errors = []
    for radius in radii:
        _, after = gradient_of(network, images + radius * sign.view_as(images), labels)
        change = after - before
        missed = (change - radius * foretold).norm(dim=1)
        larger = torch.maximum(change.norm(dim=1), radius * foretold.norm(dim=1))
        errors.append(quotient(missed, larger))
    return torch.stack(errors, 1)


def cosine(first: Tensor, second: Tensor) -> Tensor:
    """The size of the cosine along the last dimension; 0 where one is 0."""
    return torch.cosine_similarity(first, second, -1, 1e-30).abs().clamp(max=1)


def quotient(above: Tensor, below: Tensor) -> Tensor:
    """Above / below; 0 where both are 0."""
    return torch.where((above == 0) & (below == 0), 0, above / below)
