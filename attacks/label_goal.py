"""Objectives of a network's logits and the images' labels."""

from collections.abc import Callable

from torch import Tensor, nn

from labels import one_label_each
from networks.goals import Goal
from networks.logits import class_logits


def label_goal(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    objective: Callable[[Tensor, Tensor], Tensor],
) -> Goal:
    """Return the function from images, or copies of them all, to an objective of each.

    Args:
        network: from images to logits (N, K), or one logit for two classes.
        images: shape (N, 3, H, W).
        labels: shape (N,), checked in the first pass.
        objective: from logits (N, K) and labels (N,) to (N,).

    The function raises: TypeError, ValueError: the labels fit neither images nor classes.
    """
    checked = False

    def goal(changed: Tensor) -> Tensor:
        nonlocal labels, checked
        logits = class_logits(network(changed))
        if not checked:
            labels, checked = one_label_each(labels, len(images), logits.shape[1]), True
        return objective(logits, labels.repeat(len(changed) // len(labels)))

    return goal
