"""Class folders and image files in ImageNet's layout."""

from collections.abc import Sequence
from pathlib import Path

from datamodules.image_files import ImageFolderError, Sample
from files import SUFFIXES


def class_names(folder: Path) -> list[str]:
    """Return the sorted names of the class folders; raises ImageFolderError if there are none."""
    if not folder.is_dir():
        raise ImageFolderError(
            f"no folder {folder.absolute()}; expected root/train/CLASS/* and root/val/CLASS/*"
        )
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if not names:
        raise ImageFolderError(f"{folder.absolute()} has no class folders; expected CLASS/* in it")
    return names


def samples_of(folder: Path, classes: Sequence[str]) -> list[Sample]:
    """Return the image files of each class, sorted; raises ImageFolderError for an empty class."""
    samples = []
    for label, name in enumerate(classes):
        if not (folder / name).is_dir():
            continue
        files = sorted(p for p in (folder / name).iterdir() if p.suffix.lower() in SUFFIXES)
        if not files:
            raise ImageFolderError(
                f"the class folder {folder / name} has no images; add images or remove it"
            )
        samples += [Sample(path, label) for path in files]
    return samples
