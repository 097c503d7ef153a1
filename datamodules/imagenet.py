"""ImageNet (Russakovsky et al. 2015), as people keep it."""

from collections import Counter
from pathlib import Path
from typing import Literal

from timm.data import ImageNetInfo
from torch import nn

from datamodules.hugging_face import SAVED, HuggingFaceImages
from datamodules.image_files import ImageFolderError
from datamodules.imagenet_files import files_of
from datamodules.pictures import Pictures
from datamodules.resized import ResizedModule
from datamodules.tar_shards import TarShards
from datamodules.tfds import PREPARED, TensorFlowImages

EXPECTED = """expected one of
  train/WNID/* and val/WNID/*, or a flat val with ILSVRC2012_devkit_t12 beside it
  *train*.tar and *val*.tar, shards of WebDataset
  a Hugging Face dataset of train and validation, as save_to_disk writes it or in parquet files
  a dataset of tfds, prepared as array_record"""


class ImageNet(ResizedModule):
    """The 1,000 classes in ImageNet's order, from files, tar shards or a dataset, as it is kept.

    A share of the training images is the training split; half of each class of the 50,000 others
    is the validation split, which chooses checkpoints, and half the test split.

    Args:
        root: Folder that holds the images; evaluation needs the 50,000 only.
        share: Share of each class's training images to train on.
        batch_size: Images in a batch of one process.
        workers: Processes that load images beside each training process.
        prefetch: Batches that each of them keeps ready.
        size: Side in pixels of the network's input; the network's own when not given.
        resize: Shorter side before the central crop, in evaluation; the network's own if not given.
        augmentation: Transforms of torchvision.transforms.v2 for training images, in place of a
            random resized crop and a horizontal flip.
        seed: Seed of the share, of the halves, of the order and of the augmentation.
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
    ) -> None:
        super().__init__(root, batch_size, workers, size, resize, augmentation, seed)
        if not 0 < share <= 1:
            raise ValueError(f"`share` must be above 0 and at most 1, got {share}")
        if prefetch < 1:
            raise ValueError(f"`prefetch` must be at least 1 batch, got {prefetch}")
        self.share, self.prefetch = share, prefetch
        self.classes = class_names()

    def setup(self, stage: str) -> None:
        """Find the images, so that whatever is wrong with them is said before any training."""
        if self._holds(stage):
            return
        self._take_sizes_of_network()
        train = pictures_of(self.root, "train") if stage == "fit" else None
        self._hold(train, pictures_of(self.root, "val"), self.share)


def class_names() -> tuple[str, ...]:
    """What ImageNet's classes are called, in its order; the two names of two carry their number."""
    info = ImageNetInfo()
    names = [description.partition(",")[0] for description in info.label_descriptions()]
    count = Counter(names)
    return tuple(
        name if count[name] == 1 else f"{name} ({wnid})"
        for name, wnid in zip(names, info.label_names(), strict=True)
    )


def pictures_of(root: Path, part: Literal["train", "val"]) -> Pictures:
    """The images of one part, in whichever way they are kept; raises ImageFolderError if none."""
    wnids = ImageNetInfo().label_names()
    labels = {wnid: label for label, wnid in enumerate(wnids)}
    if files := files_of(root / part, labels):
        return files
    if shards := sorted(root.glob(f"*{part}*.tar")) or sorted((root / part).glob("*.tar")):
        return TarShards(shards, len(wnids))
    if (root / SAVED).is_file() or any(root.glob("**/*.parquet")):
        return HuggingFaceImages(root, part)
    if prepared := sorted(root.glob(f"**/{PREPARED}")):
        return TensorFlowImages([file.parent for file in prepared], part)
    raise ImageFolderError(f"{root.absolute()} has no {part} images of ImageNet; {EXPECTED}")
