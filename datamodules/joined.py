"""Two images in one frame."""

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
    """Two images (3, H, W) in one frame (3, H, W), each scaled to its part of it.

    Side by side ("horizontal"), one above the other ("vertical"), or each twice, in opposite
    corners ("grid").
    """
    height, width = first.shape[1:]
    if layout == "grid":
        top = joined(first, second, "horizontal")
        bottom = joined(second, first, "horizontal")
        return joined(top, bottom, "vertical")
    dimension = 2 if layout == "horizontal" else 1
    parts = []
    for image, part in zip((first, second), _halves((height, width)[dimension - 1]), strict=True):
        size = (height, part) if layout == "horizontal" else (part, width)
        parts.append(F.interpolate(image[None], size, mode="bilinear", antialias=True)[0])
    return torch.cat(parts, dimension)


def _halves(side: int) -> tuple[int, int]:
    return side // 2, side - side // 2


class CompositeImages(Images):
    """Images of one class joined with images of another; no pair comes twice."""

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
                f"class and {len(second)} of the other make {available}; give more images, or "
                "fewer composites"
            )
        number = torch.arange(length)
        # every image once before one comes again, then each with another partner
        passes, place = number // len(first), number % len(first)
        self.pairs = torch.stack([first[place], second[(place + passes) % len(second)]], 1)
        # as many have the first class in front as have the second
        self.in_order = torch.randperm(length, generator=generator(seed, *classes)) % 2 == 0

    def __len__(self) -> int:
        """Number of composites."""
        return len(self.pairs)

    def some(self, numbers: list[int]) -> Self:
        """These composites alone, numbered anew in this order."""
        composites = copy(self)
        for name in ("pairs", "in_order", "labels"):
            setattr(composites, name, getattr(self, name)[numbers])
        return composites

    def __getitem__(self, key: Key) -> Batch:
        """Two images as they are in this epoch, joined; the label is that of both classes."""
        epoch, index = key
        first, second = (self.images[epoch, number].images for number in self.pairs[index].tolist())
        front = (first, second) if self.in_order[index] else (second, first)
        return Batch(joined(*front, self.layout), self.labels[index], torch.tensor(index))
