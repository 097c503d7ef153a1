"""Classifiers of torchvision."""

from torchvision import models
from torchvision.models import WeightsEnum

from networks.checkpoints import load_weights
from networks.downloads import downloading
from networks.heads import Head, check_head, replace_heads
from networks.normalized import NormalizedNetwork, Preprocessing
from suggestions import did_you_mean


def torchvision_network(
    name: str,
    pretrained: bool | str = False,
    weights: str | None = None,
    num_classes: int | None = None,
    head: Head = "loaded",
) -> NormalizedNetwork:
    """Build a torchvision classifier that takes images in [0, 1].

    Args:
        name: torchvision's name of the model, such as resnet50.
        pretrained: Download torchvision's default weights (1000 classes), or those of the given
            name, such as IMAGENET1K_V1, and use their preprocessing.
        weights: A local weight file (.safetensors, .pt, .pth, .th, .ckpt), loaded last.
        num_classes: Number of logits; 1000 if not given.
        head: "new" keeps a random last layer where the weights have other classes than
            `num_classes`, for transfer learning; "loaded" raises WeightFileError there.

    Example:
        >>> torchvision_network("squeezenet1_1", num_classes=3).preprocessing.size
        224
    """
    classifiers = models.list_models(module=models)
    if name not in classifiers:
        raise ValueError(
            f"torchvision has no classifier `{name}`{did_you_mean(name, classifiers)}; "
            "torchvision.models.list_models(module=torchvision.models) lists all names"
        )
    check_head(head)
    other_classes = num_classes if pretrained and num_classes != 1000 else None
    if other_classes and head == "loaded":
        raise ValueError(
            f"torchvision's pretrained {name} has 1000 classes, `num_classes` is {num_classes}; "
            "give `head: new` for a new last layer"
        )
    entry = weights_of(name, pretrained)
    with downloading(name, pretrained):
        network = models.get_model(
            name,
            weights=entry if pretrained else None,
            num_classes=1000 if pretrained else num_classes or 1000,
        )
    if other_classes:
        replace_heads(network, 1000, other_classes, f"{entry}")
    if weights is not None:
        load_weights(network, weights, head)
    names = entry.meta["categories"]
    known = len(names) == (num_classes or 1000)
    return NormalizedNetwork(network, preprocessing_of(entry), names if known else ())


def weights_of(name: str, pretrained: bool | str) -> WeightsEnum:
    """Return torchvision's weights of a model by name, or its default weights if none is given.

    Raises: ValueError: torchvision has no weights of this name for the model.
    """
    entries = models.get_model_weights(name)
    key = pretrained if isinstance(pretrained, str) else "DEFAULT"
    if key not in entries.__members__:
        raise ValueError(
            f"torchvision has no weights `{key}` of {name}{did_you_mean(key, entries.__members__)}"
            f"; `pretrained` must be true, false or one of {', '.join(entries.__members__)}"
        )
    return entries[key]


def preprocessing_of(entry: WeightsEnum) -> Preprocessing:
    """Return the preprocessing that the weights were trained with."""
    transforms = entry.transforms()
    return Preprocessing(
        size=transforms.crop_size[0],
        resize=transforms.resize_size[0],
        interpolation=transforms.interpolation.value,
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
    )
