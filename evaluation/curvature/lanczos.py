"""Eigenvalues of the largest size of symmetric operators, many at once (Lanczos 1950)."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Eigenpairs(NamedTuple):
    """Of each operator: eigenvalues (N, k) by falling size, eigenvectors (N, k, D) of length 1.

    Where an operator has fewer eigenvalues other than 0, the rest are 0, with vectors of zeros.
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
    values, coefficients = torch.linalg.eigh(torch.diag_embed(diagonal) + off + off.mT)
    order = values.abs().argsort(dim=1, descending=True, stable=True)[:, :count]
    coefficients = coefficients.gather(2, order[:, None].expand(-1, steps, -1))
    return Eigenpairs(values.gather(1, order), torch.einsum("nmk,nmd->nkd", coefficients, basis))
