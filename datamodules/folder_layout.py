"""ImageNet's layout: which files are in a folder, and the halves of its validation images."""

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image

from datamodules.image_files import ImageFolderError, Sample
from datamodules.seeds import generator

SUFFIXES = frozenset(Image.registered_extensions())


def class_names(folder: Path) -> list[str]:
    """The sorted names of the class folders; raises ImageFolderError when there are none."""
    if not folder.is_dir():
        raise ImageFolderError(
            f"no folder {folder.absolute()}; expected root/train/CLASS/* and root/val/CLASS/*"
        )
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if not names:
        raise ImageFolderError(f"{folder.absolute()} has no class folders; expected CLASS/* in it")
    return names


def samples_of(folder: Path, classes: Sequence[str]) -> list[Sample]:
    """The image files of each class in order; raises ImageFolderError for an empty class."""
    samples = []
    for label, name in enumerate(classes):
        if not (folder / name).is_dir():
            continue
        files = sorted(p for p in (folder / name).iterdir() if p.suffix.lower() in SUFFIXES)
        if not files:
            raise ImageFolderError(
                f"the class folder {folder / name} has no images; add some or remove it"
            )
        samples += [Sample(path, label) for path in files]
    return samples


def halves(samples: list[Sample], seed: int) -> tuple[list[Sample], list[Sample]]:
    """Two disjoint halves, each with half of every class, by a fixed shuffle of each class."""
    by_class: dict[int, list[Sample]] = {}
    for sample in samples:
        by_class.setdefault(sample.label, []).append(sample)
    shuffled = [
        members[position]
        for label, members in by_class.items()
        for position in torch.randperm(len(members), generator=generator(seed, label)).tolist()
    ]
    # alternating over all classes, so that classes of odd size fill both halves alike
    return sorted(shuffled[::2]), sorted(shuffled[1::2])
