"""Images of TensorFlow Datasets (tfds) on disk; needs that package."""

from collections.abc import Sequence
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from tqdm import trange

from datamodules.image_files import ImageFolderError, decode
from datamodules.imagenet_labels import check_columns, imagenet_labels
from datamodules.pictures import Pictures

PREPARED = "features.json"


class TensorFlowImages(Pictures):
    """ImageNet's training or validation images, prepared by tfds as array_record.

    All entries are read once to know the labels. TensorFlow itself is not needed.

    Raises: ImageFolderError: a package is missing or cannot read the folder by index, or the
        columns or classes are not ImageNet's.
    """

    def __init__(self, folders: Sequence[Path], part: Literal["train", "val"]) -> None:
        if len(folders) > 1:
            raise ImageFolderError(
                f"{folders[0]} and {folders[1]} are both datasets of tfds, expected one; give one "
                "of them as `root`"
            )
        folder, split = folders[0], "train" if part == "train" else "validation"
        self.name = f"the split {split} of {folder}"
        try:
            # two sources, because one that has been read holds readers that workers must not share
            read, self.source = (_source(folder, split) for _ in range(2))
        except ImportError as error:
            raise ImageFolderError(
                f"{folder} is a dataset of tfds, which needs other packages ({error}): pip install "
                "tensorflow-datasets array_record"
            ) from error
        except (ValueError, OSError, KeyError, NotImplementedError) as error:
            raise ImageFolderError(
                f"cannot read {self.name}: {error}; prepare it again as array_record"
            ) from error
        features = read.dataset_info.features
        check_columns(features, self.name)
        labels, self.sizes = [], []
        for index in trange(len(read), desc="reading labels", leave=False):
            entry = self._entry(read, index)
            labels.append(int(entry["label"]))
            self.sizes.append(len(entry["image"]))
        names = getattr(features["label"], "names", None)
        self.labels = imagenet_labels(labels, names, self.name)

    def read(self, index: int) -> Image.Image:
        """Return one decoded image; raises ImageFolderError with its index if it is damaged."""
        file = BytesIO(self._entry(self.source, index)["image"])
        return decode(file, f"{index} of {self.name}", self.max_pixels, self.exif_orientation)

    def identity(self, index: int) -> str:
        """Return the image's index and size."""
        return f"{index}:{self.sizes[index]}"

    def _entry(self, source: Any, index: int) -> dict[str, Any]:
        try:
            return source[index]
        except RuntimeError as error:
            raise ImageFolderError(
                f"cannot read image {index} of {self.name}: {error}; prepare the dataset again"
            ) from error


def _source(folder: Path, split: str) -> Any:
    """Return the entries of a split by index, without decoding images."""
    tfds = import_module("tensorflow_datasets")
    decoders = {"image": tfds.decode.SkipDecoding()}
    return tfds.builder_from_directory(folder).as_data_source(split, decoders=decoders)
