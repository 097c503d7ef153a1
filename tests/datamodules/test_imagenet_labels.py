"""ImageNet's labels from class names in any order, and what is refused."""

import re

import pytest
from timm.data import ImageNetInfo

from datamodules.image_files import ImageFolderError
from datamodules.imagenet_labels import check_columns, imagenet_labels

WNIDS = ImageNetInfo().label_names()
WORDS = ImageNetInfo().label_descriptions()


def test_wordnet_numbers_in_any_order() -> None:
    names = WNIDS[500:] + WNIDS[:500]
    assert imagenet_labels([0, 499, 500, 999, 0], names, "it") == [500, 999, 0, 499, 500]
    assert imagenet_labels([1, 0], ["n01443537", "n02504458"], "it") == [386, 1]


def test_words_in_imagenets_order() -> None:
    second_crane = [f"{name}2" if place == 517 else name for place, name in enumerate(WORDS)]
    for names in (WORDS, second_crane, [name.partition(",")[0] for name in WORDS], None):
        assert imagenet_labels([3, 0, 999], names, "it") == [3, 0, 999]


@pytest.mark.parametrize(
    ("names", "strange"),
    [
        (["n01440764", "cat"], "cat"),
        (WORDS[::-1], WORDS[-1]),
        (WORDS[:100], WORDS[0]),
        ([*WNIDS[:999], "n00000000"], "n00000000"),
    ],
)
def test_classes_that_are_not_imagenets(names: list[str], strange: str) -> None:
    message = re.escape(f"it has the class {strange}, which is not a class of ImageNet")
    with pytest.raises(ImageFolderError, match=f"{message}.*For other classes use ImageFolder"):
        imagenet_labels([0], names, "it")


@pytest.mark.parametrize(
    ("label", "names", "last"),
    [(1000, None, 999), (-1, None, 999), (2, WNIDS[:2], 1), ("cat", None, 999), (None, WORDS, 999)],
)
def test_labels_that_are_no_places(label: object, names: list[str] | None, last: int) -> None:
    message = f"it has the label {label!r}, expected integers from 0 to {last}"
    with pytest.raises(ImageFolderError, match=message):
        imagenet_labels([0, label], names, "it")  # type: ignore[list-item]  # as files have them


@pytest.mark.parametrize("columns", [["image", "cls"], ["img", "label"], []])
def test_columns(columns: list[str]) -> None:
    check_columns(["image", "label", "more"], "it")
    message = f"it has the columns {', '.join(columns)}; expected `image` and `label`"
    with pytest.raises(ImageFolderError, match=message):
        check_columns(columns, "it")
