"""Image files as a network takes them."""

import os
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.transforms import v2

from datamodules.image_files import decode
from datamodules.resized import cropped
from networks import Preprocessing

UNKNOWN = Preprocessing(224, 224, "bilinear", (0.0,) * 3, (1.0,) * 3)


def read(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    network: nn.Module | None = None,
    *,
    size: int | None = None,
) -> Tensor:
    """Return image files as one tensor (N, C, H, W) in [0, 1], at the size that a network takes.

    Pictures are turned upright, as their EXIF orientation says, resized and cropped at the centre.

    Args:
        paths: A file, or several.
        network: The network that is to see them, as `trompe.load` returns it.
        size: Side in pixels, in place of the network's own; 224 without a network.

    Raises: ValueError: a file is no image that can be read.

    Example:
        >>> read("docs/pictures/grad_cam.png", size=64).shape
        torch.Size([1, 3, 64, 64])
    """
    files = [paths] if isinstance(paths, str | os.PathLike) else [*paths]
    own = getattr(network, "preprocessing", UNKNOWN)
    side, resize = (size, size) if size else (own.size, own.resize)
    steps = [v2.ToImage(), *cropped(side, resize, own.interpolation, own.squash)]
    if len(own.mean) == 1:
        steps.append(v2.Grayscale())
    transform = v2.Compose([*steps, v2.ToDtype(torch.float32, scale=True)])
    pictures = [decode(Path(file), file, exif_orientation=True) for file in files]
    return torch.stack([transform(picture).as_subclass(Tensor) for picture in pictures])
