"""Images in WebDataset's tar shards: KEY.jpg with its label in KEY.cls."""

import tarfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from PIL import Image
from tqdm import tqdm

from datamodules.image_files import ImageFolderError, decode
from datamodules.pictures import Pictures
from files import SUFFIXES


class ImageLocation(NamedTuple):
    """Shard, key, first byte and size in bytes of an image."""

    shard: Path
    key: str
    start: int
    size: int


class TarShards(Pictures):
    """Images in uncompressed tar files, which are indexed once and then read in any order.

    Unlike WebDataset's stream, this can be resumed and divided exactly among processes.

    Raises: ImageFolderError: a shard is damaged, or an image in it has no label or a wrong one.
    """

    def __init__(self, shards: Sequence[Path], classes: int) -> None:
        self.locations: list[ImageLocation] = []
        self.labels: list[int] = []
        for shard in tqdm(shards, "indexing tar shards", leave=False):
            for location, label in _entries(shard):
                if not 0 <= label < classes:
                    raise ImageFolderError(
                        f"{location.key}.cls in {shard} is {label}, expected a label from 0 to "
                        f"{classes - 1}; correct the shard"
                    )
                self.locations.append(location)
                self.labels.append(label)

    def read(self, index: int) -> Image.Image:
        """Return one decoded image; raises ImageFolderError with its key if it is damaged."""
        location = self.locations[index]
        with location.shard.open("rb") as file:
            file.seek(location.start)
            content = BytesIO(file.read(location.size))
        return decode(
            content, f"{location.key} in {location.shard}", self.max_pixels, self.exif_orientation
        )

    def identity(self, index: int) -> str:
        """Return the image's key and size."""
        location = self.locations[index]
        return f"{location.key}:{location.size}"


def _entries(shard: Path) -> list[tuple[ImageLocation, int]]:
    """Return the locations and labels of a shard's images, in its order."""
    images: dict[str, ImageLocation] = {}
    labels: dict[str, int] = {}
    try:
        with tarfile.open(shard, "r:") as tar:
            for member in tar:
                # a key ends at the first dot of the name
                name = PurePosixPath(member.name)
                key, suffix = str(name.parent / name.name.partition(".")[0]), name.suffix.lower()
                if suffix in SUFFIXES:
                    images[key] = ImageLocation(shard, key, member.offset_data, member.size)
                elif suffix == ".cls" and (file := tar.extractfile(member)) is not None:
                    labels[key] = int(file.read())
    except (tarfile.TarError, ValueError, OSError) as error:
        raise ImageFolderError(
            f"cannot read the shard {shard}: {error}; download it again"
        ) from error
    if missing := [key for key in images if key not in labels]:
        raise ImageFolderError(
            f"{missing[0]} in {shard} has no label; expected KEY.cls, with the label as text, "
            "beside every KEY.jpg"
        )
    return [(location, labels[key]) for key, location in images.items()]
