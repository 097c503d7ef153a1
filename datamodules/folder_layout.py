"""Class folders and image files in ImageNet's layout."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from lightning.pytorch.utilities import rank_zero_info

from datamodules.image_files import ImageFolderError, Sample
from files import SUFFIXES, StoredFileError, read_bytes

# what operating systems and programs leave in folders
SYSTEM = {"@eaDir", "__MACOSX", "$RECYCLE.BIN", "System Volume Information", "lost+found"}


def class_names(folder: Path, passed: list[Path]) -> list[str]:
    """Return the sorted names of the class folders; raises ImageFolderError if there are none.

    Args:
        folder: with a folder for each class.
        passed: what is passed over is added to it.
    """
    if not folder.is_dir():
        raise ImageFolderError(
            f"no folder {folder.absolute()}; expected root/train/CLASS/* and root/val/CLASS/*"
        )
    names = sorted(path.name for path in meant(folder, passed) if path.is_dir())
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


def samples_of(folder: Path, classes: Sequence[str], passed: list[Path]) -> list[Sample]:
    """Return the image files of each class, sorted; raises ImageFolderError for an empty class.

    Args:
        folder: with a folder for each class.
        classes: names of the folders, of which some may be missing.
        passed: what is passed over is added to it.
    """
    samples = []
    for label, name in enumerate(classes):
        if not (folder / name).is_dir():
            continue
        files = sorted(image_files(folder / name, passed))
        if not files:
            raise ImageFolderError(
                f"the class folder {folder / name} has no images; add images or remove it"
            )
        samples += [Sample(path, label) for path in files]
    return samples


def image_files(
    folder: Path, passed: list[Path], above: frozenset[Path] = frozenset()
) -> Iterator[Path]:
    """Yield the images in a folder and in the folders inside it, but for links back to `above`."""
    inside = above | {folder.resolve()}
    for path in meant(folder, passed):
        if path.is_dir():
            if path.resolve() not in inside:
                yield from image_files(path, passed, inside)
        elif path.suffix.lower() in SUFFIXES:
            yield path


def meant(folder: Path, passed: list[Path]) -> Iterator[Path]:
    """Yield what a person put into a folder; add hidden images, and those of a system, to `passed`.

    A folder of them counts once.
    """
    for path in folder.iterdir():
        if not path.name.startswith(".") and path.name not in SYSTEM:
            yield path
        elif path.is_dir() or path.suffix.lower() in SUFFIXES:
            passed.append(path)


def say_passed_over(passed: list[Path], root: Path) -> None:
    """Log how many hidden images and folders were passed over, if any."""
    if passed:
        rank_zero_info(
            f"{len(passed)} hidden images and folders, or those of a system, in {root} are passed "
            f"over (first: {min(passed)})"
        )
