"""ImageNet's official files: folders named by WordNet IDs, or a flat val with the devkit."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from datamodules.folder_layout import image_files, meant
from datamodules.image_files import ImageFiles, ImageFolderError, Sample

DEVKIT = "ILSVRC2012_devkit_t12"


def files_of(folder: Path, labels: Mapping[str, int], passed: list[Path]) -> ImageFiles | None:
    """Return the images of train or val, or None if the folder has no image files.

    Args:
        folder: root/train or root/val.
        labels: The label of every WordNet ID, such as n01440764.
        passed: what is passed over is added to it.

    Raises: ImageFolderError: a folder is not a class, or the labels of a flat val are missing.
    """
    if not folder.is_dir():
        return None
    names = sorted(path.name for path in meant(folder, passed) if path.is_dir())
    if names:
        if unknown := [name for name in names if name not in labels]:
            raise ImageFolderError(
                f"{folder / unknown[0]} is none of ImageNet's {len(labels)} classes; expected "
                "folders named by WordNet IDs such as n01440764. For other classes use ImageFolder"
            )
        samples = [
            Sample(path, labels[name])
            for name in names
            for path in sorted(image_files(folder / name, passed))
        ]
    else:
        samples = _flat(folder, labels)
    return ImageFiles(samples) if samples else None


def _flat(folder: Path, labels: Mapping[str, int]) -> list[Sample]:
    """Return the images of a val without class folders, with the devkit's labels."""
    files = sorted(image_files(folder, []))
    if not files:
        return []
    devkit = folder.parent / DEVKIT / "data"
    truth = devkit / "ILSVRC2012_validation_ground_truth.txt"
    if not truth.is_file() or not (devkit / "meta.mat").is_file():
        raise ImageFolderError(
            f"{folder} has images and no class folders, so that their labels must be in {devkit}, "
            f"which lacks {truth.name} or meta.mat; unpack {DEVKIT}.tar.gz into {folder.parent}"
        )
    numbers = [int(line) for line in truth.read_text().split()]
    if len(numbers) != len(files):
        raise ImageFolderError(
            f"{truth} has {len(numbers)} labels and {folder} {len(files)} images, expected equal "
            "numbers; unpack both archives again"
        )
    wnids = _wnids(devkit / "meta.mat")
    return [Sample(path, labels[wnids[n]]) for path, n in zip(files, numbers, strict=True)]


def _wnids(meta: Path) -> dict[int, str]:
    """Return the WordNet ID of each of the devkit's own class numbers."""
    synsets = np.atleast_1d(loadmat(meta, squeeze_me=True)["synsets"])
    return {int(entry["ILSVRC2012_ID"]): str(entry["WNID"]) for entry in synsets}
