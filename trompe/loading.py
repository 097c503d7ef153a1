"""Classifiers by name, weight file or module, ready to be explained."""

import os
from collections.abc import Callable, Sequence

import timm
from torch import Tensor, nn
from torchvision import models

from networks import (
    NormalizedNetwork,
    Preprocessing,
    huggingface_network,
    timm_network,
    torchvision_network,
)
from networks.checkpoints import class_count
from suggestions import did_you_mean

LIBRARIES: dict[str, Callable[..., NormalizedNetwork]] = {
    "torchvision": torchvision_network,
    "timm": timm_network,
}


def load(
    network: str | nn.Module,
    weights: str | os.PathLike[str] | None = None,
    *,
    pretrained: bool = False,
    num_classes: int | None = None,
    classes: Sequence[str] = (),
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    size: int = 224,
) -> NormalizedNetwork:
    """Return a classifier of images in [0, 1], in evaluation mode.

    Args:
        network: A name of torchvision or timm, such as resnet50 (torchvision's, where both have
            it) or timm/resnet50; the folder or name of a model of Hugging Face; or a module.
        weights: A weight file, such as mine.pth; random weights without it and `pretrained`.
        pretrained: Download the library's weights.
        num_classes: Number of logits; that of the weights if not given.
        classes: Names of the classes, in the order of the logits.
        mean: Mean of each channel, by which a module's images are normalised.
        std: Standard deviation of each channel.
        size: Side of a module's images in pixels.

    Example:
        >>> load(nn.Flatten(), mean=[0.5], std=[0.25])(Tensor([[[[1.0]]]]))
        tensor([[2.]])
    """
    if isinstance(network, str):
        found = _built(network, weights, pretrained, num_classes)
    else:
        found = _normalized(network, mean, std, size)
    if classes:
        found.classes = tuple(classes)
    return found.eval()


def in_unit_range(network: nn.Module, images: Tensor) -> NormalizedNetwork:
    """Return a network of images (N, C, H, W) in [0, 1] as one that says so; nothing is changed."""
    count = images.shape[1]
    return _normalized(network, [0.0] * count, [1.0] * count, images.shape[-1])


def _built(
    name: str, weights: str | os.PathLike[str] | None, pretrained: bool, num_classes: int | None
) -> NormalizedNetwork:
    """Build a network by its name, with as many classes as the weights have."""
    path = None if weights is None else os.fspath(weights)
    library, _, own_name = name.rpartition("/")
    if library and library not in LIBRARIES:
        return huggingface_network(name, weights=path, num_classes=num_classes)
    make = LIBRARIES[library or _library_of(name)]
    if path is None:
        return make(own_name, pretrained=pretrained, num_classes=num_classes)
    if num_classes is None:
        num_classes = class_count(make(own_name), path)
    return make(own_name, weights=path, num_classes=num_classes)


def _library_of(name: str) -> str:
    """Return the library that has a network of this name; torchvision, if both have."""
    names = models.list_models(module=models)
    if name in names:
        return "torchvision"
    if timm.is_model(name.split(".")[0]):
        return "timm"
    raise ValueError(
        f"neither torchvision nor timm has a network `{name}`"
        f"{did_you_mean(name, [*names, *timm.list_models()])}; `trompe list networks` shows all "
        "names; a network of your own is given as a module"
    )


def _normalized(
    network: nn.Module, mean: Sequence[float] | None, std: Sequence[float] | None, size: int
) -> NormalizedNetwork:
    """Return a module that normalises its images, as they are told by mean and deviation."""
    if not isinstance(network, nn.Module):
        raise TypeError(
            f"`network` is {type(network).__name__}, expected a name such as resnet50, or a module"
        )
    if isinstance(network, NormalizedNetwork):
        return network
    if mean is None or std is None or not len(mean) == len(std):
        raise ValueError(
            f"a {type(network).__name__} needs `mean` and `std` of each channel, by which its "
            f"images were normalised in training, got {mean} and {std}; those of ImageNet are "
            "[0.485, 0.456, 0.406] and [0.229, 0.224, 0.225], and [0, 0, 0] and [1, 1, 1] change "
            "nothing"
        )
    preprocessing = Preprocessing(size, size, "bilinear", tuple(mean), tuple(std))
    return NormalizedNetwork(network, preprocessing)
