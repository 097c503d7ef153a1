"""Eigenvalues of the largest size of symmetric operators, many at once (Lanczos 1950)."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from losses.finite import if_finite


class Eigenpairs(NamedTuple):
    """Of each operator: eigenvalues (N, k) by falling size, eigenvectors (N, k, D) of length 1.

    Where an operator has fewer eigenvalues other than 0, the rest are 0, with vectors of zeros.
    Those of an operator that is not finite are NaN.
    """

    values: Tensor
    vectors: Tensor


def leading_eigenpairs(
    product: Callable[[Tensor], Tensor], start: Tensor, steps: int, count: int
) -> Eigenpairs:
    """Return leading eigenpairs by Lanczos' method, with every vector orthogonal to all before it.

    Args:
        product: from vectors (N, D), one for each operator, to their products.
        start: first vector of each operator, shape (N, D), not 0.
        steps: how many products are made.
        count: how many eigenpairs are wanted, at most `steps`.
    """
    basis = start.new_zeros(len(start), steps, start.shape[1])
    diagonal, beside = start.new_zeros(len(start), steps), start.new_zeros(len(start), steps)
    smallest = torch.finfo(start.dtype).eps ** 0.75
    vector = start / start.norm(dim=1, keepdim=True)
    for step in range(steps):
        basis[:, step] = vector
        image = product(vector)
        size = image.norm(dim=1)
        diagonal[:, step] = (image * vector).sum(1)
        for _ in range(2):  # once leaves rounding behind
            along = torch.einsum("nmd,nd->nm", basis, image)
            image = image - torch.einsum("nm,nmd->nd", along, basis)
        left = image.norm(dim=1)
        # nothing new: every eigenvector that the start has a part in is found
        left = torch.where(left > smallest * size, left, 0)
        vector = torch.where(left > 0, 1 / left, 0)[:, None] * image
        beside[:, step] = left
    off = torch.diag_embed(beside[:, :-1], 1)
    matrices = torch.diag_embed(diagonal) + off + off.mT
    # eigh refuses what is not finite
    values, coefficients = torch.linalg.eigh(if_finite(matrices, matrices).nan_to_num(0.0))
    order = values.abs().argsort(dim=1, descending=True, stable=True)[:, :count]
    coefficients = coefficients.gather(2, order[:, None].expand(-1, steps, -1))
    vectors = torch.einsum("nmk,nmd->nkd", coefficients, basis)
    return Eigenpairs(if_finite(values.gather(1, order), matrices), if_finite(vectors, matrices))
