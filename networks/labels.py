"""The check of labels, before any of them counts."""

import torch
from torch import Tensor

INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def check_labels(labels: Tensor, logits: Tensor) -> Tensor:
    """Return the labels of images as int64, shape (N, L).

    Args:
        labels: class indices of any integer type, shape (N,), or several of each image, (N, L).
        logits: of the same images, shape (N, K).

    Raises:
        TypeError: labels are no tensor of integers.
        ValueError: they have another shape or device, or one is no class of the network.

    Example:
        >>> check_labels(torch.tensor([2, 0]), torch.zeros(2, 3))
        tensor([[2],
                [0]])
    """
    if not isinstance(labels, Tensor):
        raise TypeError(
            f"labels must be a tensor of class indices, got {type(labels).__name__}: give "
            "torch.tensor(labels)"
        )
    if labels.dtype not in INTEGERS:
        raise TypeError(
            f"labels must be class indices of an integer type, got {labels.dtype}: give "
            "labels.argmax(1) of one-hot labels or probabilities"
        )
    images, classes = logits.shape
    if labels.ndim not in (1, 2) or len(labels) != images or not labels.numel():
        raise ValueError(
            f"labels must have shape ({images},), or ({images}, L) for several of each image, as "
            f"there are {images} images, got {tuple(labels.shape)}"
        )
    if labels.device != logits.device:
        raise ValueError(
            f"labels are on {labels.device} and logits on {logits.device}: give "
            f'labels.to("{logits.device}")'
        )
    indices = labels.long().view(images, -1)
    wrong = indices[(indices < 0) | (indices >= classes)]
    if len(wrong):
        raise ValueError(
            f"labels must be classes from 0 to {classes - 1}, as the network returns {classes} "
            f"logits, got {int(wrong[0])}"
        )
    # of two classes, one-hot labels cannot be told from both labels
    if indices.shape[1] == classes > 2 and _one_hot(indices):
        raise ValueError(
            f"labels of shape {tuple(labels.shape)} are one-hot: give labels.argmax(1), the class "
            "indices"
        )
    return indices


def _one_hot(labels: Tensor) -> bool:
    return bool(((labels <= 1) & (labels.sum(1, keepdim=True) == 1)).all())
