"""Classifiers of torchvision."""

import difflib

from torchvision import models

from networks.checkpoints import load_weights
from networks.normalized import NormalizedNetwork, Preprocessing


def torchvision_network(
    name: str,
    pretrained: bool = False,
    weights: str | None = None,
    num_classes: int | None = None,
) -> NormalizedNetwork:
    """Build a torchvision classifier that takes [0, 1] images.

    Args:
        name: torchvision's name of the model, such as resnet50.
        pretrained: Download torchvision's default pretrained weights (1000 classes).
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
    transforms = models.get_model_weights(name)["DEFAULT"].transforms()
    network = models.get_model(
        name, weights="DEFAULT" if pretrained else None, num_classes=num_classes or 1000
    )
    if weights is not None:
        load_weights(network, weights)
    preprocessing = Preprocessing(
        size=transforms.crop_size[0],
        resize=transforms.resize_size[0],
        interpolation=transforms.interpolation.value,
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
    )
    return NormalizedNetwork(network, preprocessing)
