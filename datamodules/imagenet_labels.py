"""Conversion of a dataset's own labels to ImageNet's labels."""

from collections.abc import Collection, Sequence
from functools import cache

from timm.data import ImageNetInfo

from datamodules.image_files import ImageFolderError


@cache
def imagenet_info() -> ImageNetInfo:
    """Return timm's list of ImageNet's classes, which is read once as that takes long."""
    return ImageNetInfo()


def check_columns(columns: Collection[str], origin: object) -> None:
    """Raise ImageFolderError unless the columns include `image` and `label`."""
    if not {"image", "label"} <= set(columns):
        raise ImageFolderError(
            f"{origin} has the columns {', '.join(columns)}; expected `image` and `label`: rename "
            "the columns of images and labels"
        )


def imagenet_labels(
    labels: Sequence[int], names: Sequence[str] | None, origin: object
) -> list[int]:
    """Return the labels in ImageNet's order.

    Args:
        labels: indices into `names`, or into ImageNet's classes if `names` is None.
        names: WordNet IDs in any order, or the names of all 1,000 classes in ImageNet's order.
        origin: name of the dataset in error messages.

    Raises: ImageFolderError: a name is not an ImageNet class, or a label is not an index.
    """
    label_of_name = _labels_of_names(names, origin)
    for label in labels:
        if not isinstance(label, int) or not 0 <= label < len(label_of_name):
            raise ImageFolderError(
                f"{origin} has the label {label!r}, expected integers from 0 to "
                f"{len(label_of_name) - 1}; save the dataset again with such labels"
            )
    return [label_of_name[label] for label in labels]


def _labels_of_names(names: Sequence[str] | None, origin: object) -> Sequence[int]:
    """Return ImageNet's label of each name."""
    info = imagenet_info()
    labels = {wnid: label for label, wnid in enumerate(info.label_names())}
    words = [description.partition(",")[0] for description in info.label_descriptions()]
    if names is None or _begin_with(names, words):
        return range(len(words))
    if unknown := [name for name in names if name not in labels]:
        raise ImageFolderError(
            f"{origin} has the class {unknown[0]}, which is not a class of ImageNet; expected "
            f"WordNet IDs such as n01440764, or the names of all {len(words)} classes in "
            "ImageNet's order. For other classes use ImageFolder"
        )
    return [labels[name] for name in names]


def _begin_with(names: Sequence[str], words: Sequence[str]) -> bool:
    # Hugging Face calls the second of two classes named "crane" "crane2"
    return len(names) == len(words) and all(map(str.startswith, names, words))
