"""Images in ImageNet's layout: root/train/CLASS/* and root/val/CLASS/*."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import torch
from torch import nn
from torchvision.transforms import InterpolationMode, v2
from tqdm import tqdm

from datamodules.base import DataModule, Split
from datamodules.folder_layout import class_names, samples_of
from datamodules.image_files import FolderImages, ImageFolderError, Sample, is_readable
from datamodules.transformed import halves


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
        train, held_out_names = self.root / "train", class_names(self.root / "val")
        # the classes are those trained on, whether or not val has images of all of them
        known = class_names(train) if stage == "fit" or train.is_dir() else held_out_names
        if extra := sorted(set(held_out_names) - set(known)):
            raise ImageFolderError(
                f"{self.root / 'val'} has {len(extra)} class folders that train lacks (first: "
                f"{extra[0]}); both must have the same classes"
            )
        self.classes = tuple(known)
        if stage == "fit":
            self._samples["train"] = self._usable(samples_of(train, self.classes))
        held_out = self._usable(samples_of(self.root / "val", self.classes))
        validation, test = halves([sample.label for sample in held_out], self.seed)
        self._samples["validation"] = [held_out[index] for index in validation]
        self._samples["test"] = [held_out[index] for index in test]

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
                pool.map(is_readable, samples), f"reading {self.root}", len(samples), leave=False
            )
            readable = list(reading)
        corrupt = [str(s.path) for s, ok in zip(samples, readable, strict=True) if not ok]
        self.skipped += tuple(corrupt)
        return [sample for sample, ok in zip(samples, readable, strict=True) if ok]
