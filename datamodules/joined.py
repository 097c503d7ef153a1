"""Composite images that join two images."""

from copy import copy
from typing import Literal, Self

import torch
import torch.nn.functional as F
from torch import Tensor

from datamodules.base import Batch, Images
from datamodules.stream import Key
from seeds import generator

Layout = Literal["horizontal", "vertical", "grid"]


def joined(first: Tensor, second: Tensor, layout: Layout) -> Tensor:
    """Return one image (3, H, W) that contains two images (3, H, W), each scaled down.

    The layout is side by side ("horizontal"), one above the other ("vertical"), or each image
    twice, in opposite corners ("grid").
    """
    height, width = first.shape[1:]
    if layout == "grid":
        top = joined(first, second, "horizontal")
        bottom = joined(second, first, "horizontal")
        return joined(top, bottom, "vertical")
    dimension = 2 if layout == "horizontal" else 1
    scaled = []
    for image, side in zip((first, second), _halves((height, width)[dimension - 1]), strict=True):
        size = (height, side) if layout == "horizontal" else (side, width)
        scaled.append(F.interpolate(image[None], size, mode="bilinear", antialias=True)[0])
    return torch.cat(scaled, dimension)


def _halves(side: int) -> tuple[int, int]:
    return side // 2, side - side // 2


class CompositeImages(Images):
    """Images of one class joined with images of another; no pair occurs twice."""

    def __init__(
        self, images: Images, classes: tuple[int, int], length: int, layout: Layout, seed: int
    ) -> None:
        self.images, self.layout = images, layout
        self.labels = torch.tensor(classes).repeat(length, 1)
        members = [(images.labels == label).nonzero()[:, 0] for label in classes]
        first, second = (
            indices[torch.randperm(len(indices), generator=generator(seed, label))]
            for indices, label in zip(members, classes, strict=True)
        )
        available = len(first) * len(second)
        if length > available:
            raise ValueError(
                f"{length} composites need as many pairs of images, and {len(first)} images of one "
                f"class and {len(second)} of the other make {available} pairs; give more images or "
                "fewer composites"
            )
        number = torch.arange(length)
        # each pass uses every image of the first class once, with another partner than before
        passes, position = number // len(first), number % len(first)
        self.pairs = torch.stack([first[position], second[(position + passes) % len(second)]], 1)
        # the first class comes first in half of the composites
        self.in_order = torch.randperm(length, generator=generator(seed, *classes)) % 2 == 0

    def __len__(self) -> int:
        """Return the number of composites."""
        return len(self.pairs)

    def subset(self, indices: list[int]) -> Self:
        """Return these composites alone, in this order, with indices from 0."""
        composites = copy(self)
        for name in ("pairs", "in_order", "labels"):
            setattr(composites, name, getattr(self, name)[indices])
        return composites

    def __getitem__(self, key: Key) -> Batch:
        """Return two images, augmented for the epoch and joined, with both labels."""
        epoch, index = key
        first, second = (self.images[epoch, number].images for number in self.pairs[index].tolist())
        ordered = (first, second) if self.in_order[index] else (second, first)
        return Batch(joined(*ordered, self.layout), self.labels[index], torch.tensor(index))
