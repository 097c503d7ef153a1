"""Expected gradients (Erion et al. 2021)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from files import StoredFileError, in_8_bits, opened_image
from interpreters.explored.base import Explored
from networks.goals import gradient, probability
from networks.logits import read_logits
from seeds import generator


@dataclass(frozen=True)
class ExpectedGradients(Explored):
    """Mean gradient on lines from reference images, times their length (Erion et al. 2021).

    Args:
        references: Paths of the reference images, which are resized to the explained images; a
            black and a white image if none is given.
        samples: Number of random points, each on the line from a random reference.
        seed: Seed of references and points, the same for all images.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> interpreter = ExpectedGradients(["docs/pictures/grad_cam.png"], samples=2)
        >>> interpreter(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    references: Sequence[str] = ()
    samples: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.samples < 1:
            raise ValueError(f"`samples` must be at least 1, got {self.samples}")
        _ = self._pictures

    @torch.no_grad()
    def explore(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """Return the mean of difference times the probability's gradient, shape (N, 3, H, W)."""
        images, random = images.detach(), generator(self.seed)
        size = (images.shape[2], images.shape[3])
        others = [_resized(picture, size).to(images) for picture in self._pictures]
        total = torch.zeros_like(images)
        for _ in range(self.samples):
            other = others[int(torch.randint(len(others), (1,), generator=random))]
            fraction = float(torch.rand(1, generator=random))
            line = images - other
            slope = gradient(
                lambda x: probability(read_logits(network(x)), labels), other + fraction * line
            )
            total += line * slope
        return total / self.samples

    @cached_property
    def _pictures(self) -> list[Tensor]:
        black = torch.zeros(1, 1, 1, 1)
        return [_read(Path(path)) for path in self.references] or [black, black + 1]


def _read(path: Path) -> Tensor:
    try:
        with opened_image(path) as file:
            pixels = torch.from_numpy(np.array(in_8_bits(file).convert("RGB")))
    except StoredFileError as error:
        raise ValueError(
            f"cannot read one of the `references`: {error}; give paths of image files"
        ) from error
    return pixels.permute(2, 0, 1)[None].float() / 255


def _resized(picture: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(picture, size, mode="bilinear", antialias=True, align_corners=False)
