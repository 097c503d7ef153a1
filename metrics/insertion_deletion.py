"""Insertion and deletion: how soon a network knows an image, or no longer (Petsiuk et al. 2018)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

# from the numbers of some images, (M,), and what is missing of each, (M, 1 or 3, H, W), to pictures
Without = Callable[[Tensor, Tensor], Tensor]


def replaced(images: Tensor, substrate: Tensor) -> Without:
    """What is missing is taken from another picture of the same shape (N, 3, H, W)."""
    return lambda rows, missing: torch.where(missing, substrate[rows], images[rows])


@torch.no_grad()
def insertion_deletion(
    network: nn.Module, without: Without, when: Tensor, steps: int, labels: Tensor, chunk: int
) -> tuple[Tensor, Tensor]:
    """The label's probability while an image's values come in, and while they go.

    Both curves end where the other begins, so that 2 * steps passes make them.

    Args:
        network: from images to logits (N, K).
        without: the images without what is missing.
        when: the step at which each value changes, from 0, shape (N, 1 or 3, H, W).
        steps: how many steps there are.
        labels: the class whose probability it is, shape (N,).
        chunk: how many pictures the network sees at once.

    Returns: insertion and deletion, shape (N, steps + 1) each; the first of insertion has nothing.
    """
    found = []
    for part in torch.arange(len(labels) * 2 * steps, device=labels.device).split(chunk):
        rows, number = part // (2 * steps), part % (2 * steps)
        gone = number <= steps
        count = torch.where(gone, number, number - steps)[:, None, None, None]
        missing = (when[rows] < count) == gone[:, None, None, None]
        logits = network(without(rows, missing))
        found.append(logits.softmax(1).gather(1, labels[rows, None])[:, 0])
    curves = torch.cat(found).view(len(labels), 2 * steps)
    deletion, between = curves[:, : steps + 1], curves[:, steps + 1 :]
    return torch.cat([deletion[:, -1:], between, deletion[:, :1]], 1), deletion


def area(curve: Tensor) -> Tensor:
    """The area under each curve (N, points) on [0, 1], by the trapezoid rule, shape (N,)."""
    return torch.trapezoid(curve, dim=1) / (curve.shape[1] - 1)


def steps_of(size: tuple[int, int], step: int) -> int:
    """How many steps change every pixel of an image."""
    return -(-size[0] * size[1] // step)
