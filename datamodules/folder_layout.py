"""Class folders and image files in ImageNet's layout."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from datamodules.image_files import ImageFolderError, Sample
from files import SUFFIXES, StoredFileError, read_bytes

# what operating systems and programs leave in folders
SYSTEM = {"@eaDir", "__MACOSX", "$RECYCLE.BIN", "System Volume Information", "lost+found"}


def class_names(folder: Path) -> list[str]:
    """Return the sorted names of the class folders; raises ImageFolderError if there are none."""
    if not folder.is_dir():
        raise ImageFolderError(
            f"no folder {folder.absolute()}; expected root/train/CLASS/* and root/val/CLASS/*"
        )
    names = sorted(path.name for path in folder.iterdir() if path.is_dir() and is_meant(path))
    if not names:
        raise ImageFolderError(f"{folder.absolute()} has no class folders; expected CLASS/* in it")
    return names


def given_names(classes: str | Sequence[str]) -> list[str]:
    """Return the names in a list, or in a file with a name in each line.

    Raises: ImageFolderError: the file cannot be read, or a name stands twice.
    """
    if isinstance(classes, str):
        try:
            classes = read_bytes(Path(classes)).decode().splitlines()
        except (StoredFileError, UnicodeDecodeError) as error:
            raise ImageFolderError(
                f"`classes` cannot be read: {error}; give a list, or a file with a name a line"
            ) from error
    names = [name.strip() for name in classes if name.strip()]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice or not names:
        what = f"holds `{twice[0]}` twice" if twice else "is empty"
        raise ImageFolderError(f"`classes` {what}; give each class once, as the network has them")
    return names


def samples_of(folder: Path, classes: Sequence[str]) -> list[Sample]:
    """Return the image files of each class, sorted; raises ImageFolderError for an empty class."""
    samples = []
    for label, name in enumerate(classes):
        if not (folder / name).is_dir():
            continue
        files = sorted(image_files(folder / name))
        if not files:
            raise ImageFolderError(
                f"the class folder {folder / name} has no images; add images or remove it"
            )
        samples += [Sample(path, label) for path in files]
    return samples


def image_files(folder: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """Yield the images in a folder and in the folders inside it, but for links back to `above`."""
    inside = above | {folder.resolve()}
    for path in folder.iterdir():
        if is_meant(path) and path.is_dir():
            if path.resolve() not in inside:
                yield from image_files(path, inside)
        elif is_meant(path) and path.suffix.lower() in SUFFIXES:
            yield path


def is_meant(path: Path) -> bool:
    """Return True for what a person put there: neither hidden nor of a system."""
    return not path.name.startswith(".") and path.name not in SYSTEM
