"""Image classifiers and image encoders of Hugging Face's transformers."""

from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from lightning.pytorch.utilities import rank_zero_info

from networks.checkpoints import load_weights
from networks.heads import Head, check_head, log_new
from networks.huggingface_preprocessing import PROCESSORS, HuggingFaceError, preprocessing_of
from networks.image_encoder import ImageEncoder
from networks.normalized import NormalizedNetwork
from networks.sound import check_sound


def huggingface_network(
    name: str,
    weights: str | None = None,
    num_classes: int | None = None,
    head: Head = "loaded",
) -> NormalizedNetwork:
    """Build an image classifier of transformers that takes images in [0, 1].

    No code of the model is run. Size and normalisation are those of its image processor.

    Args:
        name: A folder with `config.json`, `preprocessor_config.json` and safetensors, or the name
            of such a model on Hugging Face's hub, such as google/vit-base-patch16-224.
        weights: A weight file of a run of this project, in place of the model's own.
        num_classes: Number of logits; the model's own if not given.
        head: "new" keeps a random last layer where the weights have other classes than
            `num_classes`, or no such layer; "loaded" raises HuggingFaceError there.
    """
    check_head(head)
    folder = _folder(name, fetch_weights=weights is None)
    config = _config(folder)
    if num_classes is not None:
        config.num_labels = num_classes
    if weights is None:
        network = _loaded(folder, "AutoModelForImageClassification", config, head)
    else:
        auto = _transformers().AutoModelForImageClassification
        network = auto.from_config(config, trust_remote_code=False)
        load_weights(network, weights, head)
    names = [config.id2label[number] for number in sorted(config.id2label)]
    return NormalizedNetwork(network, preprocessing_of(folder, _channels(config)), names)


def huggingface_encoder(name: str) -> NormalizedNetwork:
    """Build the image encoder of a CLIP-like model of transformers, for `zero_shot_network`.

    Args:
        name: A folder, or a name on the hub such as openai/clip-vit-base-patch32, with the files
            that `huggingface_network` needs.

    Returns: a network from images in [0, 1] to embeddings (N, D).
    Raises: HuggingFaceError: it cannot be built, or has no embeddings of images.
    """
    folder = _folder(name, fetch_weights=True)
    config = _config(folder)
    if not hasattr(config, "vision_config"):
        raise HuggingFaceError(
            f"{name} is a model of {config.model_type}, which does not embed both images and "
            "texts; give the whole CLIP-like model, or for a classifier use "
            "networks.huggingface_network"
        )
    model = _loaded(folder, "AutoModel", config, "loaded")
    channels = _channels(config)
    preprocessing = preprocessing_of(folder, channels)
    encoder = ImageEncoder(model)
    encoder.remove_unused(torch.zeros(1, channels, preprocessing.size, preprocessing.size))
    return NormalizedNetwork(encoder, preprocessing)


def _transformers() -> Any:
    try:
        return import_module("transformers")
    except ImportError as error:
        raise HuggingFaceError(
            f"networks of Hugging Face need the package transformers ({error}): pip install "
            "transformers"
        ) from error


def _folder(name: str, fetch_weights: bool) -> Path:
    """Return a local folder, or that of a download, of data alone: no code, no pickles."""
    if Path(name).is_dir():
        return Path(name)
    patterns = ["config.json", *PROCESSORS]
    if fetch_weights:
        patterns += ["model*.safetensors", "model.safetensors.index.json"]
    try:
        return Path(snapshot_download(name, allow_patterns=patterns))
    # of three libraries that the hub's client uses
    except Exception as error:
        raise HuggingFaceError(
            f"there is no folder {Path(name).absolute()}, and `{name}` cannot be fetched from the "
            f"hub: {error}; give the folder of a model, or a name such as "
            "google/vit-base-patch16-224 with an internet connection"
        ) from error


def _config(folder: Path) -> Any:
    auto = _transformers().AutoConfig
    try:
        return auto.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise HuggingFaceError(
            f"{folder} has no config.json that transformers can read without running code of the "
            f"model: {_first_line(error)}; give a model whose architecture is part of transformers"
        ) from error


def _channels(config: Any) -> int:
    """Return the number of channels of the images, which a CLIP-like model says for its part."""
    channels: int = getattr(config, "vision_config", config).num_channels
    return channels


def _loaded(folder: Path, auto: str, config: Any, head: Head) -> Any:
    """Return a model of transformers with the weights of the folder, in single precision."""
    try:
        network, info = getattr(_transformers(), auto).from_pretrained(
            folder,
            config=config,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise HuggingFaceError(
            f"transformers cannot build the model of {folder} by {auto} from safetensors: "
            f"{_first_line(error)}; give an image model with a file model.safetensors"
        ) from error
    _check_loaded(network, info, folder, config.num_labels, head)
    for name, value in network.state_dict().items():
        # the values before loading are gone: all must be finite
        check_sound(name, value, value.new_zeros(()), str(folder))
    return network.float()


def _check_loaded(network: Any, info: Any, folder: Path, classes: int, head: Head) -> None:
    """Raise HuggingFaceError unless the folder has all weights, but for those of a new head."""
    shapes = {name: shape for name, shape, _ in info["mismatched_keys"]}
    names = [*info["missing_keys"], *shapes]
    body = [name for name in names if name.startswith(f"{network.base_model_prefix}.")]
    if body or (names and head == "loaded"):
        name = (body or names)[0]
        found = f"has shape {tuple(shapes[name])}" if name in shapes else "is missing"
        raise HuggingFaceError(
            f"{folder} does not fit {type(network).__name__}: `{name}` {found}; "
            + (
                "give the weights of the same architecture"
                if body
                else "leave `num_classes` out, or give `head: new` for a new last layer"
            )
        )
    if head == "new":
        if not names:
            raise HuggingFaceError(
                f"`head` is new, but {folder} has a last layer with {classes} classes; set "
                "`num_classes` to another number, or leave `head` out"
            )
        trained = next((shape[0] for shape in shapes.values()), 0)
        log_new(names, trained, classes, str(folder))
    if unused := sorted(info["unexpected_keys"]):
        rank_zero_info(f"{folder}: {len(unused)} weights have no use (first: `{unused[0]}`)")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
