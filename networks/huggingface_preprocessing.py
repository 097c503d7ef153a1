"""The preprocessing that an image processor of transformers describes, read as data."""

import json
import re
from pathlib import Path
from typing import Any

from PIL.Image import Resampling

from files import read_bytes
from networks.normalized import Preprocessing, for_channels

# the second is what newer versions write; the image processor is one entry of it
PROCESSORS = ("preprocessor_config.json", "processor_config.json")
# from this size on, a processor with `crop_pct` resizes without a crop
UNCROPPED = 384
# processors that read an integer `size` as the shorter side, and their factor of the shorter side
SHORTER_SIDE = {
    **dict.fromkeys(("Bit", "CLIP", "ChineseCLIP", "ConvNext", "MobileNetV1", "MobileNetV2"), 1.0),
    **dict.fromkeys(("MobileViT", "PoolFormer", "Siglip"), 1.0),
    "Levit": 256 / 224,
}
# those that read it as both sides; the files of ViT and Swin often name no processor
BOTH_SIDES = {"Beit", "Blip", "DeiT", "EfficientNet", "Pvt", "Segformer", "ViT", ""}
# what `Preprocessing` always does, or never
FIXED = {
    "do_resize": (True, "images of one size"),
    "do_rescale": (True, "images in [0, 1] before they are normalised"),
    "rescale_offset": (False, "images in [0, 1] before they are normalised"),
    "do_flip_channel_order": (False, "channels in the order RGB"),
}


class HuggingFaceError(ValueError):
    """A model of transformers cannot be read, or the package is missing."""


def preprocessing_of(folder: Path, channels: int) -> Preprocessing:
    """Return the preprocessing of the images that a model in a folder was trained on.

    A processor that resizes the shorter side and does not crop is taken to crop at the centre.

    Raises: HuggingFaceError: there is no such file, or it asks for what `Preprocessing` has not.
    """
    path = next((folder / name for name in PROCESSORS if (folder / name).is_file()), None)
    if path is None:
        raise HuggingFaceError(
            f"{folder} has no {PROCESSORS[0]}, which says the size and the normalisation of the "
            "images; save it there by the image processor's save_pretrained"
        )
    try:
        content = json.loads(read_bytes(path))
        return _read(content.get("image_processor", content), channels)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise HuggingFaceError(
            f"{path} does not describe a preprocessing that is known: "
            f"{type(error).__name__} {error}; wrap the model in a networks.NormalizedNetwork of "
            "your own"
        ) from error


def _read(processor: dict[str, Any], channels: int) -> Preprocessing:
    for name, (expected, reason) in FIXED.items():
        # null is false, and what is left out is the default
        if bool(processor.get(name, expected)) != expected:
            given, needed = json.dumps(processor[name]), json.dumps(expected)
            raise ValueError(f"`{name}` is {given}, expected {needed}: {reason}")
    if abs(processor.get("rescale_factor", 1 / 255) * 255 - 1) > 1e-6:
        raise ValueError(f"`rescale_factor` is {processor['rescale_factor']}, expected 1/255")
    size, resize, squash = _sizes(processor)
    mean, std = (0.0,) * channels, (1.0,) * channels
    if processor.get("do_normalize", True):
        mean, std = tuple(processor["image_mean"]), tuple(processor["image_std"])
    if processor.get("include_top"):
        # EfficientNet's processor divides once more
        std = tuple(one * two for one, two in zip(std, processor["image_std"], strict=True))
    interpolation = Resampling(processor.get("resample", Resampling.BILINEAR)).name.lower()
    return for_channels(Preprocessing(size, resize, interpolation, mean, std, squash), channels)


def _sizes(processor: dict[str, Any]) -> tuple[int, int, bool]:
    """Return the side of the crop, the side before it, and whether both sides are resized to it."""
    edge, squash = _edge(processor)
    crop = _side(processor["crop_size"])[0] if processor.get("do_center_crop") else None
    share = processor.get("crop_pct")
    if share is not None and crop is None:
        return (edge, int(edge / share), False) if edge < UNCROPPED else (edge, edge, True)
    if share is not None:
        edge, squash = int(edge / share), False
    if crop is None:
        return edge, edge, squash
    return crop, edge, squash


def _edge(processor: dict[str, Any]) -> tuple[int, bool]:
    """Return the side that images are resized to, and True if both sides are.

    Raises: ValueError: `size` is an integer, and the file does not tell how it is read.
    """
    family, size = _family(processor), processor["size"]
    undecided = family not in BOTH_SIDES or (not family and processor.get("do_center_crop"))
    if isinstance(size, int) and family in SHORTER_SIDE:
        size = {"shortest_edge": size}
    elif isinstance(size, int) and undecided:
        named = f"the processor `{family}`" if family else "no `image_processor_type`"
        raise ValueError(
            f"`size` is {size} with {named}, which does not tell if both sides "
            f'become {size} or the shorter one; write {{"height": {size}, "width": {size}}} or '
            f'{{"shortest_edge": {size}}} as `size`'
        )
    edge, squash = _side(size)
    return (edge, True) if squash else (int(edge * SHORTER_SIDE.get(family, 1.0)), False)


def _family(processor: dict[str, Any]) -> str:
    """Return the name of the processor without what versions of transformers append, or ""."""
    name = processor.get("image_processor_type") or processor.get("feature_extractor_type") or ""
    return re.sub(r"(ImageProcessor|FeatureExtractor).*", "", name)


def _side(size: int | dict[str, int]) -> tuple[int, bool]:
    """Return a side in pixels, and True if both sides are resized to it."""
    if isinstance(size, int):
        return size, True
    if "shortest_edge" in size:
        return size["shortest_edge"], False
    if size["height"] != size["width"]:
        raise ValueError(f"the size is {size['height']}x{size['width']}, expected a square")
    return size["height"], True
