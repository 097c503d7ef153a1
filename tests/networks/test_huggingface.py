"""Networks of transformers: by the package where it is installed, by a stand-in elsewhere."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import stand_in_transformers
import torch
from torch import nn

from benchmarks.shipped import SMALL
from interpreters import GradCam
from networks import (
    find_layer,
    fingerprint,
    huggingface_encoder,
    huggingface_network,
    save_weights,
    zero_shot_network,
)
from networks.huggingface_preprocessing import HuggingFaceError, preprocessing_of
from networks.sound import WeightFileError

INSTALLED = find_spec("transformers") is not None
NORMALISED = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4], "resample": 3}
PROCESSOR = {"size": {"height": 32, "width": 32}, **NORMALISED}
VISION = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 32,
    "patch_size": 8,
}
CROPPED = {"do_center_crop": True, "crop_size": {"height": 224, "width": 224}}
IMAGES = torch.rand(2, 3, 32, 32)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Any:
    if not INSTALLED:
        monkeypatch.setitem(sys.modules, "transformers", stand_in_transformers)
    return sys.modules["transformers"] if not INSTALLED else __import__("transformers")


def save(model: Any, folder: Path, processor: dict[str, Any] = PROCESSOR) -> Any:
    model.save_pretrained(folder)
    Path(folder, "preprocessor_config.json").write_text(json.dumps(processor))
    return model.eval()


@pytest.fixture
def vit(package: Any, tmp_path: Path) -> Any:
    config = package.ViTConfig(num_labels=3, **VISION)
    return save(package.ViTForImageClassification(config), tmp_path)


def test_logits_behind_the_normalisation(vit: Any, tmp_path: Path) -> None:
    network = huggingface_network(str(tmp_path)).eval()
    mean, std = (
        torch.tensor(NORMALISED[f"image_{name}"]).view(3, 1, 1) for name in ("mean", "std")
    )
    torch.testing.assert_close(network(IMAGES), vit((IMAGES - mean) / std).logits)
    preprocessing = network.preprocessing
    assert preprocessing == (32, 32, "bicubic", (0.5, 0.4, 0.3), (0.2, 0.3, 0.4), True)


def test_heatmaps_of_patches(vit: Any, tmp_path: Path) -> None:
    network = huggingface_network(str(tmp_path)).eval()
    # not one of the three projections of the last attention
    assert isinstance(find_layer(network, "last", IMAGES), nn.LayerNorm)
    assert GradCam()(network, IMAGES, torch.tensor([0, 2])).heatmap.shape == (2, 1, 4, 4)


def test_weights_of_a_run(vit: Any, tmp_path: Path) -> None:
    trained = huggingface_network(str(tmp_path), num_classes=5, head="new")
    assert trained(IMAGES).shape == (2, 5)
    # all but the head is the folder's
    state = vit.state_dict()
    for name, value in trained.network.state_dict().items():
        assert "classifier" in name or value.equal(state[name])
    path = tmp_path / "run.safetensors"
    save_weights(trained, path)
    again = huggingface_network(str(tmp_path), str(path), num_classes=5)
    assert fingerprint(again) == fingerprint(trained)
    with pytest.raises(WeightFileError, match="set `num_classes` to 5"):
        huggingface_network(str(tmp_path), str(path))


def test_other_classes(vit: Any, tmp_path: Path) -> None:
    with pytest.raises(HuggingFaceError, match=r"`classifier.* has shape \(3.*or give `head: new`"):
        huggingface_network(str(tmp_path), num_classes=5)
    with pytest.raises(HuggingFaceError, match="has a last layer with 3 classes"):
        huggingface_network(str(tmp_path), head="new")


def test_other_weights(package: Any, vit: Any, tmp_path: Path) -> None:
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    with pytest.raises(HuggingFaceError, match=r"`vit\.layers\.2.* is missing; give the weights"):
        huggingface_network(str(tmp_path), num_classes=5, head="new")


def test_damaged_weights(package: Any, vit: Any, tmp_path: Path) -> None:
    with torch.no_grad():
        vit.classifier.bias[1] = torch.nan
    save(vit, tmp_path)
    with pytest.raises(WeightFileError, match=r"classifier\.bias` .* 1 values that are NaN"):
        huggingface_network(str(tmp_path))


def test_nothing_but_safetensors_is_read(vit: Any, tmp_path: Path) -> None:
    torch.save(vit.state_dict(), tmp_path / "pytorch_model.bin")
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(HuggingFaceError, match=r"from safetensors: .*model\.safetensors"):
        huggingface_network(str(tmp_path))


def test_code_of_the_folder_is_not_run(vit: Any, tmp_path: Path) -> None:
    config = json.loads((tmp_path / "config.json").read_text())
    config |= {"model_type": "mine", "auto_map": {"AutoConfig": "mine.MyConfig"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "mine.py").write_text("raise SystemExit('this code was run')")
    with pytest.raises(HuggingFaceError, match="without running code of the model"):
        huggingface_network(str(tmp_path))


def test_no_such_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HuggingFaceError, match="there is no folder /no/such/model, and"):
        huggingface_network("/no/such/model")


def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(HuggingFaceError, match="pip install transformers"):
        huggingface_network(str(tmp_path))


@pytest.mark.parametrize(
    ("processor", "size", "resize", "squash"),
    [
        ({"size": {"height": 224, "width": 224}}, 224, 224, True),
        ({"size": 224}, 224, 224, True),
        # transformers: int(224 / 0.875)
        ({"size": {"shortest_edge": 224}, "crop_pct": 0.875}, 224, 256, False),
        ({"size": {"shortest_edge": 384}, "crop_pct": 0.875}, 384, 384, True),
        ({"size": {"shortest_edge": 256}, **CROPPED}, 224, 256, False),
        ({"size": {"height": 256, "width": 256}, **CROPPED}, 224, 256, True),
        ({"size": {"shortest_edge": 224}}, 224, 224, False),
    ],
)
def test_sizes(
    processor: dict[str, Any], size: int, resize: int, squash: bool, tmp_path: Path
) -> None:
    for name, content in (
        ("processor_config.json", {"image_processor": processor | NORMALISED}),
        ("preprocessor_config.json", processor | NORMALISED),
    ):
        (tmp_path / name).write_text(json.dumps(content))
        found = preprocessing_of(tmp_path, 3)
        assert found == (size, resize, "bicubic", (0.5, 0.4, 0.3), (0.2, 0.3, 0.4), squash)


@pytest.mark.parametrize(
    ("processor", "message"),
    [
        ({}, "KeyError 'size'"),
        ({"size": {"height": 224, "width": 192}}, "224x192, expected a square"),
        ({"size": 224, "do_flip_channel_order": True}, "order RGB"),
        ({"size": 224, "rescale_factor": 1 / 127.5}, "expected 1/255"),
        ({"size": 224, "do_resize": False}, "`do_resize` is false, expected true"),
        ({"size": 224, "do_rescale": False}, "`do_rescale` is false, expected true"),
        ({"size": 224, "do_rescale": None}, "`do_rescale` is null, expected true"),
        ({"size": 224, "rescale_offset": True}, "`rescale_offset` is true, expected false"),
        ({"size": 256, **CROPPED}, 'no `image_processor_type`.*{"shortest_edge": 256} as `size`'),
        ({"size": 224, "image_processor_type": "PerceiverImageProcessor"}, "`Perceiver`.*shorter"),
        ({"size": 224, "image_mean": None}, "TypeError"),
        ({"size": 224, "resample": 9}, "9 is not a valid Resampling"),
        ([], "AttributeError"),
    ],
)
def test_unknown_preprocessing(processor: Any, message: str, tmp_path: Path) -> None:
    content = NORMALISED | processor if isinstance(processor, dict) else processor
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(content))
    with pytest.raises(HuggingFaceError, match=f"(?s)preprocessor_config.json does not.*{message}"):
        preprocessing_of(tmp_path, 3)


@pytest.mark.parametrize(
    ("kind", "size", "resize", "squash"),
    # as the processors of transformers 5.24 resize
    [
        ({"feature_extractor_type": "CLIPFeatureExtractor"}, 224, 224, False),
        ({"image_processor_type": "CLIPImageProcessor"}, 256, 256, False),
        ({"image_processor_type": "CLIPImageProcessorFast"}, 256, 256, False),
        ({"image_processor_type": "BitImageProcessor"}, 256, 256, False),
        ({"image_processor_type": "ConvNextImageProcessor", "crop_pct": 0.875}, 224, 256, False),
        ({"feature_extractor_type": "LevitFeatureExtractor"}, 224, 256, False),
        ({"feature_extractor_type": "LevitFeatureExtractor"}, {"shortest_edge": 224}, 256, False),
        ({"feature_extractor_type": "DeiTFeatureExtractor"}, 256, 256, True),
        ({"image_processor_type": "BeitImageProcessor"}, 256, 256, True),
        ({"image_processor_type": "ViTImageProcessor"}, 256, 256, True),
    ],
)
def test_a_size_is_read_as_the_processor_reads_it(
    kind: dict[str, Any], size: int | dict[str, int], resize: int, squash: bool, tmp_path: Path
) -> None:
    content = {"size": size, "do_center_crop": True, "crop_size": 224, **kind, **NORMALISED}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(content))
    found = preprocessing_of(tmp_path, 3)
    assert (found.size, found.resize, found.squash) == (224, resize, squash)


@pytest.mark.parametrize(
    ("options", "mean", "std"),
    [
        ({"include_top": False}, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)),
        # ((x - mean) / std) / std
        ({"include_top": True}, (0.5, 0.4, 0.3), (0.04, 0.09, 0.16)),
        ({"include_top": True, "do_normalize": False}, (0, 0, 0), (0.2, 0.3, 0.4)),
        ({"do_normalize": False}, (0, 0, 0), (1, 1, 1)),
    ],
)
def test_normalisation(
    options: dict[str, bool], mean: tuple[float, ...], std: tuple[float, ...], tmp_path: Path
) -> None:
    content = {"size": 224, **NORMALISED, **options}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(content))
    found = preprocessing_of(tmp_path, 3)
    assert found.mean == pytest.approx(mean)
    assert found.std == pytest.approx(std)


def test_no_preprocessing(tmp_path: Path) -> None:
    with pytest.raises(HuggingFaceError, match=r"has no preprocessor_config\.json"):
        preprocessing_of(tmp_path, 3)


def clip_config(package: Any, **options: Any) -> Any:
    text = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 99}
    text |= {"bos_token_id": 1, "eos_token_id": 2}
    return package.CLIPConfig(vision_config=VISION, text_config=text, **options)


@pytest.fixture
def clip(package: Any, tmp_path: Path) -> Any:
    return save(package.CLIPModel(clip_config(package, projection_dim=12)), tmp_path)


def test_classifier_by_the_vision_part(package: Any, tmp_path: Path) -> None:
    """Its configuration has channels for its part alone."""
    model = package.CLIPForImageClassification(clip_config(package, num_labels=3))
    save(model, tmp_path)
    network = huggingface_network(str(tmp_path)).eval()
    torch.testing.assert_close(network(IMAGES), model(network.normalize(IMAGES)).logits)
    assert network(IMAGES).shape == (2, 3)


def test_encoder_of_images(clip: Any, tmp_path: Path) -> None:
    encoder = huggingface_encoder(str(tmp_path)).eval()
    expected = clip.get_image_features(pixel_values=encoder.normalize(IMAGES)).pooler_output
    torch.testing.assert_close(encoder(IMAGES), expected)
    names = {name.split(".")[1] for name in encoder.network.state_dict()}
    assert names == {"vision_model", "visual_projection"}


@pytest.mark.slow
def test_every_interpreter_on_a_zero_shot_classifier(clip: Any, tmp_path: Path) -> None:
    torch.save(torch.randn(4, 12), tmp_path / "texts.pt")
    encoder = huggingface_encoder(str(tmp_path))
    network = zero_shot_network(encoder, str(tmp_path / "texts.pt")).double().eval()
    logits = network(IMAGES.double())
    for name, each in SMALL.items():
        explanation = each(network, IMAGES.double(), logits.argmax(1))
        torch.testing.assert_close(explanation.logits, logits, msg=name)
        assert explanation.heatmap.isfinite().all(), name
        assert explanation.heatmap.any(), name


def test_a_classifier_has_no_embeddings(vit: Any, tmp_path: Path) -> None:
    with pytest.raises(HuggingFaceError, match="is a model of vit, which does not embed"):
        huggingface_encoder(str(tmp_path))


FAMILIES: dict[str, dict[str, Any]] = {
    "ConvNext": {"hidden_sizes": [8, 16], "depths": [1, 1], "num_stages": 2},
    "Swin": {
        "embed_dim": 8,
        "depths": [1, 1],
        "num_heads": [1, 2],
        "window_size": 4,
        "patch_size": 4,
    },
    "ResNet": {
        "embedding_size": 8,
        "hidden_sizes": [8, 16],
        "depths": [1, 1],
        "layer_type": "basic",
    },
    "Dinov2": VISION,
}
LASTS = {
    "ConvNext": "convnext.encoder.stages.1",
    "Swin": "swin.layernorm",
    "ResNet": "resnet.encoder.stages.1",
    "Dinov2": "dinov2.layernorm",
}


@pytest.mark.skipif(not INSTALLED, reason="needs the package transformers")
@pytest.mark.parametrize("family", FAMILIES)
def test_families(family: str, package: Any, tmp_path: Path) -> None:
    """Logits are the model's, every interpreter explains them, and "last" is their last map."""
    options = {"image_size": 32, "num_labels": 3, **FAMILIES[family]}
    config = getattr(package, f"{family}Config")(**options)
    model = save(getattr(package, f"{family}ForImageClassification")(config), tmp_path).double()
    network = huggingface_network(str(tmp_path)).double().eval()
    images, labels = IMAGES.double(), torch.tensor([0, 2])
    torch.testing.assert_close(network(images), model(network.normalize(images)).logits)
    assert find_layer(network, "last", images) is network.network.get_submodule(LASTS[family])
    assert GradCam()(network, images, labels).heatmap.shape == (2, 1, 4, 4)
    for each in SMALL.values():
        assert each(network, images, labels).heatmap.isfinite().all()
