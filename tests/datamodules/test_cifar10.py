"""CIFAR-10 from files in its own format, with noise in them."""

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import datasets
from torchvision.transforms import v2

from datamodules import CIFAR10

NAMES = [f"class{label}" for label in range(10)]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five training files of 20 images and a test file of 50, with their own checksums."""
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    random = np.random.default_rng(0)

    def write(name: str, content: dict[str, object]) -> str:
        data = pickle.dumps(content)
        (folder / name).write_bytes(data)
        return hashlib.md5(data, usedforsecurity=False).hexdigest()

    def batch(name: str, images: int) -> list[str]:
        pixels = random.integers(0, 256, (images, 3072), dtype=np.uint8)
        labels = [(3 * index) % 10 for index in range(images)]
        return [name, write(name, {"data": pixels, "labels": labels})]

    train = [batch(f"data_batch_{number}", 20) for number in range(1, 6)]
    monkeypatch.setattr(datasets.CIFAR10, "train_list", train)
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [batch("test_batch", 50)])
    meta = {"filename": "batches.meta", "key": "label_names"}
    meta["md5"] = write("batches.meta", {"label_names": NAMES})
    monkeypatch.setattr(datasets.CIFAR10, "meta", meta)
    return tmp_path


def data(root: Path, **options: object) -> CIFAR10:
    module = CIFAR10(str(root), **options)  # type: ignore[arg-type]
    module.setup("fit")
    return module


def test_splits(root: Path) -> None:
    module = data(root)
    assert module.classes == tuple(NAMES)
    assert module.image_size == 32
    sizes = {split: len(module.images(split)) for split in ("train", "validation", "test")}
    assert sizes == {"train": 100, "validation": 25, "test": 25}
    held_out = datasets.CIFAR10(str(root), train=False)
    found = []
    for split in ("validation", "test"):
        images = module.images(split)
        assert np.bincount(images.labels.numpy()).min() >= 2
        found += [np.asarray(images.pictures.read(n)).tobytes() for n in images.numbers]
    assert sorted(found) == sorted(pixels.tobytes() for pixels in held_out.data)


def test_test_images_are_the_pixels_as_they_are(root: Path) -> None:
    images = data(root).images("test")
    image, label, index = images[5, 7]
    picture = np.array(images.pictures.read(images.numbers[7]))
    expected = torch.from_numpy(picture).permute(2, 0, 1) / 255
    torch.testing.assert_close(image, expected)
    assert label == images.labels[7]
    assert index == 7


def test_training_images_are_augmented_by_seed_epoch_and_image(root: Path) -> None:
    first, again, other = data(root), data(root), data(root, seed=1)
    image = first.images("train")[2, 7].images
    assert image.equal(again.images("train")[2, 7].images)
    assert not image.equal(first.images("train")[3, 7].images)
    assert not image.equal(other.images("train")[2, 7].images)
    plain = data(root, augmentation=[v2.Identity()]).images("train")[2, 7].images
    assert not image.equal(plain)
    flipped = data(root, augmentation=[v2.RandomHorizontalFlip(1.0)]).images("train")[2, 7].images
    assert flipped.equal(plain.flip(2))


def test_fingerprints(root: Path) -> None:
    assert data(root).fingerprint("test") == data(root).fingerprint("test")
    assert data(root).fingerprint("test") != data(root, seed=1).fingerprint("test")


def test_missing_or_damaged_files(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="contains no complete folder `cifar-10-batches-py`"):
        data(tmp_path / "elsewhere")
    (root / "cifar-10-batches-py" / "data_batch_3").write_bytes(b"cut off")
    with pytest.raises(ValueError, match="contains no complete folder `cifar-10-batches-py`"):
        data(root)
