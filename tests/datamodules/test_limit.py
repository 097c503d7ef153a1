"""A quick look at a part of the test split, of every class its share."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
import torch

from datamodules import Composites, ImageFolder, Shapes
from datamodules.outlines import OUTLINES
from datamodules.shares import stratified

FIRST, SECOND, *_ = OUTLINES


def test_classes_keep_their_shares() -> None:
    labels = [0] * 60 + [1] * 30 + [2] * 10
    chosen = stratified(labels, 20, seed=0)
    assert Counter(labels[number] for number in chosen) == {0: 12, 1: 6, 2: 2}
    assert chosen == sorted(set(chosen))
    assert chosen == stratified(labels, 20, seed=0)
    assert chosen != stratified(labels, 20, seed=1)
    # a larger look contains a smaller one
    assert set(chosen) < set(stratified(labels, 40, seed=0))


def test_drawn_images() -> None:
    data, limited = (Shapes(train=12, validation=12, test=30, batch_size=8) for _ in range(2))
    limited.limit_tested(12)
    images = limited.images("test")
    assert len(images) == 12
    assert sorted(images.labels.tolist()) == [*range(12)]
    whole = data.images("test")
    for index in range(12):
        image, label, number = images[0, index]
        assert number == index
        same = [i for i in range(30) if whole.pixels[i].equal(images.pixels[index])]
        assert [int(whole.labels[i]) for i in same] == [int(label)]
        torch.testing.assert_close(image, whole[0, same[0]].images)
    drawn = [int(index) for batch in limited.test_dataloader() for index in batch.indices]
    assert drawn == [*range(12)]
    assert limited.masks(torch.tensor([3]), "test").equal(images.mask_bytes[[3]].float() / 255)
    assert len(limited.images("validation")) == 12
    assert limited.fingerprint("test") != data.fingerprint("test")


def test_files(image_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(image_folder, tmp_path / "copy")
    data = ImageFolder(str(tmp_path / "copy"), size=32, batch_size=4, workers=0)
    data.limit_tested(3)
    images = data.images("test")
    assert sorted(images.labels.tolist()) == [0, 1, 2]
    assert [int(batch.labels[0]) for batch in data.test_dataloader()] == [int(images.labels[0])]


def test_composites_and_the_single_images_beside_them() -> None:
    shapes = Shapes(train=24, validation=60, test=60, batch_size=8)
    data = Composites(shapes, (FIRST, SECOND), train=4, test=5, batch_size=2, seed=7)
    data.setup("test")
    whole = [data.composites("test")[0, index].images for index in range(5)]
    data.limit_tested(3)
    # the single images are those that the loader of the other data module gives
    loaded = torch.cat([batch.labels for batch in data.test_dataloader()[0]])
    assert data.images("test").labels.equal(loaded)
    assert len(loaded) == 3
    assert len(data.composites("test")) == 3
    shown = [data.composites("test")[0, index].images for index in range(3)]
    places = [[number for number, one in enumerate(whole) if one.equal(image)] for image in shown]
    assert sorted(places) == places
    assert all(len(place) == 1 for place in places)
    assert len(data.composites("validation")) == 5


def test_more_than_there_are() -> None:
    data = Shapes(train=12, validation=12, test=13, batch_size=8)
    data.limit_tested(500)
    assert len(data.images("test")) == 13
    with pytest.raises(ValueError, match="`limit_images` must be at least 1, got 0"):
        data.limit_tested(0)
