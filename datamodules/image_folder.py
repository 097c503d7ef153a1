"""Images in ImageNet's layout: root/train/CLASS/* and root/val/CLASS/*."""

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from torch import nn
from tqdm import tqdm

from datamodules.folder_layout import class_names, samples_of
from datamodules.image_files import ImageFiles, ImageFolderError, Sample, is_readable
from datamodules.resized import ResizedModule


class ImageFolder(ResizedModule):
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
        super().__init__(root, batch_size, workers, size, resize, augmentation, seed)
        self.on_corrupt = on_corrupt

    def setup(self, stage: str) -> None:
        """Read the folders, so that whatever is wrong with them is said before any training."""
        if self._holds(stage):
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
        self._hold(
            self._usable(samples_of(train, self.classes)) if stage == "fit" else None,
            self._usable(samples_of(self.root / "val", self.classes)),
        )

    def _usable(self, samples: list[Sample]) -> ImageFiles:
        """All samples, or with `on_corrupt: skip` those that can be read; the rest are counted."""
        if self.on_corrupt == "error":
            return ImageFiles(samples)
        with ThreadPoolExecutor() as pool:
            reading = tqdm(
                pool.map(is_readable, samples), f"reading {self.root}", len(samples), leave=False
            )
            readable = list(reading)
        corrupt = [str(s.path) for s, ok in zip(samples, readable, strict=True) if not ok]
        self.skipped += tuple(corrupt)
        return ImageFiles([s for s, ok in zip(samples, readable, strict=True) if ok])
