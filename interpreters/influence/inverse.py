"""Inverse Hessian-vector products of the last layer's training loss."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from interpreters.influence.head import Head, augmented

# from vectors (M, K, D + 1), shaped like the weights, to products of the same shape
Product = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Inverse(ABC):
    """Method for products with (H + damping I)^-1.

    Args:
        damping: Added to every eigenvalue of the Hessian, which includes `l2`.
    """

    damping: float = 0.01

    def __post_init__(self) -> None:
        if not self.damping >= 0:
            raise ValueError(f"`damping` must be at least 0, got {self.damping}")

    @abstractmethod
    def __call__(self, head: Head, features: Tensor, labels: Tensor) -> Product:
        """Return the product for training images with features (N, D) and labels (N,)."""


@dataclass(frozen=True)
class Exact(Inverse):
    """LU factorisation of the whole Hessian.

    Example:
        >>> from interpreters.influence import InfluenceFunctions
        >>> import torch
        >>> features, labels = torch.randn(20, 4), torch.arange(20) % 2
        >>> functions = InfluenceFunctions(l2=0.1, inverse=Exact(damping=0.1))
        >>> functions.fit(features, labels, 2)(features, labels).shape
        torch.Size([20, 20])
    """

    def __call__(self, head: Head, features: Tensor, labels: Tensor) -> Product:
        """Return the product; raises ValueError if the Hessian is singular or too large."""
        size = head.weights.numel()
        if size > LARGEST:
            raise ValueError(
                f"the last layer has {size} weights, expected at most {LARGEST} for Exact; "
                "choose ConjugateGradient as `inverse`"
            )
        inputs = augmented(features)
        hessians = head.output_hessians(features, labels) / len(features)
        # row by row, so that no intermediate tensor is larger than the Hessian
        rows = [torch.einsum("nl,np,nq->plq", row, inputs, inputs) for row in hessians.unbind(1)]
        second = torch.stack(rows).reshape(size, size)
        second.diagonal().add_(head.l2 + self.damping)
        factors, pivots, failed = torch.linalg.lu_factor_ex(second)
        scale = factors.diagonal().abs()
        if failed.item() or scale.min() < 1e-14 * scale.max():
            raise ValueError(
                f"the Hessian has no inverse at damping {self.damping:g} and l2 {head.l2:g}; "
                "give a larger `damping`"
            )

        def product(vectors: Tensor) -> Tensor:
            columns = vectors.flatten(1).T
            return torch.linalg.lu_solve(factors, pivots, columns).T.reshape(vectors.shape)

        return product


LARGEST = 8192


@dataclass(frozen=True)
class ConjugateGradient(Inverse):
    """Conjugate gradients, which need only products with the Hessian.

    Args:
        tolerance: Norm of the residual, relative to that of the vector, at which to stop.
        steps: Maximum number of products.

    Example:
        >>> from interpreters.influence import InfluenceFunctions
        >>> import torch
        >>> features, labels = torch.randn(20, 4), torch.arange(20) % 2
        >>> functions = InfluenceFunctions(l2=0.1, inverse=ConjugateGradient(damping=0.1))
        >>> functions.fit(features, labels, 2)(features, labels).shape
        torch.Size([20, 20])
    """

    tolerance: float = 1e-8
    steps: int = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.steps < 1 or not self.tolerance > 0:
            raise ValueError(
                f"`steps` must be at least 1 and `tolerance` above 0, got {self.steps} and "
                f"{self.tolerance}"
            )

    def __call__(self, head: Head, features: Tensor, labels: Tensor) -> Product:
        """Return the product, which raises ValueError if it does not converge."""
        hessian = hessian_product(head, features, labels)

        def product(vectors: Tensor) -> Tensor:
            found, left = torch.zeros_like(vectors), vectors
            towards, length = left, inner(left, left)
            enough = self.tolerance**2 * length
            for _ in range(self.steps):
                products = hessian(towards) + self.damping * towards
                curvature = inner(towards, products)
                if (curvature < 0).any():
                    raise ValueError(
                        "the Hessian has a negative eigenvalue, and conjugate gradients need "
                        f"positive ones; give a larger `damping` than {self.damping:g} or Exact"
                    )
                # a vector that has converged, or is 0, stays
                step = torch.where(length > enough, length / curvature, 0)
                found, left = found + step * towards, left - step * products
                shorter = inner(left, left)
                towards = left + torch.where(length > 0, shorter / length, 0) * towards
                length = shorter
                if (length <= enough).all():
                    return found
            raise ValueError(
                f"conjugate gradients did not converge in {self.steps} steps; give more `steps`, "
                f"or a larger `damping` than {self.damping:g}"
            )

        return product


def hessian_product(head: Head, features: Tensor, labels: Tensor) -> Product:
    """Return the product of the Hessian of mean loss and penalty with vectors (M, K, D + 1)."""
    inputs = augmented(features)
    outputs = inputs @ head.weights.T

    def product(vectors: Tensor) -> Tensor:
        mixed = head.hessian_vector_product(
            outputs, labels, torch.einsum("mkp,np->mnk", vectors, inputs)
        )
        return torch.einsum("mnk,np->mkp", mixed, inputs) / len(inputs) + head.l2 * vectors

    return product


def inner(first: Tensor, second: Tensor) -> Tensor:
    """Return the inner product of each pair of vectors (M, K, D + 1), shape (M, 1, 1)."""
    return (first * second).sum((1, 2), keepdim=True)
