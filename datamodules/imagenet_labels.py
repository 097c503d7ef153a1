"""ImageNet's labels from those of a dataset that names its classes itself."""

from collections.abc import Collection, Sequence

from timm.data import ImageNetInfo

from datamodules.image_files import ImageFolderError


def check_columns(columns: Collection[str], origin: object) -> None:
    """Raise ImageFolderError unless there are the columns `image` and `label`."""
    if not {"image", "label"} <= set(columns):
        raise ImageFolderError(
            f"{origin} has the columns {', '.join(columns)}; expected `image` and `label`: rename "
            "those that hold them"
        )


def imagenet_labels(
    labels: Sequence[int], names: Sequence[str] | None, origin: object
) -> list[int]:
    """The labels in ImageNet's order.

    Args:
        labels: places in `names`, or in ImageNet's own order where there are none.
        names: WordNet numbers in any order, or the words of all 1,000 classes in ImageNet's order.
        origin: what errors call the dataset.

    Raises: ImageFolderError: a name is none of ImageNet's classes, or a label is no place.
    """
    own = _own_labels(names, origin)
    for label in labels:
        if not isinstance(label, int) or not 0 <= label < len(own):
            raise ImageFolderError(
                f"{origin} has the label {label!r}; labels are numbers from 0 to {len(own) - 1}"
            )
    return [own[label] for label in labels]


def _own_labels(names: Sequence[str] | None, origin: object) -> Sequence[int]:
    """ImageNet's label of each name."""
    info = ImageNetInfo()
    labels = {wnid: label for label, wnid in enumerate(info.label_names())}
    words = [description.partition(",")[0] for description in info.label_descriptions()]
    if names is None or _begin_with(names, words):
        return range(len(words))
    if strange := [name for name in names if name not in labels]:
        raise ImageFolderError(
            f"{origin} has the class {strange[0]}, which is none of ImageNet's by that name; "
            f"expected WordNet numbers such as n01440764, or the words of all {len(words)} classes "
            "in ImageNet's order. For other classes use ImageFolder"
        )
    return [labels[name] for name in names]


def _begin_with(names: Sequence[str], words: Sequence[str]) -> bool:
    # Hugging Face tells the second crane from the first as "crane2"
    return len(names) == len(words) and all(map(str.startswith, names, words))
