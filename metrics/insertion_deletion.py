"""Insertion and deletion curves of an attribution (Petsiuk et al. 2018, section 3.2)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from binary import two_logits
from labels import one_label_each

# maps image indices (M,) and masks of removed values (M, 1 or 3, H, W) to images (M, 3, H, W)
Without = Callable[[Tensor, Tensor], Tensor]


def replaced(images: Tensor, substrate: Tensor) -> Without:
    """Return a function that replaces removed values by those of `substrate`, (N, 3, H, W)."""
    return lambda rows, removed: torch.where(removed, substrate[rows], images[rows])


@torch.no_grad()
def insertion_deletion(
    network: nn.Module, without: Without, when: Tensor, steps: int, labels: Tensor, chunk: int
) -> tuple[Tensor, Tensor]:
    """Return the label's probability while values are inserted and while they are deleted.

    Args:
        network: maps images to logits (N, K).
        without: returns images with a mask of values removed.
        when: step at which each value is inserted or deleted, from 0, shape (N, 1 or 3, H, W).
        steps: number of steps; both curves returned have shape (N, steps + 1).
        labels: class whose probability is returned, shape (N,).
        chunk: number of images in one forward pass.
    """
    probabilities: list[Tensor] = []
    # each curve ends where the other begins, so that an image needs 2 * steps passes
    for passes in torch.arange(len(when) * 2 * steps, device=when.device).split(chunk):
        rows, number = passes // (2 * steps), passes % (2 * steps)
        is_deletion = number <= steps
        changed = torch.where(is_deletion, number, number - steps)[:, None, None, None]
        removed = (when[rows] < changed) == is_deletion[:, None, None, None]
        logits = two_logits(network(without(rows, removed)))
        if not probabilities:
            labels = one_label_each(labels, len(when), logits.shape[1])
        probabilities.append(logits.softmax(1).gather(1, labels[rows, None])[:, 0])
    curves = torch.cat(probabilities).view(len(when), 2 * steps)
    deletion, insertion_between = curves[:, : steps + 1], curves[:, steps + 1 :]
    insertion = torch.cat([deletion[:, -1:], insertion_between, deletion[:, :1]], 1)
    return insertion, deletion


def area(curve: Tensor) -> Tensor:
    """Return the area under each curve (N, points) over [0, 1], by the trapezoid rule, (N,)."""
    return torch.trapezoid(curve, dim=1) / (curve.shape[1] - 1)


def steps_of(size: tuple[int, int], step: int) -> int:
    """Return the number of steps of `step` pixels that change all pixels of an image."""
    return -(-size[0] * size[1] // step)
