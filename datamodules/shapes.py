"""Shapes: rendered images of an object of twelve classes on a textured background."""

import hashlib
from copy import copy
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from datamodules.base import Batch, DataModule, Images, Split
from datamodules.outlines import OUTLINES, Array, Patch, coverage, placed
from datamodules.stream import Key
from seeds import combined_seed, generator

SIZE = 64
Y, X = np.mgrid[:SIZE, :SIZE] / SIZE
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class Drawing(NamedTuple):
    """Image (64, 64, 3) of bytes, its label, and the share of each pixel that the object covers."""

    image: NDArray[np.uint8]
    label: int
    mask: Array


def draw(seed: int, split: Split, index: int) -> Drawing:
    """Render image `index` of a split; it depends on these three arguments alone."""
    random = np.random.default_rng(combined_seed(seed, SPLITS.index(split), index))
    label = index % len(OUTLINES)
    image = _background(random)
    background_colour = image.mean((0, 1))
    for _ in range(random.integers(3, 6)):
        _paint(image, coverage(_distractor(random), SIZE), _colour(random, background_colour))
    outlines = list(OUTLINES.values())[label]
    radius = random.uniform(9, 14)
    patch = coverage(placed(outlines, _off_centre(random, radius), radius, _angle(random)), SIZE)
    _paint(image, patch, _colour(random, background_colour))
    mask = np.zeros((SIZE, SIZE))
    mask[patch.rows, patch.columns] = patch.cover
    image = image + random.normal(0, 0.03, image.shape)
    return Drawing((image.clip(0, 1) * 255).round().astype(np.uint8), label, mask)


def _angle(random: np.random.Generator) -> float:
    return random.uniform(0, 2 * np.pi)


def _background(random: np.random.Generator) -> Array:
    """Return a background (64, 64, 3) of two colours mixed by waves and smooth noise."""
    waves = np.zeros((SIZE, SIZE))
    for frequency in random.uniform(2, 12, 3):
        angle, phase = _angle(random), _angle(random)
        waves += np.sin(2 * np.pi * frequency * (X * np.cos(angle) + Y * np.sin(angle)) + phase) / 3
    rows = np.linspace(0, 5, SIZE)
    noise = random.normal(0, 0.5, (7, 7))
    lower, weight = rows.astype(int), rows % 1
    noise = noise[lower] * (1 - weight)[:, None] + noise[lower + 1] * weight[:, None]
    noise = noise[:, lower] * (1 - weight) + noise[:, lower + 1] * weight
    mix = (0.5 + 0.25 * waves + 0.4 * noise).clip(0, 1)[:, :, None]
    first = random.uniform(0.1, 0.9, 3)
    second = (first + random.uniform(-0.3, 0.3, 3)).clip(0, 1)
    background: Array = first * mix + second * (1 - mix)
    return background


def _colour(random: np.random.Generator, background_colour: Array) -> Array:
    """Return a random colour that differs from the background's by at least 0.4 in a channel."""
    colour = random.uniform(0, 1, 3)
    while np.abs(colour - background_colour).max() < 0.4:
        colour = random.uniform(0, 1, 3)
    return colour


def _distractor(random: np.random.Generator) -> list[Array]:
    """Return a thin bar or a small irregular quadrilateral, neither of which is a class."""
    centre, angle = random.uniform(2, SIZE - 2, 2), _angle(random)
    if random.uniform() < 0.5:
        x, y = random.uniform(5, 14), random.uniform(0.6, 1.5)
        bar = np.array([[x, y], [-x, y], [-x, -y], [x, -y]])
        return placed([bar], centre, 1.0, angle)
    angles = np.sort(random.uniform(0, 2 * np.pi, 4))
    radii = random.uniform(2, 6, 4)[:, None]
    return placed([radii * np.stack([np.cos(angles), np.sin(angles)], 1)], centre, 1.0, angle)


def _off_centre(random: np.random.Generator, radius: float) -> Array:
    """Return a centre off the image's centre that keeps the whole object inside the image."""
    while True:
        centre = random.uniform(radius, SIZE - radius, 2)
        if np.abs(centre - SIZE / 2).max() > 9:
            return centre


def _paint(image: Array, patch: Patch, colour: Array) -> None:
    region = image[patch.rows, patch.columns]
    region += (colour - region) * patch.cover[:, :, None]


class ShapeImages(Images):
    """Images of one split, rendered once and kept as bytes."""

    def __init__(self, seed: int, split: Split, length: int, augment: bool) -> None:
        drawings = [draw(seed, split, index) for index in range(length)]
        self.pixels = torch.from_numpy(np.stack([d.image for d in drawings])).permute(0, 3, 1, 2)
        masks = [(d.mask * 255).round().astype(np.uint8) for d in drawings]
        self.mask_bytes = torch.from_numpy(np.stack(masks))[:, None]
        self.labels = torch.tensor([d.label for d in drawings])
        self.seed, self.augment = seed, augment

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    def subset(self, indices: list[int]) -> Self:
        """Return these images alone, in this order, with indices from 0."""
        images = copy(self)
        for name in ("pixels", "mask_bytes", "labels"):
            setattr(images, name, getattr(self, name)[indices])
        return images

    def __getitem__(self, key: Key) -> Batch:
        """Return one image; if augmented, it is randomly flipped along both sides."""
        epoch, index = key
        image = self.pixels[index].float() / 255
        if self.augment:
            flips = torch.rand(2, generator=generator(self.seed, epoch, index)) < 0.5
            image = image.flip([axis + 1 for axis in range(2) if flips[axis]])
        return Batch(image, self.labels[index], torch.tensor(index))


class Shapes(DataModule):
    """Rendered images of 64 x 64 pixels with an off-centre object of one of twelve classes.

    Args:
        train: Number of training images.
        validation: Number of validation images.
        test: Number of test images.
        batch_size: Number of images per batch and process.
        workers: Number of loading processes per training process.
        seed: Image i of a split depends on this seed, the split and i alone.
    """

    classes = tuple(OUTLINES)
    image_size = SIZE

    def __init__(
        self,
        train: int = 12000,
        validation: int = 1200,
        test: int = 2400,
        batch_size: int = 128,
        workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__(batch_size, workers, seed)
        self.lengths: dict[Split, int] = {"train": train, "validation": validation, "test": test}
        for split, length in self.lengths.items():
            if length < 1:
                raise ValueError(f"`{split}` must be at least 1 image, got {length}")
        self._rendered: dict[Split, ShapeImages] = {}

    def all_images(self, split: Split) -> ShapeImages:
        """Return all images of a split with their masks; they are rendered on first use."""
        if split not in self._rendered:
            self._rendered[split] = ShapeImages(
                self.seed, split, self.lengths[split], split == "train"
            )
        return self._rendered[split]

    def images(self, split: Split) -> ShapeImages:
        """Return a split's images; of the test split a class-balanced subset if `limit` is set."""
        return self._limited(self.all_images(split), split)

    def fingerprint(self, split: Split) -> str:
        """Return a digest of the split's pixels and labels."""
        images = self.images(split)
        content = images.pixels.numpy().tobytes() + images.labels.numpy().tobytes()
        return hashlib.sha256(content).hexdigest()[:16]

    def masks(self, indices: Tensor, split: Split) -> Tensor:
        """Return the share of each pixel that the object covers, (N, 1, 64, 64), in [0, 1]."""
        return self.images(split).mask_bytes[indices].float() / 255
