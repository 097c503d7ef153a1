"""Classifiers of torchvision."""

import difflib

from torchvision import models
from torchvision.models import WeightsEnum

from networks.checkpoints import load_weights
from networks.downloads import downloading
from networks.normalized import NormalizedNetwork, Preprocessing


def torchvision_network(
    name: str,
    pretrained: bool | str = False,
    weights: str | None = None,
    num_classes: int | None = None,
) -> NormalizedNetwork:
    """Build a torchvision classifier that takes [0, 1] images.

    Args:
        name: torchvision's name of the model, such as resnet50.
        pretrained: Download torchvision's default pretrained weights (1000 classes), or those that
            a name says, such as IMAGENET1K_V1; the preprocessing is that of these weights.
        weights: A local weight file (.safetensors, .pt, .pth, .th, .ckpt), loaded last.
        num_classes: Number of logits; 1000 when not given.
    """
    classifiers = models.list_models(module=models)
    if name not in classifiers:
        close = difflib.get_close_matches(name, classifiers, 5)
        raise ValueError(
            f"torchvision has no classifier `{name}`; close names: {', '.join(close) or 'none'}"
        )
    if pretrained and num_classes not in (None, 1000):
        raise ValueError(
            f"torchvision's pretrained {name} has 1000 classes, `num_classes` is {num_classes}: "
            "use timm_network, which replaces the head, or give a file in `weights`"
        )
    entry = weights_of(name, pretrained)
    with downloading(name, pretrained):
        network = models.get_model(
            name, weights=entry if pretrained else None, num_classes=num_classes or 1000
        )
    if weights is not None:
        load_weights(network, weights)
    return NormalizedNetwork(network, preprocessing_of(entry))


def weights_of(name: str, pretrained: bool | str) -> WeightsEnum:
    """The entry of torchvision's weights that is named, its default one where none is.

    Raises: ValueError: torchvision has no weights of this name for the model.
    """
    entries = models.get_model_weights(name)
    key = pretrained if isinstance(pretrained, str) else "DEFAULT"
    if key not in entries.__members__:
        raise ValueError(
            f"torchvision has no weights `{key}` of {name}; `pretrained` is true, false or one of "
            f"{', '.join(entries.__members__)}"
        )
    return entries[key]


def preprocessing_of(entry: WeightsEnum) -> Preprocessing:
    """What the weights were trained to see."""
    transforms = entry.transforms()
    return Preprocessing(
        size=transforms.crop_size[0],
        resize=transforms.resize_size[0],
        interpolation=transforms.interpolation.value,
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
    )
