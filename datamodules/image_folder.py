"""Images in ImageNet's layout: root/train/CLASS/* and root/val/CLASS/*."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Literal

from lightning.pytorch.utilities import rank_zero_warn
from torch import nn
from tqdm import tqdm

from datamodules.folder_layout import class_names, given_names, samples_of, say_passed_over
from datamodules.image_files import ImageFiles, ImageFolderError, Sample, is_readable
from datamodules.resized import ResizedModule
from files import MOST


class ImageFolder(ResizedModule):
    """Images in class folders: root/train/CLASS/* for training, root/val/CLASS/* held out.

    Half of each class in `val` is the validation split, which selects checkpoints; the other half
    is the test split. Images may lie in folders inside a class; hidden files and those of operating
    systems are passed over. Images may have any mode and size.

    Args:
        root: Folder that contains `train` and `val`; evaluation needs only `val`.
        batch_size: Number of images per batch and process.
        workers: Number of loading processes per training process.
        size: Side of the network's input in pixels; by default the network's own.
        resize: Shorter side before the central crop in evaluation; by default the network's own.
        augmentation: Transforms of torchvision.transforms.v2 for training images, instead of a
            random resized crop and a horizontal flip.
        classes: Names of the folders in the order of the network's classes, or a file with a name
            in each line; some may have no folder. By default the sorted names of all folders.
        on_corrupt: "error" raises an error for an unreadable image, "skip" skips and reports it.
        seed: Seed of the halves of `val`, the order and the augmentation.
        max_pixels: Number of pixels of the largest image file that is read.
        exif_orientation: Turn each image as its EXIF orientation says; torchvision does not.
    """

    def __init__(
        self,
        root: str,
        batch_size: int = 32,
        workers: int = 2,
        size: int | None = None,
        resize: int | None = None,
        augmentation: list[nn.Module] | None = None,
        classes: list[str] | str | None = None,
        on_corrupt: Literal["error", "skip"] = "error",
        seed: int = 0,
        max_pixels: int = MOST,
        exif_orientation: bool = False,
    ) -> None:
        super().__init__(
            root,
            batch_size,
            workers,
            size,
            resize,
            augmentation,
            seed,
            max_pixels,
            exif_orientation,
        )
        self.given, self.on_corrupt = classes, on_corrupt

    def setup(self, stage: str) -> None:
        """List the image files; raises ImageFolderError before training if the layout is wrong."""
        if self._holds(stage):
            return
        self.skipped = ()
        self._read_network_preprocessing()
        passed: list[Path] = []
        train, held_out_names = self.root / "train", class_names(self.root / "val", passed)
        # the classes are those of train, because val may lack some of them
        names = class_names(train, passed) if stage == "fit" or train.is_dir() else held_out_names
        found, place = {*names, *held_out_names}, "train"
        if self.given is not None:
            names, place = given_names(self.given), "`classes`"
        if extra := sorted(found - set(names)):
            raise ImageFolderError(
                f"{self.root} has {len(extra)} class folders that {place} lacks (first: "
                f"{extra[0]}); add them to {place} or remove them"
            )
        self.classes = tuple(names)
        self._hold(
            self._usable(samples_of(train, self.classes, passed)) if stage == "fit" else None,
            self._usable(samples_of(self.root / "val", self.classes, passed)),
        )
        say_passed_over(passed, self.root)

    def _usable(self, samples: list[Sample]) -> ImageFiles:
        """Return the samples; with `on_corrupt: skip`, add unreadable ones to `skipped` instead."""
        if self.on_corrupt == "error":
            return ImageFiles(samples)
        with ThreadPoolExecutor() as pool:
            read = partial(
                is_readable, max_pixels=self.max_pixels, exif_orientation=self.exif_orientation
            )
            reading = pool.map(read, samples)
            readable = list(tqdm(reading, f"reading {self.root}", len(samples), leave=False))
        corrupt = [str(s.path) for s, ok in zip(samples, readable, strict=True) if not ok]
        self.skipped += tuple(corrupt)
        kept = [s for s, ok in zip(samples, readable, strict=True) if ok]
        if lost := {s.label for s in samples} - {s.label for s in kept}:
            raise ImageFolderError(
                f"no image of the class {self.classes[min(lost)]} can be read (first: "
                f"{corrupt[0]}); repair them, or remove the class"
            )
        if corrupt:
            rank_zero_warn(
                f"{len(corrupt)} of {len(samples)} images cannot be read and are left out (first: "
                f"{corrupt[0]})"
            )
        return ImageFiles(kept)
