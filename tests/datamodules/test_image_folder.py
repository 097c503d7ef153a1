"""ImageFolder: the layout and its errors, the halves of val, decoding, transforms and sizes."""

import struct
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torchvision.datasets.folder import default_loader
from torchvision.transforms import InterpolationMode, v2

from datamodules import ImageFolder
from datamodules.base import Split
from datamodules.image_files import ImageFiles, ImageFolderError, Sample, decode
from networks import NormalizedNetwork, Preprocessing

TRAIN = {"ant": 3, "bee": 4}
VAL = {"ant": 5, "bee": 7}
PREPROCESSING = Preprocessing(
    size=6, resize=9, interpolation="bicubic", mean=(0.0,) * 3, std=(1.0,) * 3
)
HELD_OUT: tuple[Split, ...] = ("validation", "test")
SPLITS: tuple[Split, ...] = ("train", *HELD_OUT)


def picture(seed: int, width: int = 12, height: int = 8) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def fill(folder: Path, classes: dict[str, int]) -> None:
    for name, images in classes.items():
        (folder / name).mkdir(parents=True)
        for i in range(images):
            picture(i + 100 * len(name)).save(folder / name / f"{i}.{'jpg' if i % 2 else 'png'}")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    fill(tmp_path / "train", TRAIN)
    fill(tmp_path / "val", VAL)
    return tmp_path


def folder(
    root: Path,
    stage: str = "fit",
    *,
    seed: int = 0,
    size: int | None = 8,
    resize: int | None = None,
    classes: list[str] | str | None = None,
) -> ImageFolder:
    data = ImageFolder(
        str(root),
        batch_size=2,
        workers=0,
        size=size,
        resize=resize,
        classes=classes,
        seed=seed,
    )
    data.setup(stage)
    return data


def pixels_of(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255


def samples(data: ImageFolder, split: Split) -> list[Sample]:
    images = data.images(split)
    assert isinstance(images.pictures, ImageFiles)
    return [images.pictures.samples[number] for number in images.numbers]


def names(data: ImageFolder, split: Split) -> list[str]:
    return [str(path.relative_to(data.root)) for path, _ in samples(data, split)]


def attach(data: ImageFolder, network: nn.Module) -> None:
    data.trainer = SimpleNamespace(  # type: ignore[assignment]  # as much of a trainer as it needs
        lightning_module=SimpleNamespace(network=network), global_rank=0, world_size=1
    )


def test_a_network_of_one_channel_gets_grey(root: Path) -> None:
    grey = PREPROCESSING._replace(mean=(0.5,), std=(0.5,))
    data = ImageFolder(str(root), batch_size=2, workers=0)
    attach(data, NormalizedNetwork(nn.Identity(), grey))
    data.setup("fit")
    assert data.channels == 1
    for split in SPLITS:
        assert data.images(split)[0, 0].images.shape == (1, 6, 6)
    data.resize, data.augmentation = 8, []
    for index, sample in enumerate(samples(data, "train")):
        expected = np.array(Image.open(sample.path).convert("L"))
        found = data.images("train")[0, index].images
        torch.testing.assert_close(found[0], torch.from_numpy(expected).float() / 255)


def test_a_network_of_other_channels(root: Path) -> None:
    four = PREPROCESSING._replace(mean=(0.5,) * 4, std=(0.5,) * 4)
    data = ImageFolder(str(root), batch_size=2, workers=0)
    attach(data, NormalizedNetwork(nn.Identity(), four))
    with pytest.raises(ImageFolderError, match=r"takes 4 channels, .* read with 1 or 3"):
        data.setup("fit")


def test_layout(root: Path) -> None:
    data = folder(root)
    assert data.classes == ("ant", "bee")
    assert [label for _, label in samples(data, "train")] == [0, 0, 0, 1, 1, 1, 1]
    assert names(data, "train")[:4] == [
        f"train/{name}" for name in ("ant/0.png", "ant/1.jpg", "ant/2.png", "bee/0.png")
    ]
    image, label, index = data.images("train")[0, 5]
    assert (image.shape, image.dtype, int(label), int(index)) == ((3, 8, 8), torch.float32, 1, 5)
    assert type(image) is Tensor


def test_other_files_are_no_images(root: Path) -> None:
    (root / "train" / "ant" / "notes.txt").write_text("hello")
    (root / "train" / "README.md").write_text("hello")
    (root / "train" / "ant" / "0.png").rename(root / "train" / "ant" / "0.PNG")
    assert len(folder(root).images("train")) == 7


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ImageFolderError, match=f"no folder {tmp_path}/val; expected root/train"):
        folder(tmp_path)
    fill(tmp_path / "val", VAL)
    with pytest.raises(ImageFolderError, match=f"no folder {tmp_path}/train; expected root/train"):
        folder(tmp_path)


@pytest.mark.parametrize("split", ["train", "val"])
def test_no_classes(root: Path, split: str) -> None:
    (root / split).rename(root / "moved")
    (root / split).mkdir()
    with pytest.raises(ImageFolderError, match=f"{root}/{split} has no class folders"):
        folder(root)


@pytest.mark.parametrize("split", ["train", "val"])
def test_class_without_images(root: Path, split: str) -> None:
    for path in (root / split / "bee").iterdir():
        path.unlink()
    with pytest.raises(ImageFolderError, match=f"class folder {root}/{split}/bee has no images"):
        folder(root)


def test_class_that_train_lacks(root: Path) -> None:
    fill(root / "val", {"cat": 1})
    with pytest.raises(ImageFolderError, match=r"1 class folders that train lacks \(first: cat\)"):
        folder(root)


@pytest.mark.parametrize("as_file", [True, False])
def test_classes_of_a_larger_network(as_file: bool, root: Path, tmp_path: Path) -> None:
    names = ["ape", "bee", "cat", "ant"]
    (tmp_path / "classes.txt").write_text("\n".join(names) + "\n")
    classes = str(tmp_path / "classes.txt") if as_file else names
    data = folder(root, classes=classes)
    assert data.classes == tuple(names)
    assert {label for _, label in samples(data, "train")} == {1, 3}


@pytest.mark.parametrize(
    ("classes", "match"),
    [
        (["ant"], r"1 class folders that `classes` lacks \(first: bee\)"),
        (["ant", "bee", "ant"], "`classes` holds `ant` twice"),
        ([], "`classes` is empty"),
        ("nowhere.txt", "`classes` cannot be read: no file at"),
    ],
)
def test_wrong_classes(classes: list[str] | str, match: str, root: Path) -> None:
    with pytest.raises(ImageFolderError, match=match):
        folder(root, classes=classes)


def test_hidden_files_are_passed_over_and_deeper_ones_read(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(root / "train", {".ipynb_checkpoints": 1, "@eaDir": 1, "__MACOSX": 1})
    fill(root / "train" / "ant", {"summer": 2, ".thumbnails": 1})
    picture(0).save(root / "train" / "ant" / "._0.jpg")
    (root / "train" / "ant" / "paper.pdf").write_bytes(b"%PDF-1.4")
    (root / "train" / "ant" / "summer" / "again").symlink_to(root / "train" / "ant")
    (root / "train" / "ant" / ".DS_Store").write_bytes(b"no image")
    (root / "val" / "ant" / "summer").mkdir()
    picture(0).save(root / "val" / "ant" / "summer" / ".0.png")
    with caplog.at_level("INFO"):
        data = folder(root)
    first = root / "train" / ".ipynb_checkpoints"
    assert f"6 hidden images and folders, or those of a system, in {root} are" in caplog.text
    assert f"passed over (first: {first})" in caplog.text
    assert data.classes == ("ant", "bee")
    assert len(data.images("train")) == 7 + 2
    assert [label for _, label in samples(data, "train")] == [0] * 5 + [1] * 4


def test_class_that_val_lacks_keeps_its_number(root: Path) -> None:
    fill(root / "train", {"ape": 1})
    for stage in ("fit", "test"):
        data = folder(root, stage)
        assert data.classes == ("ant", "ape", "bee")
        assert {label for _, label in samples(data, "test")} == {0, 2}


def test_evaluation_needs_val_only(tmp_path: Path) -> None:
    fill(tmp_path / "val", VAL)
    data = folder(tmp_path, "test")
    assert data.classes == ("ant", "bee")
    assert len(data.images("validation")) + len(data.images("test")) == 12


def test_split_without_images(tmp_path: Path) -> None:
    fill(tmp_path / "val", {"ant": 1})
    with pytest.raises(ValueError, match=r"the test split of .* has no images"):
        folder(tmp_path, "test").images("test")


def test_training_after_evaluation(root: Path) -> None:
    data = folder(root, "validate")
    before = names(data, "test")
    data.setup("fit")
    assert len(data.images("train")) == 7
    assert names(data, "test") == before


def test_fingerprint_before_setup(root: Path) -> None:
    data = ImageFolder(str(root), size=8)
    assert data.fingerprint("test") == folder(root).fingerprint("test")


def test_halves_are_disjoint_and_stratified(root: Path) -> None:
    data = folder(root)
    first, second = ({*names(data, split)} for split in HELD_OUT)
    assert first.isdisjoint(second)
    assert first | second == {
        str(path.relative_to(root)) for path in (root / "val").rglob("*") if path.is_file()
    }
    assert len(first) == len(second) == 6
    counts = [Counter(label for _, label in samples(data, split)) for split in HELD_OUT]
    assert [abs(counts[0][label] - counts[1][label]) for label in (0, 1)] == [1, 1]


def test_halves_depend_on_the_seed_alone(root: Path) -> None:
    halves = [tuple(names(folder(root, stage, seed=0), "test")) for stage in ("fit", "test")]
    assert halves[0] == halves[1]
    assert len({tuple(names(folder(root, seed=seed), "test")) for seed in range(6)}) > 1


def test_order_of_the_file_system_does_not_matter(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [names(folder(root), split) for split in SPLITS]
    iterdir = Path.iterdir

    for backwards in (False, True):

        def ordered(path: Path, backwards: bool = backwards) -> Iterator[Path]:
            return iter(sorted(iterdir(path), reverse=backwards))

        with monkeypatch.context() as patch:
            patch.setattr(Path, "iterdir", ordered)
            assert [names(folder(root), split) for split in SPLITS] == expected


def test_fingerprint_changes_with_the_files(root: Path) -> None:
    prints = {folder(root).fingerprint(split) for split in SPLITS}
    first = folder(root).fingerprint("train")
    assert folder(root).fingerprint("train") == first
    path = root / "train" / "ant" / "0.png"
    path.write_bytes(path.read_bytes() + b"more")
    prints.add(folder(root).fingerprint("train"))
    path.rename(path.with_name("00.png"))
    prints.add(folder(root).fingerprint("train"))
    path.with_name("00.png").rename(root / "train" / "bee" / "00.png")
    prints.add(folder(root).fingerprint("train"))
    assert len(prints) == 6


def modes() -> dict[str, tuple[Image.Image, str, dict[str, Any]]]:
    """Pictures in many modes and sizes, with their format and options for saving."""
    sixteen = Image.fromarray(np.arange(96, dtype=np.uint16).reshape(8, 12) * 680)
    rgb = picture(0)
    return {
        "1": (rgb.convert("1"), "png", {}),
        "L": (rgb.convert("L"), "png", {}),
        "L transparent": (rgb.convert("L"), "png", {"transparency": 3}),
        "LA": (rgb.convert("LA"), "png", {}),
        "P": (rgb.convert("P"), "png", {}),
        "P transparent": (rgb.convert("P"), "png", {"transparency": 3}),
        "P alphas": (rgb.convert("P"), "png", {"transparency": bytes(range(256))}),
        "P gif": (rgb.convert("P"), "gif", {"transparency": 3}),
        "RGB": (rgb, "png", {}),
        "RGBA": (rgb.convert("RGBA"), "png", {}),
        "CMYK": (rgb.convert("CMYK"), "jpg", {}),
        "I;16": (sixteen, "png", {}),
        "I;16 tif": (sixteen, "tif", {}),
        "1 wide": (picture(1, 1, 50), "png", {}),
        "1 high": (picture(2, 50, 1), "png", {}),
        "1 pixel": (picture(3, 1, 1), "png", {}),
    }


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("mode", modes())
def test_any_mode_and_size(mode: str, tmp_path: Path) -> None:
    image, suffix, options = modes()[mode]
    for split in ("train", "val"):
        (tmp_path / split / "ant").mkdir(parents=True)
        for name in ("a", "b"):
            image.save(tmp_path / split / "ant" / f"{name}.{suffix}", **options)
    data = folder(tmp_path, size=5, resize=6)
    for split in SPLITS:
        result = data.images(split)[0, 0].images
        assert (result.shape, result.dtype) == ((3, 5, 5), torch.float32)
        assert 0 <= result.min() <= result.max() <= 1


@pytest.mark.parametrize(
    ("image", "suffix", "options", "expected"),
    [
        (Image.new("L", (2, 2), 77), "png", {}, (77, 77, 77)),
        (Image.new("LA", (2, 2), (77, 0)), "png", {}, (77, 77, 77)),
        (Image.new("RGBA", (2, 2), (10, 20, 30, 0)), "png", {}, (10, 20, 30)),
        (Image.new("RGB", (2, 2), (255, 0, 51)).convert("P"), "png", {}, (255, 0, 51)),
        (
            Image.new("RGB", (2, 2), (255, 0, 51)).convert("P"),
            "png",
            {"transparency": bytes(256)},
            (255, 0, 51),
        ),
        (Image.new("CMYK", (2, 2), (0, 255, 255, 0)), "tif", {}, (255, 0, 0)),
        (Image.fromarray(np.full((2, 2), 51400, np.uint16)), "png", {}, (200, 200, 200)),
        (Image.fromarray(np.full((2, 2), 65280, np.uint16)), "tif", {}, (254, 254, 254)),
        (
            Image.fromarray(np.full((2, 2), 51400, np.uint16)),
            "png",
            {"transparency": 3},
            (200, 200, 200),
        ),
    ],
    ids=["L", "LA", "RGBA", "P", "P transparent", "CMYK", "I;16", "I;16 tif", "I;16 transparent"],
)
def test_decoded_colour(
    image: Image.Image,
    suffix: str,
    options: dict[str, Any],
    expected: tuple[int, int, int],
    tmp_path: Path,
) -> None:
    path = tmp_path / f"image.{suffix}"
    image.save(path, **options)
    decoded = decode(path, path)
    assert decoded.mode == "RGB"
    assert np.unique(np.asarray(decoded).reshape(-1, 3), axis=0).tolist() == [list(expected)]


@pytest.mark.parametrize(("most", "value"), [(65535, 51400), (1000, 784)])
def test_grey_of_a_range_in_the_header(most: int, value: int, tmp_path: Path) -> None:
    path = tmp_path / "image.pgm"
    path.write_bytes(f"P5 2 1 {most}\n".encode() + value.to_bytes(2, "big") * 2)
    assert np.unique(np.asarray(decode(path, path))).tolist() == [200]


def test_white_is_zero(tmp_path: Path) -> None:
    path = tmp_path / "image.tif"
    Image.fromarray(np.full((2, 2), 65535 - 51400, np.uint16)).save(path)
    black_is_zero, white_is_zero = (struct.pack("<HHIHH", 262, 3, 1, kind, 0) for kind in (1, 0))
    assert path.read_bytes().count(black_is_zero) == 1
    path.write_bytes(path.read_bytes().replace(black_is_zero, white_is_zero))
    assert np.unique(np.asarray(decode(path, path))).tolist() == [200]


def test_grey_of_12_bits(tmp_path: Path) -> None:
    """A TIFF of two pixels, as microscopes write it."""
    tags = {256: 2, 257: 1, 258: 12, 259: 1, 262: 1, 273: 8, 278: 1, 279: 3}
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    pixels = bytes.fromhex("c8cc8c")
    start = struct.pack("<2sHI3sxH", b"II", 42, 12, pixels, len(tags))
    path = tmp_path / "image.tif"
    path.write_bytes(start + directory + bytes(4))
    assert np.unique(np.asarray(decode(path, path))).tolist() == [200]


@pytest.mark.parametrize("orientation", [1, 6])
def test_an_uncompressed_tiff_that_is_turned(orientation: int, tmp_path: Path) -> None:
    """Pillow shows it upright; it would read rows of a wrong length from a file given by name."""
    pixels = np.arange(60, dtype=np.uint8).reshape(5, 12)
    path, exif = tmp_path / "image.tif", Image.Exif()
    exif[274] = orientation
    Image.fromarray(pixels).save(path, exif=exif)
    upright = pixels if orientation == 1 else np.rot90(pixels, -1)
    np.testing.assert_array_equal(np.asarray(decode(path, path))[..., 0], upright)


@pytest.mark.parametrize(
    ("kind", "message"),
    [(np.int32, r"integers of 32 bits \(mode I\)"), (np.float32, r"floats of 32 bits \(mode F\)")],
)
def test_pixels_of_no_known_range(kind: type, message: str, tmp_path: Path) -> None:
    """Pillow would clip them to 0 and 255."""
    path = tmp_path / "image.tif"
    Image.fromarray(np.full((2, 2), 1000, kind)).save(path)
    with pytest.raises(ImageFolderError, match=f"{message}, expected 8 or 16 bits"):
        decode(path, path)


def test_more_bands(tmp_path: Path) -> None:
    """A TIFF of one pixel with five bands of 8 bits."""
    tags = {256: 1, 257: 1, 258: 8, 259: 1, 262: 1, 273: 122, 277: 5, 278: 1, 279: 5}
    directory = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in tags.items())
    start = struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + directory
    path = tmp_path / "image.tif"
    path.write_bytes(start.ljust(122, b"\0") + bytes(range(5)))
    with pytest.raises(ImageFolderError, match="save it with 8 bits in grey or RGB"):
        decode(path, path)


TURNED: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: np.rot90(pixels, 2),
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels),
}
DEEP = Image.fromarray(600 * np.arange(96, dtype=np.uint16).reshape(8, 12))


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize(
    ("image", "suffix", "options"),
    [
        (picture(0), "png", {}),
        (picture(0), "webp", {"lossless": True}),
        (picture(0), "jpg", {}),
        (DEEP, "png", {}),
    ],
    ids=["PNG", "WebP", "JPEG", "PNG of 16 bits"],
)
def test_exif_orientation(
    orientation: int, image: Image.Image, suffix: str, options: dict[str, Any], tmp_path: Path
) -> None:
    """Applied where it is asked for; torchvision never does."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"image.{suffix}"
    image.save(path, exif=exif, **options)
    plain = np.asarray(decode(path, path))
    assert plain.shape == (8, 12, 3)
    if image is not DEEP:
        assert np.array_equal(plain, np.asarray(default_loader(str(path))))
    turned = np.asarray(decode(path, path, exif_orientation=True))
    assert np.array_equal(turned, TURNED[orientation](plain))


def test_an_image_with_a_damaged_exif_is_read_as_it_lies(tmp_path: Path) -> None:
    path, exif = tmp_path / "image.jpg", Image.Exif()
    exif[0x0112] = 6
    picture(0).save(path, exif=exif)
    content = path.read_bytes()
    assert content.count(b"MM\x00\x2a") == 1
    path.write_bytes(content.replace(b"MM\x00\x2a", b"MM\x00\xaa"))
    for upright in (False, True):
        turned = np.asarray(decode(path, path, exif_orientation=upright))
        np.testing.assert_array_equal(turned, np.asarray(Image.open(path)))


def test_the_data_turn_images_as_exif_says(root: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(0, 8, 8).save(root / "train" / "ant" / "0.png", exif=exif)
    plain, turned = (
        ImageFolder(str(root), workers=0, size=8, augmentation=[], exif_orientation=option)
        for option in (False, True)
    )
    found = plain.images("train")[0, 0].images
    assert turned.images("train")[0, 0].images.equal(found.rot90(-1, (1, 2)))
    assert not found.equal(found.rot90(-1, (1, 2)))


def corrupt(path: Path, kind: str) -> None:
    path.write_bytes({"empty": b"", "text": b"no image", "half": path.read_bytes()[:90]}[kind])


@pytest.mark.parametrize("kind", ["empty", "text", "half"])
@pytest.mark.parametrize("name", ["0.png", "1.jpg"])
def test_corrupt_image_is_named(root: Path, name: str, kind: str) -> None:
    path = root / "train" / "ant" / name
    corrupt(path, kind)
    images = folder(root).images("train")
    with pytest.raises(
        ImageFolderError, match=f"cannot read the image {path}: .* on_corrupt: skip"
    ):
        images[0, int(name[0])]


def test_corrupt_images_are_left_out(root: Path) -> None:
    bad = [root / "train" / "bee" / "2.png", root / "val" / "ant" / "1.jpg"]
    for path, kind in zip(bad, ("half", "text"), strict=True):
        corrupt(path, kind)
    data = ImageFolder(str(root), size=8, on_corrupt="skip")
    with pytest.warns(UserWarning, match=f"1 of 7 images cannot be read .*{bad[0]}"):
        data.setup("fit")
    data.setup("test")
    assert data.skipped == tuple(map(str, bad))
    assert len(data.images("train")) == 6
    assert len(data.images("validation")) + len(data.images("test")) == 11
    for split in SPLITS:
        assert not set(map(str, bad)) & {str(path) for path, _ in samples(data, split)}


def test_a_class_of_which_nothing_can_be_read(root: Path) -> None:
    for path in (root / "val" / "bee").iterdir():
        corrupt(path, "text")
    data = ImageFolder(str(root), size=8, on_corrupt="skip")
    with pytest.raises(ImageFolderError, match="no image of the class bee can be read"):
        data.setup("test")


def test_evaluation_resizes_and_crops_the_centre(root: Path) -> None:
    data = folder(root, size=8)
    path, _ = samples(data, "test")[0]
    pixels = pixels_of(decode(path, path))
    torch.testing.assert_close(data.images("test")[0, 0].images, pixels[:, :, 2:10])
    smaller = folder(root, size=3, resize=4)
    resized = decode(path, path).resize((6, 4), Image.Resampling.BILINEAR)
    pixels = pixels_of(resized)
    torch.testing.assert_close(
        smaller.images("test")[0, 0].images,
        pixels[:, 0:3, 2:5],
        rtol=0,
        atol=1.5 / 255,  # Pillow and torchvision round to bytes in another order
    )


def test_augmentation_depends_on_seed_epoch_and_index(root: Path) -> None:
    keys = [(epoch, index) for epoch in range(3) for index in range(2)]
    first = {
        (seed, *key): folder(root, seed=seed).images("train")[key]
        for seed in (0, 1)
        for key in keys
    }
    flat = {tuple(batch.images.flatten().tolist()) for batch in first.values()}
    assert len(flat) == len(first)
    torch.rand(3)
    for seed in (1, 0):
        images = folder(root, seed=seed).images("train")
        for key in reversed(keys):
            torch.testing.assert_close(images[key], first[seed, *key], rtol=0, atol=0)


def test_augmentation_leaves_the_global_generator(root: Path) -> None:
    images = folder(root).images("train")
    state = torch.random.get_rng_state()
    assert not torch.equal(images[0, 0].images, images[1, 0].images)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_no_augmentation_in_evaluation(root: Path) -> None:
    images = folder(root).images("test")
    for epoch in range(5):
        torch.testing.assert_close(images[epoch, 1], images[0, 1], rtol=0, atol=0)


def test_own_augmentation(root: Path) -> None:
    data = ImageFolder(str(root), size=8, augmentation=[v2.CenterCrop(4)])
    data.setup("fit")
    images = data.images("train")
    path, _ = samples(data, "train")[0]
    pixels = pixels_of(decode(path, path))
    torch.testing.assert_close(images[3, 0].images, pixels[:, 2:6, 4:8])
    assert data.images("test")[0, 0].images.shape == (3, 8, 8)


def test_sizes_of_the_network(root: Path) -> None:
    data = ImageFolder(str(root))
    attach(data, NormalizedNetwork(nn.Identity(), PREPROCESSING))
    data.setup("fit")
    assert (data.image_size, data.resize) == (6, 9)
    assert data.interpolation == InterpolationMode.BICUBIC
    for split in SPLITS:
        assert data.images(split)[0, 0].images.shape == (3, 6, 6)


@pytest.mark.parametrize(
    ("size", "resize", "expected"), [(8, None, (8, 8)), (None, 12, (6, 12)), (4, 5, (4, 5))]
)
def test_given_sizes_come_first(
    root: Path, size: int | None, resize: int | None, expected: tuple[int, int]
) -> None:
    data = ImageFolder(str(root), size=size, resize=resize)
    attach(data, NormalizedNetwork(nn.Identity(), PREPROCESSING))
    data.setup("fit")
    assert (data.image_size, data.resize) == expected


def test_no_size(root: Path) -> None:
    with pytest.raises(ImageFolderError, match=r"does not say .* set `size`"):
        folder(root, size=None)
    data = ImageFolder(str(root))
    attach(data, nn.Linear(2, 2))
    with pytest.raises(ImageFolderError, match=r"does not say .* set `size`"):
        data.setup("fit")


def test_resize_below_size(root: Path) -> None:
    with pytest.raises(ImageFolderError, match=r"`resize` \(7\) must be at least `size` \(8\)"):
        folder(root, size=8, resize=7)


@pytest.mark.parametrize("name", ["size", "resize"])
def test_sizes_are_positive(name: str) -> None:
    with pytest.raises(ValueError, match=f"`{name}` must be at least 1 pixel, got 0"):
        ImageFolder("nowhere", **{name: 0})  # type: ignore[arg-type]  # one name or the other


def test_loaders(root: Path) -> None:
    data = folder(root, size=8)
    assert [len(batch.labels) for batch in data.train_dataloader()] == [2, 2, 2]
    for loader in (data.val_dataloader(), data.test_dataloader()):
        batches = list(loader)
        assert torch.cat([batch.indices for batch in batches]).tolist() == list(range(6))
        assert batches[0].images.shape == (2, 3, 8, 8)
