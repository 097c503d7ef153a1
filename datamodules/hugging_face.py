"""Images of a Hugging Face dataset on disk, in parquet files or written by save_to_disk."""

from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from datamodules.image_files import ImageFolderError, decode
from datamodules.imagenet_labels import check_columns, imagenet_labels
from datamodules.pictures import Pictures

SAVED = "dataset_dict.json"
SPLITS = {"train": ["train"], "val": ["validation", "val"]}


class HuggingFaceImages(Pictures):
    """ImageNet's training or validation images in the columns `image` and `label`.

    Raises: ImageFolderError: the package `datasets` is missing or cannot read the folder, or the
        columns or classes are not ImageNet's.
    """

    def __init__(self, root: Path, part: Literal["train", "val"]) -> None:
        self.name = f"the {part} images of {root}"
        try:
            datasets = import_module("datasets")
            split = _split(datasets, root, part)
        except ImportError as error:
            raise ImageFolderError(
                f"{root} holds a Hugging Face dataset, which needs the package datasets: pip "
                "install datasets"
            ) from error
        except (ValueError, OSError, KeyError) as error:
            raise ImageFolderError(
                f"cannot read {self.name}: {error}; save or download the dataset again"
            ) from error
        check_columns(split.column_names, self.name)
        names = getattr(split.features["label"], "names", None)
        self.labels = imagenet_labels(split["label"][:], names, self.name)
        self.split = split.cast_column("image", datasets.Image(decode=False))
        self.digest = self.split._fingerprint
        if not (root / SAVED).is_file():
            # the fingerprint of parquet files depends on where they lie
            self.digest = split.info.splits[SPLITS[part][0]].num_bytes

    def read(self, index: int) -> Image.Image:
        """Return one decoded image; raises ImageFolderError with its index if it is damaged."""
        entry = self.split[index]["image"]
        file = Path(entry["path"]) if entry["bytes"] is None else BytesIO(entry["bytes"])
        return decode(file, f"{index} of {self.name}", self.max_pixels, self.exif_orientation)

    def identity(self, index: int) -> str:
        """Return the dataset's own fingerprint, or its size in bytes, and the image's index."""
        return f"{self.digest}:{index}"


def _split(datasets: Any, root: Path, part: str) -> Any:
    if not (root / SAVED).is_file():
        return datasets.load_dataset(str(root.absolute()), split=SPLITS[part][0])
    splits = datasets.load_from_disk(str(root))
    found = [name for name in SPLITS[part] if name in splits]
    if not found:
        raise ValueError(
            f"it has the splits {', '.join(splits)}, expected {' or '.join(SPLITS[part])}"
        )
    return splits[found[0]]
