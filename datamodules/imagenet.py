"""ImageNet (Russakovsky et al. 2015) in its common storage formats."""

from collections import Counter
from pathlib import Path
from typing import Literal

from torch import nn

from datamodules.folder_layout import say_passed_over
from datamodules.hugging_face import SAVED, HuggingFaceImages
from datamodules.image_files import ImageFolderError
from datamodules.imagenet_files import files_of
from datamodules.imagenet_labels import imagenet_info
from datamodules.pictures import Pictures
from datamodules.resized import ResizedModule
from datamodules.tar_shards import TarShards
from datamodules.tfds import PREPARED, TensorFlowImages
from files import MOST

EXPECTED = """expected one of
  train/WNID/* and val/WNID/*, or val without class folders beside ILSVRC2012_devkit_t12
  *train*.tar and *val*.tar, WebDataset shards
  a Hugging Face dataset with train and validation splits, from save_to_disk or in parquet files
  a TensorFlow dataset (tfds), prepared as array_record"""


class ImageNet(ResizedModule):
    """ImageNet's 1,000 classes in their usual order, from image files, tar shards or a dataset.

    The training split is a share of the training images. Half of each class of the 50,000 others is
    the validation split, which selects checkpoints; the other half is the test split.

    Args:
        root: Folder that contains the images; evaluation needs only the 50,000 others.
        share: Share of each class's training images to train on, above 0 and at most 1.
        batch_size: Number of images per batch and process.
        workers: Number of loading processes per training process.
        prefetch: Number of batches that each loading process prepares ahead.
        size: Side of the network's input in pixels; by default the network's own.
        resize: Shorter side before the central crop in evaluation; by default the network's own.
        augmentation: Transforms of torchvision.transforms.v2 for training images, instead of a
            random resized crop and a horizontal flip.
        seed: Seed of the share, the halves, the order and the augmentation.
        max_pixels: Number of pixels of the largest image file that is read.
        exif_orientation: Turn each image as its EXIF orientation says; torchvision does not.
    """

    def __init__(
        self,
        root: str,
        share: float = 1.0,
        batch_size: int = 32,
        workers: int = 8,
        prefetch: int = 4,
        size: int | None = None,
        resize: int | None = None,
        augmentation: list[nn.Module] | None = None,
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
        if not 0 < share <= 1:
            raise ValueError(f"`share` must be above 0 and at most 1, got {share}")
        if prefetch < 1:
            raise ValueError(f"`prefetch` must be at least 1 batch, got {prefetch}")
        self.share, self.prefetch = share, prefetch
        self.classes = class_names()

    def setup(self, stage: str) -> None:
        """List the images; raises ImageFolderError before training if the layout is wrong."""
        if self._holds(stage):
            return
        self._read_network_preprocessing()
        passed: list[Path] = []
        train = pictures_of(self.root, "train", passed) if stage == "fit" else None
        self._hold(train, pictures_of(self.root, "val", passed), self.share)
        say_passed_over(passed, self.root)


def class_names() -> tuple[str, ...]:
    """Return the names of ImageNet's classes in order; names of two classes get the WordNet ID."""
    info = imagenet_info()
    names = [description.partition(",")[0] for description in info.label_descriptions()]
    count = Counter(names)
    return tuple(
        name if count[name] == 1 else f"{name} ({wnid})"
        for name, wnid in zip(names, info.label_names(), strict=True)
    )


def pictures_of(root: Path, part: Literal["train", "val"], passed: list[Path]) -> Pictures:
    """Return the training or validation images; raises ImageFolderError if there are none.

    Hidden images and folders that are passed over are added to `passed`.
    """
    wnids = imagenet_info().label_names()
    labels = {wnid: label for label, wnid in enumerate(wnids)}
    if files := files_of(root / part, labels, passed):
        return files
    if shards := sorted(root.glob(f"*{part}*.tar")) or sorted((root / part).glob("*.tar")):
        return TarShards(shards, len(wnids))
    if (root / SAVED).is_file() or any(root.glob("**/*.parquet")):
        return HuggingFaceImages(root, part)
    if prepared := sorted(root.glob(f"**/{PREPARED}")):
        return TensorFlowImages([file.parent for file in prepared], part)
    raise ImageFolderError(f"{root.absolute()} has no {part} images of ImageNet; {EXPECTED}")
