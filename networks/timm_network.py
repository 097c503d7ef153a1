"""Classifiers of timm."""

import difflib
import math
from typing import Any

import timm

from networks.checkpoints import load_weights
from networks.downloads import downloading
from networks.normalized import NormalizedNetwork, Preprocessing


class _Forgetful(dict[str, Any]):
    """A cache that gives a value out once, so that the next one is made of the weights then."""

    def __getitem__(self, key: str) -> Any:
        """The value, which the cache loses."""
        return self.pop(key)


def timm_network(
    name: str,
    pretrained: bool = False,
    weights: str | None = None,
    num_classes: int | None = None,
    options: dict[str, Any] | None = None,
) -> NormalizedNetwork:
    """Build a timm classifier that takes [0, 1] images.

    Its preprocessing is timm's, but for the few networks that timm shows images with a border,
    which get the central crop.

    Args:
        name: timm's name of the model, such as resnet50.
        pretrained: Download timm's pretrained weights.
        weights: A local weight file (.safetensors, .pt, .pth, .th, .ckpt), loaded last.
        num_classes: Number of logits; timm's own for this model when not given.
        options: Further arguments of timm.create_model.
    """
    base_name = name.split(".")[0]
    if not timm.is_model(base_name):
        close = difflib.get_close_matches(base_name, timm.list_models(), 5)
        raise ValueError(f"timm has no model `{name}`; close names: {', '.join(close) or 'none'}")
    classes = {} if num_classes is None else {"num_classes": num_classes}
    with downloading(name, pretrained):
        network = timm.create_model(name, pretrained=pretrained, **classes, **(options or {}))
    config = timm.data.resolve_data_config(options or {}, model=network)
    for module in network.modules():
        # in evaluation mode timm would keep these, with their graph, while the weights change
        if hasattr(module, "attention_bias_cache"):
            module.attention_bias_cache = _Forgetful()
    if weights is not None:
        load_weights(network, weights)
    return NormalizedNetwork(network, preprocessing_of(config))


def preprocessing_of(config: dict[str, Any]) -> Preprocessing:
    """What timm.data.resolve_data_config says, as timm.data.create_transform reads it."""
    size = min(config["input_size"][1:])
    return Preprocessing(
        size=size,
        resize=math.floor(size / config["crop_pct"]),
        interpolation=config["interpolation"],
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
        squash=config["crop_mode"] == "squash",
    )
