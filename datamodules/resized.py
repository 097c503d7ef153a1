"""Pictures of any size, brought to the size that the network was trained for."""

from collections.abc import Sequence

from torch import nn
from torchvision.transforms import InterpolationMode, v2

from datamodules.base import Split
from datamodules.image_files import ImageFolderError
from datamodules.pictures import PictureModule


class ResizedModule(PictureModule):
    """A data module whose images have the network's own size, interpolation and crop.

    Args:
        root: Where the images are.
        batch_size: Images in a batch of one process.
        workers: Processes that load images beside each training process.
        size: Side in pixels of the network's input; the network's own when not given.
        resize: Shorter side before the central crop, in evaluation; the network's own if not given.
        augmentation: Transforms of torchvision.transforms.v2 for training images, in place of a
            random resized crop and a horizontal flip.
        seed: Seed of everything random in the data.
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
    ) -> None:
        super().__init__(root, batch_size, workers, seed)
        for name, value in (("size", size), ("resize", resize)):
            if value is not None and value < 1:
                raise ValueError(f"`{name}` must be at least 1 pixel, got {value}")
        self.resize, self.augmentation = resize, augmentation
        if size is not None:
            self.image_size = size
        self.interpolation, self.squash = InterpolationMode.BILINEAR, False

    def steps(self, split: Split) -> Sequence[nn.Module]:
        """Augmented for training; otherwise resized and cropped at the centre."""
        options = {"interpolation": self.interpolation, "antialias": True}
        if split != "train":
            size = (self.resize, self.resize) if self.squash else self.resize
            return [v2.Resize(size, **options), v2.CenterCrop(self.image_size)]
        if self.augmentation is not None:
            return self.augmentation
        crop = v2.RandomResizedCrop(self.image_size, **options)
        return [crop, v2.RandomHorizontalFlip()]

    def _take_sizes_of_network(self) -> None:
        module = None if self.trainer is None else self.trainer.lightning_module
        own = getattr(getattr(module, "network", None), "preprocessing", None)
        if own is not None:
            self.interpolation, self.squash = InterpolationMode(own.interpolation), own.squash
            if not hasattr(self, "image_size"):
                self.image_size, self.resize = own.size, self.resize or own.resize
        if not hasattr(self, "image_size"):
            raise ImageFolderError("the network does not say the size of its images; set `size`")
        self.resize = self.resize or self.image_size
        if self.resize < self.image_size:
            raise ImageFolderError(
                f"`resize` ({self.resize}) must be at least `size` ({self.image_size})"
            )
