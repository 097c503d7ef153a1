"""Classifiers of timm."""

import math
from typing import Any

import timm

from networks.checkpoints import load_weights
from networks.downloads import downloading
from networks.heads import Head, log_new
from networks.normalized import NormalizedNetwork, Preprocessing, for_channels
from suggestions import did_you_mean


class _SingleUseCache(dict[str, Any]):
    """A cache that removes a value when it is read, so that it never outlives the weights."""

    def __getitem__(self, key: str) -> Any:
        """Return the value and remove it from the cache."""
        return self.pop(key)


def timm_network(
    name: str,
    pretrained: bool = False,
    weights: str | None = None,
    num_classes: int | None = None,
    options: dict[str, Any] | None = None,
    head: Head = "loaded",
) -> NormalizedNetwork:
    """Build a timm classifier that takes images in [0, 1], with timm's preprocessing.

    timm pads the images of a few networks with a border; here they are cropped at the centre.

    Args:
        name: timm's name of the model, such as resnet50.
        pretrained: Download timm's pretrained weights; with another `num_classes` than theirs,
            the last layer is random, which is logged.
        weights: A local weight file (.safetensors, .pt, .pth, .th, .ckpt), loaded last.
        num_classes: Number of logits; the model's default if not given.
        options: Further arguments of timm.create_model; with `in_chans`, images have so many
            channels, each normalised by the mean of timm's three values.
        head: "new" keeps a random last layer where `weights` have other classes than
            `num_classes`, for transfer learning; "loaded" raises WeightFileError there.

    Example:
        >>> timm_network("test_resnet", num_classes=3).preprocessing.size
        160
    """
    base_name = name.split(".")[0]
    if not timm.is_model(base_name):
        raise ValueError(
            f"timm has no model `{name}`{did_you_mean(base_name, timm.list_models())}; "
            "timm.list_models() lists all names"
        )
    classes = {} if num_classes is None else {"num_classes": num_classes}
    with downloading(name, pretrained):
        network = timm.create_model(name, pretrained=pretrained, **classes, **(options or {}))
    trained = network.pretrained_cfg.get("num_classes")
    if pretrained and num_classes not in (None, trained):
        heads = network.pretrained_cfg["classifier"]
        names = [heads] if isinstance(heads, str) else list(heads)
        log_new(names, trained, num_classes, f"timm's pretrained {name}")
    config = timm.data.resolve_data_config(options or {}, model=network)
    for module in network.modules():
        # in evaluation mode timm caches these with their graph, and the weights change meanwhile
        if hasattr(module, "attention_bias_cache"):
            module.attention_bias_cache = _SingleUseCache()
    if weights is not None:
        load_weights(network, weights, head)
    channels = (options or {}).get("in_chans", 3)
    preprocessing = for_channels(preprocessing_of(config), channels)
    return NormalizedNetwork(network, preprocessing, class_names(network))


def class_names(network: Any) -> tuple[str, ...]:
    """Return ImageNet's names of the classes, if the network has as many; otherwise none."""
    subset = timm.data.infer_imagenet_subset(network)
    if not subset:
        return ()
    info = timm.data.ImageNetInfo(subset)
    count = info.num_classes() if info.num_classes() == network.num_classes else 0
    return tuple(info.index_to_description(number) for number in range(count))


def preprocessing_of(config: dict[str, Any]) -> Preprocessing:
    """Return the preprocessing that timm.data.create_transform makes of a data config."""
    size = min(config["input_size"][1:])
    return Preprocessing(
        size=size,
        resize=math.floor(size / config["crop_pct"]),
        interpolation=config["interpolation"],
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
        squash=config["crop_mode"] == "squash",
    )
