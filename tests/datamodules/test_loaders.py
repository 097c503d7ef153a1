"""What loaders are given: workers, what each keeps ready, and memory that a GPU reads."""

from pathlib import Path
from typing import Any

import pytest
from torch.utils.data import DataLoader

from datamodules import Composites, DataModule, ImageFolder, ImageNet, Shapes


def loaders(data: DataModule) -> list[DataLoader[Any]]:
    data.setup("fit")
    return [data.train_dataloader(), data.val_dataloader(), data.test_dataloader()]


def imagenet(image_folder: Path, **options: int) -> ImageNet:
    for split in ("train", "val"):
        for name, wnid in (("ant", "n02219486"), ("bee", "n02206856"), ("cat", "n02124075")):
            (image_folder / split / name).rename(image_folder / split / wnid)
    return ImageNet(str(image_folder), size=8, batch_size=2, **options)  # type: ignore[arg-type]


def test_prefetch(image_folder: Path) -> None:
    for loader in loaders(imagenet(image_folder, workers=3, prefetch=5)):
        assert (loader.num_workers, loader.prefetch_factor) == (3, 5)
        assert loader.persistent_workers


def test_defaults(image_folder: Path) -> None:
    for loader in loaders(ImageFolder(str(image_folder), size=8)):
        assert (loader.num_workers, loader.prefetch_factor) == (2, 2)
    for loader in loaders(imagenet(image_folder)):
        assert (loader.num_workers, loader.prefetch_factor) == (8, 4)


def test_no_workers(image_folder: Path) -> None:
    for loader in loaders(imagenet(image_folder, workers=0)):
        assert (loader.num_workers, loader.prefetch_factor) == (0, None)
        assert not loader.persistent_workers


def test_composites_are_loaded_as_their_images_are(image_folder: Path) -> None:
    data = imagenet(image_folder, workers=3, prefetch=5)
    composites = Composites(data, ("ant", "bee"), train=4, test=1)
    composites.setup("fit")
    both = composites.train_dataloader().flattened
    for loader in (*both, *composites.val_dataloader(), *composites.test_dataloader()):
        assert (loader.num_workers, loader.prefetch_factor) == (3, 5)


@pytest.mark.parametrize("there", [True, False])
def test_memory_is_pinned_for_a_gpu(there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: there)
    for loader in loaders(Shapes(train=12, validation=12, test=12)):
        assert loader.pin_memory is there
