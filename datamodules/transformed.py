"""Pictures read and transformed on request."""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor, nn

from datamodules.base import Batch, Images
from datamodules.seeds import generator, mixed
from datamodules.stream import Key


class TransformedImages(Images):
    """Pictures with a transform, which draws from the seed, the epoch and the image alone."""

    def __init__(self, labels: Sequence[int], transform: nn.Module, seed: int) -> None:
        self.labels = torch.tensor(labels)
        self.transform, self.seed = transform, seed

    @abstractmethod
    def read(self, index: int) -> Image.Image:
        """One picture as it is kept, in RGB."""

    def __len__(self) -> int:
        """Number of images."""
        return len(self.labels)

    def __getitem__(self, key: Key) -> Batch:
        """One image as it is in this epoch."""
        epoch, index = key
        with torch.random.fork_rng(devices=[]):
            # torch.manual_seed also queues a call for the GPU, with a traceback, at every image
            torch.default_generator.manual_seed(mixed(self.seed, epoch, index))
            image: Tensor = self.transform(self.read(index))
        return Batch(image.as_subclass(Tensor), self.labels[index], torch.tensor(index))


def halves(labels: Sequence[int], seed: int) -> tuple[list[int], list[int]]:
    """The indices of two disjoint halves, each with half of every class, by a fixed shuffle."""
    by_class: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        by_class.setdefault(label, []).append(index)
    shuffled = [
        members[position]
        for label, members in by_class.items()
        for position in torch.randperm(len(members), generator=generator(seed, label)).tolist()
    ]
    # alternating over all classes, so that classes of odd size fill both halves alike
    return sorted(shuffled[::2]), sorted(shuffled[1::2])
