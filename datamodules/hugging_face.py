"""Images of a Hugging Face dataset on disk, by timm's reader."""

from pathlib import Path

from PIL import Image
from timm.data import create_dataset

from datamodules.image_files import ImageFolderError, decode
from datamodules.pictures import Pictures


class HuggingFaceImages(Pictures):
    """One split of a folder of parquet files, with the columns `image` and `label`.

    Raises: ImageFolderError: the package `datasets` is missing, or cannot read the folder.
    """

    def __init__(self, root: Path, split: str) -> None:
        try:
            # timm's reader alone: its dataset would put a neighbour in an unreadable image's place
            self.reader = create_dataset(f"hfds/{root.absolute()}", split=split).reader
        except ImportError as error:
            raise ImageFolderError(
                f"{root} holds parquet files, which need the package datasets: pip install datasets"
            ) from error
        except (ValueError, OSError, KeyError) as error:
            raise ImageFolderError(f"cannot read the split {split} of {root}: {error}") from error
        self.labels = list(self.reader.dataset[self.reader.label_key])

    def read(self, index: int) -> Image.Image:
        """One image, decoded; raises ImageFolderError with its number where it cannot be."""
        file, _ = self.reader[index]
        with file:
            return decode(file, f"{index} of the split {self.reader.split}")

    def identity(self, index: int) -> str:
        """The dataset's own fingerprint and the image's number."""
        return f"{self.reader.dataset._fingerprint}:{index}"
