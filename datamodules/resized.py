"""Images of any size, resized to the size that the network was trained on."""

from collections.abc import Sequence

from torch import nn
from torchvision.transforms import InterpolationMode, v2

from datamodules.base import Split
from datamodules.image_files import ImageFolderError
from datamodules.pictures import PictureModule


def cropped(
    size: int, resize: int, interpolation: InterpolationMode | str, squash: bool = False
) -> list[nn.Module]:
    """Return the transforms that resize an image to `resize`, and crop `size` at its centre.

    With `squash` both sides become `resize`, otherwise the shorter side does.
    """
    sides = (resize, resize) if squash else resize
    to_size = v2.Resize(sides, InterpolationMode(interpolation), antialias=True)
    return [to_size, v2.CenterCrop(size)]


class ResizedModule(PictureModule):
    """Data module whose images get the network's own size, interpolation, crop and channels.

    Images are read with 8 bits in each channel: in colour, or in grey where the network's
    preprocessing has one channel.

    Args:
        root: Folder that contains the images.
        batch_size: Number of images per batch and process.
        workers: Number of loading processes per training process.
        size: Side of the network's input in pixels; by default the network's own.
        resize: Shorter side before the central crop in evaluation; by default the network's own.
        augmentation: Transforms of torchvision.transforms.v2 for training images, instead of a
            random resized crop and a horizontal flip.
        seed: Seed of all random numbers of the data.
        max_pixels: Number of pixels of the largest image file that is read.
        exif_orientation: Turn each image as its EXIF orientation says; torchvision does not.
    """

    def __init__(
        self,
        root: str,
        batch_size: int,
        workers: int,
        size: int | None,
        resize: int | None,
        augmentation: list[nn.Module] | None,
        seed: int,
        max_pixels: int,
        exif_orientation: bool,
    ) -> None:
        super().__init__(root, batch_size, workers, seed)
        for name, value in (("size", size), ("resize", resize), ("max_pixels", max_pixels)):
            if value is not None and value < 1:
                raise ValueError(f"`{name}` must be at least 1 pixel, got {value}")
        self.resize, self.augmentation = resize, augmentation
        self.max_pixels, self.exif_orientation = max_pixels, exif_orientation
        if size is not None:
            self.image_size = size
        self.interpolation, self.squash = InterpolationMode.BILINEAR, False

    def transform(self, split: Split) -> nn.Module:
        """Return the transform of a PIL image to a tensor (C, H, W) in [0, 1], C as the network."""
        transform = super().transform(split)
        return v2.Compose([v2.Grayscale(), transform]) if self.channels == 1 else transform

    def steps(self, split: Split) -> Sequence[nn.Module]:
        """Return the augmentation for training, otherwise resizing and a central crop."""
        if split != "train":
            side = self.resize or self.image_size
            return cropped(self.image_size, side, self.interpolation, self.squash)
        if self.augmentation is not None:
            return self.augmentation
        options = {"interpolation": self.interpolation, "antialias": True}
        crop = v2.RandomResizedCrop(self.image_size, **options)
        return [crop, v2.RandomHorizontalFlip()]

    def _read_network_preprocessing(self) -> None:
        module = None if self.trainer is None else self.trainer.lightning_module
        network = getattr(module, "network", None)
        preprocessing = getattr(network, "preprocessing", None)
        if preprocessing is not None:
            self.interpolation = InterpolationMode(preprocessing.interpolation)
            self.squash, self.channels = preprocessing.squash, len(preprocessing.mean)
            if self.channels not in (1, 3):
                raise ImageFolderError(
                    f"the network takes {self.channels} channels, and image files are read with 1 "
                    "or 3; set `options: {in_chans: 3}` of a network of timm, or write a data "
                    "module for images of more, as CONTRIBUTING.md says"
                )
            if not hasattr(self, "image_size"):
                self.image_size = preprocessing.size
                self.resize = self.resize or preprocessing.resize
        if not hasattr(self, "image_size"):
            raise ImageFolderError(
                f"the network {type(network).__name__} does not say the size of its images; set "
                "`size` in the data, or use a NormalizedNetwork"
            )
        self.resize = self.resize or self.image_size
        if self.resize < self.image_size:
            raise ImageFolderError(
                f"`resize` ({self.resize}) must be at least `size` ({self.image_size})"
            )
