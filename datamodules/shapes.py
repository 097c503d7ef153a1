"""Shapes: an object of one of twelve classes on a textured ground with distractors, drawn by us."""

import hashlib
from copy import copy
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from datamodules.base import Batch, DataModule, Images, Split
from datamodules.figures import OUTLINES, Array, Patch, coverage, placed
from datamodules.stream import Key
from seeds import combined_seed, generator

SIZE = 64
Y, X = np.mgrid[:SIZE, :SIZE] / SIZE
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class Drawing(NamedTuple):
    """An image (SIZE, SIZE, 3) of bytes, its class, and how much of each pixel is the object."""

    image: NDArray[np.uint8]
    label: int
    mask: Array


def draw(seed: int, split: Split, index: int) -> Drawing:
    """Draw item `index` of a split; it depends on these three arguments alone."""
    random = np.random.default_rng(combined_seed(seed, SPLITS.index(split), index))
    label = index % len(OUTLINES)
    image = _ground(random)
    ground = image.mean((0, 1))
    for _ in range(random.integers(3, 6)):
        _paint(image, coverage(_distractor(random), SIZE), _colour(random, ground))
    outlines = list(OUTLINES.values())[label]
    radius = random.uniform(9, 14)
    figure = coverage(placed(outlines, _off_centre(random, radius), radius, _angle(random)), SIZE)
    _paint(image, figure, _colour(random, ground))
    mask = np.zeros((SIZE, SIZE))
    mask[figure.rows, figure.columns] = figure.cover
    image = image + random.normal(0, 0.03, image.shape)
    return Drawing((image.clip(0, 1) * 255).round().astype(np.uint8), label, mask)


def _angle(random: np.random.Generator) -> float:
    return random.uniform(0, 2 * np.pi)


def _ground(random: np.random.Generator) -> Array:
    """Two colours mixed by waves and by smooth noise."""
    waves = np.zeros((SIZE, SIZE))
    for frequency in random.uniform(2, 12, 3):
        angle, phase = _angle(random), _angle(random)
        waves += np.sin(2 * np.pi * frequency * (X * np.cos(angle) + Y * np.sin(angle)) + phase) / 3
    rows = np.linspace(0, 5, SIZE)
    noise = random.normal(0, 0.5, (7, 7))
    whole, part = rows.astype(int), rows % 1
    noise = noise[whole] * (1 - part)[:, None] + noise[whole + 1] * part[:, None]
    noise = noise[:, whole] * (1 - part) + noise[:, whole + 1] * part
    mix = (0.5 + 0.25 * waves + 0.4 * noise).clip(0, 1)[:, :, None]
    first = random.uniform(0.1, 0.9, 3)
    second = (first + random.uniform(-0.3, 0.3, 3)).clip(0, 1)
    ground: Array = first * mix + second * (1 - mix)
    return ground


def _colour(random: np.random.Generator, ground: Array) -> Array:
    """A colour that differs from the ground's mean colour, by chance less or more."""
    colour = random.uniform(0, 1, 3)
    while np.abs(colour - ground).max() < 0.4:
        colour = random.uniform(0, 1, 3)
    return colour


def _distractor(random: np.random.Generator) -> list[Array]:
    """A bar or a small crooked quadrilateral, neither of any class."""
    centre, angle = random.uniform(2, SIZE - 2, 2), _angle(random)
    if random.uniform() < 0.5:
        long, thin = random.uniform(5, 14), random.uniform(0.6, 1.5)
        bar = np.array([[long, thin], [-long, thin], [-long, -thin], [long, -thin]])
        return placed([bar], centre, 1.0, angle)
    spread = np.sort(random.uniform(0, 2 * np.pi, 4))
    radii = random.uniform(2, 6, 4)[:, None]
    return placed([radii * np.stack([np.cos(spread), np.sin(spread)], 1)], centre, 1.0, angle)


def _off_centre(random: np.random.Generator, radius: float) -> Array:
    """A centre away from the frame's own, with the whole object in the frame."""
    while True:
        centre = random.uniform(radius, SIZE - radius, 2)
        if np.abs(centre - SIZE / 2).max() > 9:
            return centre


def _paint(image: Array, patch: Patch, colour: Array) -> None:
    part = image[patch.rows, patch.columns]
    part += (colour - part) * patch.cover[:, :, None]


class ShapeImages(Images):
    """The items of one split, drawn once and kept as bytes."""

    def __init__(self, seed: int, split: Split, length: int, augment: bool) -> None:
        drawings = [draw(seed, split, index) for index in range(length)]
        self.pixels = torch.from_numpy(np.stack([d.image for d in drawings])).permute(0, 3, 1, 2)
        masks = [(d.mask * 255).round().astype(np.uint8) for d in drawings]
        self.bytes_of_masks = torch.from_numpy(np.stack(masks))[:, None]
        self.labels = torch.tensor([d.label for d in drawings])
        self.seed, self.augment = seed, augment

    def __len__(self) -> int:
        """Number of images."""
        return len(self.labels)

    def some(self, numbers: list[int]) -> Self:
        """These images alone, numbered anew in this order."""
        images = copy(self)
        for name in ("pixels", "bytes_of_masks", "labels"):
            setattr(images, name, getattr(self, name)[numbers])
        return images

    def __getitem__(self, key: Key) -> Batch:
        """One image, flipped at random each way when the split is augmented."""
        epoch, index = key
        image = self.pixels[index].float() / 255
        if self.augment:
            flips = torch.rand(2, generator=generator(self.seed, epoch, index)) < 0.5
            image = image.flip([side + 1 for side in range(2) if flips[side]])
        return Batch(image, self.labels[index], torch.tensor(index))


class Shapes(DataModule):
    """Drawn images of 64 pixels: an object of one of twelve classes somewhere off-centre.

    Args:
        train: Number of training images.
        validation: Number of validation images.
        test: Number of test images.
        batch_size: Images in a batch of one process.
        workers: Processes that load images beside each training process.
        seed: Item i of a split depends on this seed, the split and i alone.
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
        self._drawn: dict[Split, ShapeImages] = {}

    def all_images(self, split: Split) -> ShapeImages:
        """The images of a split with their masks, drawn on first use."""
        if split not in self._drawn:
            self._drawn[split] = ShapeImages(
                self.seed, split, self.lengths[split], split == "train"
            )
        return self._drawn[split]

    def images(self, split: Split) -> ShapeImages:
        """The images of a split; of the test split at most `limit`, as much of every class."""
        return self._limited(self.all_images(split), split)

    def fingerprint(self, split: Split) -> str:
        """A digest of the split's pixels and labels."""
        images = self.images(split)
        content = images.pixels.numpy().tobytes() + images.labels.numpy().tobytes()
        return hashlib.sha256(content).hexdigest()[:16]

    def masks(self, indices: Tensor, split: Split) -> Tensor:
        """How much of each pixel is the object, shape (N, 1, 64, 64), in [0, 1]."""
        return self.images(split).bytes_of_masks[indices].float() / 255
