"""Images in tar shards, as WebDataset keeps them: KEY.jpg and KEY.cls side by side."""

import tarfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from PIL import Image
from tqdm import tqdm

from datamodules.folder_layout import SUFFIXES
from datamodules.image_files import ImageFolderError, decode
from datamodules.pictures import Pictures


class Place(NamedTuple):
    """Where an image lies in a shard, in bytes."""

    shard: Path
    key: str
    start: int
    size: int


class TarShards(Pictures):
    """Images in uncompressed tar files, found by their headers once and read from their places.

    Any image can be read at any time, by any process, in the order that training asks for;
    WebDataset's own stream cannot be resumed, nor shared out exactly.

    Raises: ImageFolderError: a shard is damaged, or an image in it has no label.
    """

    def __init__(self, shards: Sequence[Path], classes: int) -> None:
        self.places: list[Place] = []
        self.labels: list[int] = []
        for shard in tqdm(shards, "reading the shards' headers", leave=False):
            for place, label in _entries(shard):
                if not 0 <= label < classes:
                    raise ImageFolderError(
                        f"{place.key}.cls in {shard} is {label}; labels are from 0 to {classes - 1}"
                    )
                self.places.append(place)
                self.labels.append(label)

    def read(self, index: int) -> Image.Image:
        """One image, decoded; raises ImageFolderError naming what cannot be."""
        place = self.places[index]
        with place.shard.open("rb") as file:
            file.seek(place.start)
            return decode(BytesIO(file.read(place.size)), f"{place.key} in {place.shard}")

    def identity(self, index: int) -> str:
        """The image's key and size."""
        place = self.places[index]
        return f"{place.key}:{place.size}"


def _entries(shard: Path) -> list[tuple[Place, int]]:
    """The images of a shard with their labels, in its order."""
    images: dict[str, Place] = {}
    labels: dict[str, int] = {}
    try:
        with tarfile.open(shard, "r:") as tar:
            for member in tar:
                # a key ends at the first dot of the name
                name = PurePosixPath(member.name)
                key, suffix = str(name.parent / name.name.partition(".")[0]), name.suffix.lower()
                if suffix in SUFFIXES:
                    images[key] = Place(shard, key, member.offset_data, member.size)
                elif suffix == ".cls" and (file := tar.extractfile(member)) is not None:
                    labels[key] = int(file.read())
    except (tarfile.TarError, ValueError, OSError) as error:
        raise ImageFolderError(f"cannot read the shard {shard}: {error}; fetch it anew") from error
    if missing := [key for key in images if key not in labels]:
        raise ImageFolderError(
            f"{missing[0]} in {shard} has no label; a shard holds KEY.cls, the class's number as "
            "text, beside every KEY.jpg"
        )
    return [(place, labels[key]) for key, place in images.items()]
