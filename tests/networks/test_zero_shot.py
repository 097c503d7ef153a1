"""Zero-shot classifiers: scaled cosines of an image's embedding to those of texts."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from helpers import PREPROCESSING, TinyNetwork
from jsonargparse import ArgumentParser
from safetensors.torch import save_file
from torch import Tensor, nn

from benchmarks.shipped import SMALL
from files import StoredFileError
from interpreters import GradCam
from networks import (
    NormalizedNetwork,
    UnsupportedError,
    features,
    fingerprint,
    save_weights,
    timm_network,
    zero_shot_network,
)
from networks.zero_shot import read_embedding, read_texts

IMAGES = torch.rand(2, 3, 8, 8, dtype=torch.float64)


@pytest.fixture
def texts(tmp_path: Path) -> str:
    path = tmp_path / "texts.safetensors"
    save_file({"texts": torch.randn(3, 5)}, path)
    return str(path)


def encoder() -> NormalizedNetwork:
    """An encoder of embeddings of 5 values."""
    torch.manual_seed(0)
    return NormalizedNetwork(TinyNetwork(5), PREPROCESSING).eval()


def test_logits_are_scaled_cosines(texts: str) -> None:
    network = zero_shot_network(encoder(), texts, scale=20).double()
    embeddings, named = encoder().double()(IMAGES), read_texts(Path(texts)).double()
    for image, logits in zip(embeddings, network(IMAGES), strict=True):
        cosines = [image @ text / (image.norm() * text.norm()) for text in named]
        torch.testing.assert_close(logits, 20 * torch.stack(cosines), rtol=1e-6, atol=1e-6)
    assert network.preprocessing == PREPROCESSING


def test_every_interpreter(texts: str) -> None:
    """Heatmaps are those of the same function written without a linear layer or F.normalize."""

    class Written(nn.Module):
        def __init__(self, network: NormalizedNetwork) -> None:
            super().__init__()
            self.encoder = network.network.get_submodule("encoder")
            self.weights = network.network.get_parameter("head.weight")

        def forward(self, images: Tensor) -> Tensor:
            embedding = self.encoder(images)
            return embedding / embedding.square().sum(1, keepdim=True).sqrt() @ self.weights.T

    network = zero_shot_network(encoder(), texts).double()
    written = NormalizedNetwork(Written(network), PREPROCESSING).double().eval()
    labels = network(IMAGES).argmax(1)
    for name, each in SMALL.items():
        found = each(network, IMAGES, labels).heatmap
        assert found.isfinite().all(), name
        if "lrp" not in name and "deep_lift" not in name:
            torch.testing.assert_close(found, each(written, IMAGES, labels).heatmap, msg=name)


def test_texts_stay_and_the_encoder_is_trained(texts: str) -> None:
    network = zero_shot_network(encoder(), texts)
    GradCam()(network.double(), IMAGES, torch.tensor([0, 2])).heatmap.sum().backward()
    trained = {name for name, weight in network.named_parameters() if weight.grad is not None}
    assert trained
    assert all("encoder" in name for name in trained)


def test_features_are_the_embeddings_of_length_1(texts: str) -> None:
    network = zero_shot_network(encoder(), texts).double()
    found = features(network, IMAGES)[1]
    torch.testing.assert_close(found, F.normalize(encoder().double()(IMAGES)))


def test_weights_of_a_run(texts: str, tmp_path: Path) -> None:
    network = zero_shot_network(encoder(), texts)
    with torch.no_grad():
        next(network.parameters()).add_(1)
    save_weights(network, tmp_path / "run.safetensors")
    weights = str(tmp_path / "run.safetensors")
    again = zero_shot_network(encoder(), texts, weights=weights)
    assert fingerprint(again) == fingerprint(network)


def test_timm_without_classes(tmp_path: Path) -> None:
    bare = timm_network("test_resnet", num_classes=0).eval()
    torch.save(torch.randn(4, bare(torch.rand(1, 3, 64, 64)).shape[1]), tmp_path / "texts.pt")
    network = zero_shot_network(bare, str(tmp_path / "texts.pt")).eval()
    heatmap = GradCam()(network, torch.rand(2, 3, 64, 64), torch.tensor([0, 3])).heatmap
    assert heatmap.shape[:2] == (2, 1)


def test_by_configuration(texts: str) -> None:
    parser = ArgumentParser()
    parser.add_subclass_arguments(nn.Module, "network")
    arguments = {"name": "test_resnet", "num_classes": 5}
    encoder = {"class_path": "networks.timm_network", "init_args": arguments}
    options = {"encoder": encoder, "texts": texts, "classes": ["cat", "dog", "owl"]}
    network = {"class_path": "networks.zero_shot_network", "init_args": options}
    built = parser.instantiate(parser.parse_object({"network": network})).network.eval()
    assert built(torch.rand(1, 3, 64, 64)).shape == (1, 3)
    assert built.network.classes == ("cat", "dog", "owl")


def test_outputs_of_encoders() -> None:
    embeddings = torch.rand(2, 5)
    assert read_embedding(embeddings) is embeddings
    assert read_embedding(SimpleNamespace(pooler_output=embeddings)) is embeddings
    both = SimpleNamespace(image_embeds=embeddings, pooler_output=embeddings + 1)
    assert read_embedding(both) is embeddings
    for other in (torch.rand(2, 5, 4), SimpleNamespace(logits=embeddings), None):
        with pytest.raises(UnsupportedError, match=r"the encoder returns .* expected embeddings"):
            read_embedding(other)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (torch.rand(3), r"shape \(3,\), torch.float32 .*, expected one tensor \(K, D\)"),
        (torch.eye(3).to_sparse(), r"shape \(3, 3\), .* torch.sparse_coo, expected one tensor"),
        # 5 stored values that claim to be 15
        (torch.rand(1, 5).expand(3, 5), r"shape \(3, 5\), .*; save texts\..*contiguous"),
        (torch.ones(3, 5, dtype=torch.long), "torch.int64"),
        (torch.rand(0, 5), r"shape \(0, 5\)"),
        (torch.eye(3)[:, :2], "embedding of class 2 is NaN, infinite or 0"),
        (torch.tensor([[1.0, 2.0], [torch.nan, 1.0]]), "embedding of class 1"),
        (torch.tensor([[torch.inf, 2.0], [3.0, 1.0]]), "embedding of class 0"),
        ({"a": torch.rand(3, 5), "b": torch.rand(3, 5)}, "holds 2 values"),
        ({"names": "cat"}, "holds 1 values"),
    ],
)
def test_files_of_texts(content: object, message: str, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "texts.pt")
    with pytest.raises(ValueError, match=message):
        zero_shot_network(encoder(), str(tmp_path / "texts.pt"))


def test_no_file_of_texts() -> None:
    with pytest.raises(StoredFileError, match="no file at"):
        zero_shot_network(encoder(), "texts.pt")


def test_texts_of_another_model(tmp_path: Path) -> None:
    torch.save(torch.rand(3, 7), tmp_path / "texts.pt")
    network = zero_shot_network(encoder(), str(tmp_path / "texts.pt")).double()
    with pytest.raises(UnsupportedError, match=r"5 values and those of the texts .* 7"):
        network(IMAGES)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"scale": 0.0}, "`scale` must be"), ({"classes": ["cat", "dog"]}, "2 names and .* 3 embedd")],
)
def test_refused(options: dict[str, object], message: str, texts: str) -> None:
    with pytest.raises(ValueError, match=message):
        zero_shot_network(encoder(), texts, **options)  # type: ignore[arg-type]
