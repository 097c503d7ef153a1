"""ImageNet from every way that people keep it: the same images, labels and halves."""

import io
import sys
import tarfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat
from timm.data import ImageNetInfo
from torchvision.transforms import InterpolationMode

from datamodules import Composites, ImageNet
from datamodules.base import Split
from datamodules.image_files import ImageFolderError
from datamodules.tar_shards import TarShards
from networks import NormalizedNetwork, Preprocessing

WNIDS = ImageNetInfo().label_names()
LABELS = (1, 386, 555)
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


def picture(number: int) -> bytes:
    """A small picture whose pixels are its number's."""
    pixels = np.random.default_rng(number).integers(0, 256, (8, 10, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def pictures(images: int, first: int = 0) -> list[tuple[int, bytes]]:
    """Labels and pictures, class by class."""
    return [
        (label, picture(first + images * place + i))
        for place, label in enumerate(LABELS)
        for i in range(images)
    ]


TRAIN, VAL = pictures(4), pictures(6, 100)


def folders(root: Path) -> None:
    """train/WNID and val/WNID."""
    for part, content in (("train", TRAIN), ("val", VAL)):
        for number, (label, data) in enumerate(content):
            file = root / part / WNIDS[label] / f"{number:03}.JPEG"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)


def flat(root: Path) -> None:
    """A flat val, whose labels are in the devkit by numbers of its own."""
    folders(root)
    for number, file in enumerate(sorted((root / "val").glob("*/*"))):
        file.rename(root / "val" / f"ILSVRC2012_val_{number:08}.JPEG")
    for folder in (root / "val").glob("n*"):
        folder.rmdir()
    data = root / "ILSVRC2012_devkit_t12" / "data"
    data.mkdir(parents=True)
    own = {label: 30 - place for place, label in enumerate(LABELS)}
    truth = "\n".join(str(own[label]) for label, _ in VAL)
    (data / "ILSVRC2012_validation_ground_truth.txt").write_text(truth + "\n")
    entries = [(number, WNIDS[label], "words") for label, number in own.items()]
    kinds = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O")]
    savemat(data / "meta.mat", {"synsets": np.array(entries, dtype=kinds)})


def shards(root: Path) -> None:
    """Two tar shards of each part, as WebDataset writes them."""
    root.mkdir(exist_ok=True)
    for part, content in (("train", TRAIN), ("validation", VAL)):
        for shard in range(2):
            with tarfile.open(root / f"imagenet1k-{part}-{shard}.tar", "w") as tar:
                for number, (label, data) in list(enumerate(content))[shard::2]:
                    add(tar, f"{part}/{number:03}.png", data)
                    add(tar, f"{part}/{number:03}.cls", str(label).encode())


def splits(validation: str = "validation", names: Sequence[str] = WNIDS) -> Any:
    """A DatasetDict, whose labels are places in the names."""
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(image=datasets.Image(), label=label_feature(names))
    columns = {
        part: {
            "image": [{"bytes": data, "path": None} for _, data in content],
            "label": [names.index(WNIDS[label]) for label, _ in content],
        }
        for part, content in (("train", TRAIN), (validation, VAL))
    }
    return datasets.DatasetDict(
        {
            part: datasets.Dataset.from_dict(each, features=features)
            for part, each in columns.items()
        }
    )


def label_feature(names: Sequence[str] | None) -> Any:
    """The type of a column of labels, with or without names."""
    datasets = pytest.importorskip("datasets")
    return datasets.Value("int64") if names is None else datasets.ClassLabel(names=list(names))


def keep_splits(splits: Any, way: str, root: Path) -> None:
    """Write a DatasetDict as parquet files or by save_to_disk."""
    if way == "saved":
        splits.save_to_disk(root)
        return
    (root / "data").mkdir(parents=True)
    for part, split in splits.items():
        split.to_parquet(root / "data" / f"{part}-00000-of-00001.parquet")


def parquet(root: Path) -> None:
    """Parquet files, as Hugging Face keeps them."""
    keep_splits(splits(), "parquet", root)


def saved(root: Path) -> None:
    """A folder of save_to_disk."""
    keep_splits(splits(), "saved", root)


def saved_with_val(root: Path) -> None:
    """A folder of save_to_disk whose split is called val, and whose classes have another order."""
    keep_splits(splits("val", WNIDS[::-1]), "saved", root)


def prepared(root: Path, column: str = "label") -> None:
    """A dataset of tfds, with its classes in another order."""
    tfds = pytest.importorskip("tensorflow_datasets")
    pytest.importorskip("array_record")
    names = [WNIDS[label] for label in reversed(LABELS)]
    features = tfds.features.FeaturesDict(
        {"image": tfds.features.Image(), column: tfds.features.ClassLabel(names=names)}
    )
    folder = root / "imagenet2012" / "5.1.0"
    folder.mkdir(parents=True)
    version = tfds.core.Version("5.1.0")
    identity = tfds.core.dataset_info.DatasetIdentity("imagenet2012", version, str(folder), "")
    info = tfds.core.DatasetInfo(builder=identity, features=features)
    writer = tfds.core.SequentialWriter(info, len(VAL), file_format="array_record")
    content = {"train": TRAIN, "validation": VAL}
    writer.initialize_splits(list(content))
    writer.add_examples(
        {
            part: [{"image": data, column: WNIDS[label]} for label, data in examples]
            for part, examples in content.items()
        }
    )
    writer.close_all()


def add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hugging Face's copies go with the test."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache", raising=False)


def module(root: Path, **options: object) -> ImageNet:
    data = ImageNet(str(root), size=8, batch_size=2, workers=0, **options)  # type: ignore[arg-type]
    data.setup("fit")
    return data


KEPT = [folders, flat, shards, parquet, saved, saved_with_val, prepared]


@pytest.mark.slow
@pytest.mark.parametrize("keep", KEPT)
def test_every_way_of_keeping_it(keep: Callable[[Path], None], tmp_path: Path) -> None:
    root = tmp_path / "imagenet"
    keep(root)
    data = module(root)
    assert len(data.classes) == 1000
    assert [data.classes[label] for label in LABELS] == [
        "goldfish",
        "African elephant",
        "fire engine",
    ]
    found = {split: contents(data, split) for split in SPLITS}
    assert found["train"] == Counter(TRAIN)
    assert found["validation"] + found["test"] == Counter(VAL)
    for split in ("validation", "test"):
        assert Counter(data.images(split).labels.tolist()) == dict.fromkeys(LABELS, 3)
    for split in SPLITS:
        images, again = data.images(split), module(root).images(split)
        for index in range(len(images)):
            assert images[1, index].images.equal(again[1, index].images)
    digest = data.fingerprint("test")
    assert module(root).fingerprint("test") == digest
    # wherever it lies
    assert module(root.rename(tmp_path / "elsewhere")).fingerprint("test") == digest


def contents(data: ImageNet, split: Split) -> Counter[tuple[int, bytes]]:
    """Labels and pictures of a split, as they were written."""
    known = {Image.open(io.BytesIO(content)).tobytes(): content for _, content in (*TRAIN, *VAL)}
    images = data.images(split)
    return Counter(
        (int(label), known[images.pictures.read(number).tobytes()])
        for number, label in zip(images.numbers, images.labels, strict=True)
    )


@pytest.mark.slow
def test_a_thousand_folders(tmp_path: Path) -> None:
    for number, wnid in enumerate(WNIDS):
        for part, images in (("train", 1), ("val", 2)):
            (tmp_path / part / wnid).mkdir(parents=True)
            for image in range(images):
                (tmp_path / part / wnid / f"{image}.JPEG").write_bytes(picture(number))
    data = module(tmp_path)
    for split in SPLITS:
        assert data.images(split).labels.sort().values.equal(torch.arange(1000))


@pytest.mark.parametrize("keep", [folders, flat])
def test_hidden_files_are_no_images(
    keep: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keep(tmp_path)
    expected = {split: contents(module(tmp_path), split) for split in SPLITS}
    for folder in ("val", f"train/{WNIDS[LABELS[0]]}"):
        (tmp_path / folder / "._0.JPEG").write_bytes(b"")
    for name in (".cache", "@eaDir"):
        (tmp_path / "val" / name).mkdir()
        (tmp_path / "val" / name / "0.JPEG").write_bytes(picture(0))
    with caplog.at_level("INFO"):
        assert {split: contents(module(tmp_path), split) for split in SPLITS} == expected
    assert "4 hidden images and folders, or those of a system" in caplog.text


def test_names_are_those_of_the_classes(tmp_path: Path) -> None:
    folders(tmp_path)
    names = module(tmp_path).classes
    assert len(set(names)) == 1000
    assert names[134] == "crane (n02012849)"
    assert names[517] == "crane (n03126707)"
    composites = Composites(module(tmp_path), ("African elephant", "fire engine"), test=2, train=4)
    composites.setup("fit")
    assert composites.composites("train")[0, 0].labels.tolist() == [386, 555]


def test_a_share_of_every_class(tmp_path: Path) -> None:
    folders(tmp_path)
    images = module(tmp_path, share=0.5).images("train")
    assert Counter(images.labels.tolist()) == dict.fromkeys(LABELS, 2)
    assert images.numbers == module(tmp_path, share=0.5).images("train").numbers
    assert images.numbers != module(tmp_path, share=0.5, seed=1).images("train").numbers
    assert len(module(tmp_path, share=1e-6).images("train")) == len(LABELS)


def test_the_networks_own_preprocessing(tmp_path: Path) -> None:
    folders(tmp_path)
    own = Preprocessing(size=6, resize=7, interpolation="bicubic", mean=(0.0,) * 3, std=(1.0,) * 3)
    data = ImageNet(str(tmp_path), workers=0)
    data.trainer = SimpleNamespace(  # type: ignore[assignment]  # as much of it as is needed
        lightning_module=SimpleNamespace(network=NormalizedNetwork(torch.nn.Identity(), own)),
        global_rank=0,
        world_size=1,
    )
    data.setup("fit")
    assert (data.image_size, data.resize) == (6, 7)
    assert data.interpolation is InterpolationMode.BICUBIC
    assert data.images("train")[0, 0].images.shape == (3, 6, 6)


def test_evaluation_needs_no_training_images(tmp_path: Path) -> None:
    shards(tmp_path)
    for shard in tmp_path.glob("*train*"):
        shard.unlink()
    data = ImageNet(str(tmp_path), size=8, workers=0)
    data.setup("test")
    assert len(data.images("test")) == 9
    with pytest.raises(ImageFolderError, match=r"has no train images of ImageNet; expected one of"):
        data.images("train")


@pytest.mark.slow
@pytest.mark.parametrize("keep", [shards, parquet, saved, prepared])
def test_workers_read_the_same(keep: Callable[[Path], None], tmp_path: Path) -> None:
    root = tmp_path / "imagenet"
    keep(root)
    data = ImageNet(str(root), size=8, batch_size=2, workers=2)
    data.setup("test")
    images, labels, _ = (torch.cat(parts) for parts in zip(*data.test_dataloader(), strict=True))
    expected = data.images("test")
    assert labels.equal(expected.labels)
    assert images.equal(torch.stack([expected[0, index].images for index in range(9)]))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"share": 0.0}, "`share` must be above 0"), ({"prefetch": 0}, "`prefetch` must be at least")],
)
def test_settings(tmp_path: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        module(tmp_path, **options)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(ImageFolderError, match=f"{tmp_path} has no train images"):
        module(tmp_path)


def test_folders_of_other_classes(tmp_path: Path) -> None:
    folders(tmp_path)
    (tmp_path / "train" / "cats").mkdir()
    with pytest.raises(ImageFolderError, match="cats is none of ImageNet's 1000 classes"):
        module(tmp_path)


def test_flat_val_without_its_labels(tmp_path: Path) -> None:
    flat(tmp_path)
    truth = tmp_path / "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt"
    truth.write_text("30\n30\n")
    with pytest.raises(ImageFolderError, match=r"has 2 labels and .*val 18 images"):
        module(tmp_path)
    truth.unlink()
    with pytest.raises(ImageFolderError, match=r"lacks ILSVRC2012_validation_ground_truth.txt"):
        module(tmp_path)


def test_damaged_shards(tmp_path: Path) -> None:
    shards(tmp_path)
    shard = tmp_path / "imagenet1k-train-0.tar"
    with tarfile.open(shard, "a") as tar:
        add(tar, "train/lonely.png", picture(0))
    with pytest.raises(ImageFolderError, match=r"train/lonely in .*-train-0.tar has no label"):
        module(tmp_path)
    with tarfile.open(shard, "a") as tar:
        add(tar, "train/lonely.cls", b"1000")
    with pytest.raises(ImageFolderError, match=r"lonely.cls in .* is 1000, expected a label"):
        module(tmp_path)
    shard.write_bytes(b"no archive at all")
    with pytest.raises(ImageFolderError, match=r"cannot read the shard .*-train-0.tar"):
        module(tmp_path)


def test_an_unreadable_image_in_a_shard(tmp_path: Path) -> None:
    shards(tmp_path)
    with tarfile.open(tmp_path / "imagenet1k-train-0.tar", "a") as tar:
        add(tar, "train/torn.png", picture(0)[:60])
        add(tar, "train/torn.cls", b"1")
    images = module(tmp_path).images("train")
    pictures = images.pictures
    assert isinstance(pictures, TarShards)
    torn = [location.key for location in pictures.locations].index("train/torn")
    with pytest.raises(ImageFolderError, match="cannot read the image train/torn in"):
        pictures.read(torn)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["parquet", "saved"])
@pytest.mark.parametrize("column", ["image", "label"])
def test_datasets_with_other_columns(way: str, column: str, tmp_path: Path) -> None:
    keep_splits(splits().rename_column(column, "other"), way, tmp_path / "imagenet")
    message = r"has the columns .*other.*; expected `image` and `label`: rename"
    with pytest.raises(ImageFolderError, match=message):
        module(tmp_path / "imagenet")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["parquet", "saved"])
def test_datasets_of_other_classes(way: str, tmp_path: Path) -> None:
    names = [f"class{number}" for number in range(1000)]
    keep_splits(splits().cast_column("label", label_feature(names)), way, tmp_path / "imagenet")
    with pytest.raises(
        ImageFolderError, match=r"has the class class0, which is not a class of ImageNet"
    ):
        module(tmp_path / "imagenet")


@pytest.mark.parametrize("way", ["parquet", "saved"])
def test_datasets_with_labels_out_of_range(way: str, tmp_path: Path) -> None:
    numbers = splits().cast_column("label", label_feature(None))
    keep_splits(numbers, way, tmp_path / "numbers")
    assert module(tmp_path / "numbers").images("train").labels.unique().tolist() == list(LABELS)
    strange = numbers.map(lambda label: {"label": label + 500}, input_columns="label")
    keep_splits(strange, way, tmp_path / "imagenet")
    with pytest.raises(ImageFolderError, match=r"train images of .* has the label 1055, expected"):
        module(tmp_path / "imagenet")


def test_a_dataset_without_a_split(tmp_path: Path) -> None:
    splits("test").save_to_disk(tmp_path)
    with pytest.raises(ImageFolderError, match=r"val images .* test, expected validation or val"):
        module(tmp_path)


def test_a_damaged_dataset(tmp_path: Path) -> None:
    saved(tmp_path)
    (tmp_path / "train" / "state.json").write_text("{")
    with pytest.raises(ImageFolderError, match=r"cannot read the train images of"):
        module(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["parquet", "saved"])
def test_an_unreadable_image_in_a_dataset(way: str, tmp_path: Path) -> None:
    torn = splits().map(lambda label: {"image": {"bytes": b"torn"}}, input_columns="label")
    keep_splits(torn, way, tmp_path / "imagenet")
    pictures = module(tmp_path / "imagenet").images("test").pictures
    with pytest.raises(ImageFolderError, match=r"cannot read the image 3 of the val images of"):
        pictures.read(3)


def test_a_dataset_that_names_files(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    (tmp_path / "elephant.png").write_bytes(picture(7))
    image = {"bytes": None, "path": str(tmp_path / "elephant.png")}
    split = datasets.Dataset.from_list([{"image": image, "label": 386}] * 4)
    keep_splits({"train": split, "validation": split}, "parquet", tmp_path / "imagenet")
    read = module(tmp_path / "imagenet").images("test").pictures.read(0)
    assert read.tobytes() == Image.open(io.BytesIO(picture(7))).tobytes()


@pytest.mark.parametrize("way", ["parquet", "saved"])
def test_datasets_is_missing(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_splits(splits(), way, tmp_path / "imagenet")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ImageFolderError, match=r"needs the package datasets: pip install datasets"):
        module(tmp_path / "imagenet")


def test_tfds_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "imagenet2012" / "5.1.0").mkdir(parents=True)
    (tmp_path / "imagenet2012" / "5.1.0" / "features.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    message = r"5.1.0 is a dataset of tfds.*: pip install tensorflow-datasets array_record"
    with pytest.raises(ImageFolderError, match=message):
        module(tmp_path)


def test_two_datasets_of_tfds(tmp_path: Path) -> None:
    for version in ("5.1.0", "5.0.0"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "features.json").write_text("{}")
    with pytest.raises(
        ImageFolderError, match=r"5.0.0 and .*5.1.0 are both datasets of tfds, expected one; give"
    ):
        module(tmp_path)


def test_a_stream_of_tfds(tmp_path: Path) -> None:
    """Its usual files, tfrecord, can be read from the beginning only."""
    prepared(tmp_path)
    description = tmp_path / "imagenet2012" / "5.1.0" / "dataset_info.json"
    description.write_text(description.read_text().replace("array_record", "tfrecord"))
    with pytest.raises(ImageFolderError, match=r"cannot read .*TFRECORD is not supported"):
        module(tmp_path)


def test_a_dataset_of_tfds_with_other_columns(tmp_path: Path) -> None:
    prepared(tmp_path, "other")
    with pytest.raises(ImageFolderError, match=r"has the columns .*other.*; expected `image` and"):
        module(tmp_path)


def test_damage_in_a_dataset_of_tfds(tmp_path: Path) -> None:
    prepared(tmp_path)
    folder = tmp_path / "imagenet2012" / "5.1.0"
    (file,) = folder.glob("*train*array_record*")
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ImageFolderError, match=r"cannot read image 0 of the split train .* again"):
        module(tmp_path)
    (folder / "dataset_info.json").unlink()
    with pytest.raises(ImageFolderError, match=r"cannot read the split train of"):
        module(tmp_path)
