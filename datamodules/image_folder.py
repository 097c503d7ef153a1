"""Images in ImageNet's layout: root/train/CLASS/* and root/val/CLASS/*."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.transforms import InterpolationMode, v2
from tqdm import tqdm

from datamodules.base import Batch, DataModule, Images, Split
from datamodules.seeds import generator, mixed
from datamodules.stream import Key

SUFFIXES = frozenset(Image.registered_extensions())


class ImageFolderError(ValueError):
    """The folder is not in ImageNet's layout, or an image in it cannot be read."""


class Sample(NamedTuple):
    """An image file and the index of its class."""

    path: Path
    label: int


class ImageFolder(DataModule):
    """Images in folders: root/train/CLASS/* to train on, root/val/CLASS/* for all the rest.

    Half of each class in `val` is the validation split, which chooses checkpoints, and half the
    test split. Classes are the sorted names of the folders. Any image mode and size will do.

    Args:
        root: Folder that holds `train` and `val`; evaluation needs `val` only.
        batch_size: Images in a batch of one process.
        workers: Processes that load images beside each training process.
        size: Side in pixels of the network's input; the network's own when not given.
        resize: Shorter side before the central crop, in evaluation; the network's own if not given.
        augmentation: Transforms of torchvision.transforms.v2 for training images, in place of a
            random resized crop and a horizontal flip.
        on_corrupt: Whether an image that cannot be read is an error or is left out and reported.
        seed: Seed of the halves of `val`, of the order and of the augmentation.
    """

    def __init__(
        self,
        root: str,
        batch_size: int = 32,
        workers: int = 2,
        size: int | None = None,
        resize: int | None = None,
        augmentation: list[nn.Module] | None = None,
        on_corrupt: Literal["error", "skip"] = "error",
        seed: int = 0,
    ) -> None:
        super().__init__(batch_size, workers, seed)
        for name, value in (("size", size), ("resize", resize)):
            if value is not None and value < 1:
                raise ValueError(f"`{name}` must be at least 1 pixel, got {value}")
        self.root, self.on_corrupt = Path(root), on_corrupt
        self.resize, self.augmentation = resize, augmentation
        if size is not None:
            self.image_size = size
        self.interpolation = InterpolationMode.BILINEAR
        self._samples: dict[Split, list[Sample]] = {}

    def setup(self, stage: str) -> None:
        """Read the folders, so that whatever is wrong with them is said before any training."""
        needed: tuple[Split, ...] = ("train", "test") if stage == "fit" else ("test",)
        if all(split in self._samples for split in needed):
            return
        self.skipped = ()
        self._take_sizes_of_network()
        names = _classes(self.root / "val")
        if stage == "fit":
            train_names = _classes(self.root / "train")
            if extra := sorted(set(names) - set(train_names)):
                raise ImageFolderError(
                    f"{self.root / 'val'} has {len(extra)} class folders that train lacks (first: "
                    f"{extra[0]}); both must have the same classes"
                )
            self.classes = tuple(train_names)
            self._samples["train"] = self._usable(_samples(self.root / "train", self.classes))
        elif (self.root / "train").is_dir():
            # the network's classes are those it was trained on, whether val has all of them or not
            self.classes = tuple(_classes(self.root / "train"))
        else:
            self.classes = tuple(names)
        held_out = self._usable(_samples(self.root / "val", self.classes))
        self._samples["validation"], self._samples["test"] = _halves(held_out, self.seed)

    def images(self, split: Split) -> "FolderImages":
        """The images of a split with its transforms; raises ValueError when it has none."""
        if split not in self._samples:
            self.setup("fit" if split == "train" else "test")
        if not self._samples[split]:
            raise ImageFolderError(
                f"the {split} split of {self.root} has no images; add some to val"
            )
        return FolderImages(self._samples[split], self._transform(split), self.seed)

    def fingerprint(self, split: Split) -> str:
        """A digest of the names, labels and sizes of the split's files."""
        digest = hashlib.sha256()
        for path, label in self.images(split).samples:
            digest.update(f"{path.relative_to(self.root)}:{label}:{path.stat().st_size}\n".encode())
        return digest.hexdigest()[:16]

    def _take_sizes_of_network(self) -> None:
        module = None if self.trainer is None else self.trainer.lightning_module
        own = getattr(getattr(module, "network", None), "preprocessing", None)
        if own is not None:
            self.interpolation = InterpolationMode(own.interpolation)
            if not hasattr(self, "image_size"):
                self.image_size, self.resize = own.size, self.resize or own.resize
        if not hasattr(self, "image_size"):
            raise ImageFolderError("the network does not say the size of its images; set `size`")
        self.resize = self.resize or self.image_size
        if self.resize < self.image_size:
            raise ImageFolderError(
                f"`resize` ({self.resize}) must be at least `size` ({self.image_size})"
            )

    def _transform(self, split: Split) -> nn.Module:
        options = {"interpolation": self.interpolation, "antialias": True}
        steps: Sequence[nn.Module]
        if split != "train":
            steps = [v2.Resize(self.resize, **options), v2.CenterCrop(self.image_size)]
        elif self.augmentation is not None:
            steps = self.augmentation
        else:
            crop = v2.RandomResizedCrop(self.image_size, **options)
            steps = [crop, v2.RandomHorizontalFlip()]
        transform: nn.Module = v2.Compose(
            [v2.ToImage(), *steps, v2.ToDtype(torch.float32, scale=True)]
        )
        return transform

    def _usable(self, samples: list[Sample]) -> list[Sample]:
        """All samples, or with `on_corrupt: skip` those that can be read; the rest are counted."""
        if self.on_corrupt == "error":
            return samples
        with ThreadPoolExecutor() as pool:
            reading = tqdm(
                pool.map(_is_readable, samples), f"reading {self.root}", len(samples), leave=False
            )
            readable = list(reading)
        corrupt = [str(s.path) for s, ok in zip(samples, readable, strict=True) if not ok]
        self.skipped += tuple(corrupt)
        return [sample for sample, ok in zip(samples, readable, strict=True) if ok]


class FolderImages(Images):
    """Image files, decoded and transformed on request."""

    def __init__(self, samples: list[Sample], transform: nn.Module, seed: int) -> None:
        self.samples, self.transform, self.seed = samples, transform, seed

    def __len__(self) -> int:
        """Number of images."""
        return len(self.samples)

    def __getitem__(self, key: Key) -> Batch:
        """One image, whose augmentation depends on the seed, the epoch and the image alone."""
        epoch, index = key
        path, label = self.samples[index]
        with torch.random.fork_rng(devices=[]):
            # torch.manual_seed also queues a call for the GPU, with a traceback, at every image
            torch.default_generator.manual_seed(mixed(self.seed, epoch, index))
            image: Tensor = self.transform(decode(path))
        return Batch(image.as_subclass(Tensor), torch.tensor(label), torch.tensor(index))


def decode(path: Path) -> Image.Image:
    """Read an image file of any mode as RGB; raises ImageFolderError naming the file."""
    try:
        with Image.open(path) as image:
            eight = _eight_bits(image)
            # through RGBA, so that a palette's transparent colours do not warn
            return (eight.convert("RGBA") if "transparency" in eight.info else eight).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageFolderError(
            f"cannot read the image {path}: {error}; mend it, remove it or set on_corrupt: skip"
        ) from error


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit greyscale scaled to 8 bits, where Pillow would cut off everything above 255."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value / 257).convert("L")
    return image


def _is_readable(sample: Sample) -> bool:
    try:
        decode(sample.path)
    except ImageFolderError:
        return False
    return True


def _classes(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise ImageFolderError(
            f"no folder {folder.absolute()}; expected root/train/CLASS/* and root/val/CLASS/*"
        )
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if not names:
        raise ImageFolderError(f"{folder.absolute()} has no class folders; expected CLASS/* in it")
    return names


def _samples(folder: Path, classes: Sequence[str]) -> list[Sample]:
    samples = []
    for label, name in enumerate(classes):
        if not (folder / name).is_dir():
            continue
        files = sorted(p for p in (folder / name).iterdir() if p.suffix.lower() in SUFFIXES)
        if not files:
            raise ImageFolderError(
                f"the class folder {folder / name} has no images; add some or remove it"
            )
        samples += [Sample(path, label) for path in files]
    return samples


def _halves(samples: list[Sample], seed: int) -> tuple[list[Sample], list[Sample]]:
    """Two disjoint halves, each with half of every class, by a fixed shuffle of each class."""
    by_class: dict[int, list[Sample]] = {}
    for sample in samples:
        by_class.setdefault(sample.label, []).append(sample)
    halves: tuple[list[Sample], list[Sample]] = ([], [])
    taken = 0
    for label, members in by_class.items():
        order = torch.randperm(len(members), generator=generator(seed, label)).tolist()
        for position in order:
            # the count runs on over classes, so that classes of odd size fill both halves alike
            halves[taken % 2].append(members[position])
            taken += 1
    return tuple(sorted(half) for half in halves)  # type: ignore[return-value]  # two of two
