"""Check that labels fit the images and a network's classes."""

import torch
from torch import Tensor


def checked_labels(labels: Tensor, images: int, classes: int) -> Tensor:
    """Return labels as int64, if there is one of each image, (N,), or several, (N, L).

    Args:
        labels: integers from 0 to `classes` - 1, of any integer type.
        images: number of images, N.
        classes: number of classes, K.

    Raises: TypeError: not a tensor of integers. ValueError: another shape, one-hot, out of bounds.

    Example:
        >>> checked_labels(torch.tensor([0, 3], dtype=torch.uint8), images=2, classes=4)
        tensor([0, 3])
    """
    expected = f"expected integers from 0 to {classes - 1}, shape ({images},) or ({images}, L)"
    if not isinstance(labels, Tensor):
        raise TypeError(
            f"`labels` is {type(labels).__name__}, {expected}; give torch.tensor(labels)"
        )
    hint = "; if they are one-hot, give labels.argmax(1)"
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise TypeError(f"`labels` are {labels.dtype}, {expected}{hint}")
    if labels.ndim not in (1, 2) or len(labels) != images or 0 in labels.shape[1:]:
        raise ValueError(
            f"`labels` have the shape {tuple(labels.shape)}, {expected}; give a label of each image"
        )
    labels = labels.long()
    if not images:
        return labels
    # one transfer from a GPU
    low, high = torch.stack(labels.aminmax()).tolist()
    if low < 0 or high >= classes:
        raise ValueError(f"`labels` are out of bounds, from {low} to {high}, {expected}")
    # two labels of two classes are legitimate; more of them would repeat a class
    if labels.ndim == 2 and labels.shape[1] == classes > 2 and low == 0 and high == 1:
        raise ValueError(f"`labels` have a 0 or 1 for each of {classes} classes, {expected}{hint}")
    return labels


def one_label_each(labels: Tensor, images: int, classes: int) -> Tensor:
    """Return labels as int64, if there is one of each image, (N,).

    Args:
        labels: integers from 0 to `classes` - 1, of any integer type.
        images: number of images, N.
        classes: number of classes, K.

    Raises: TypeError, ValueError: as `checked_labels`, or there are several of each image.
    """
    labels = checked_labels(labels, images, classes)
    if labels.ndim == 2:
        raise ValueError(
            f"`labels` have the shape {tuple(labels.shape)}, expected one of each image, "
            f"({images},); give one column, labels[:, 0]"
        )
    return labels
