"""Batch samplers that depend on seed, batch number and process alone."""

from collections.abc import Callable, Iterator

import torch
from torch.utils.data import Sampler

from seeds import generator

Key = tuple[int, int]


class TrainStream(Sampler[list[Key]]):
    """Shuffled batches of training, divided into epochs; each key is (epoch, image).

    Batch b depends on the seed and b alone, and is divided among the processes. A resumed run thus
    gets the same batches as an uninterrupted one, and several processes together the same batches
    as one. `done` returns the number of batches already trained on.
    """

    def __init__(
        self,
        images: int,
        batch_size: int,
        seed: int,
        rank: int,
        world: int,
        done: Callable[[], int],
        batches: int | None = None,
    ) -> None:
        _check_enough(images, world)
        self.images, self.seed, self.rank, self.world, self.done = images, seed, rank, world, done
        self.whole_batch = min(batch_size * world, images)
        # images that do not fill a batch are left out of this pass
        self.batches_in_pass = images // self.whole_batch
        self.batches = batches or self.batches_in_pass

    def __len__(self) -> int:
        """Return the number of batches in an epoch: `batches`, or those of one pass."""
        return self.batches

    def __iter__(self) -> Iterator[list[Key]]:
        """Yield the batches of one epoch, from the first one not yet trained on."""
        first = self.done()
        for number in range(first, first + len(self)):
            epoch, batch = divmod(number, self.batches_in_pass)
            if number == first or batch == 0:
                order = torch.randperm(self.images, generator=generator(self.seed, epoch))
            whole = order[batch * self.whole_batch : (batch + 1) * self.whole_batch]
            yield [(epoch, int(image)) for image in whole[self.rank :: self.world]]


class EvaluationStream(Sampler[list[Key]]):
    """Every image once, in the same number of batches on every process; each key is (0, image).

    No image is repeated to fill a batch. A resumed evaluation skips the `first` batches, which are
    done already.
    """

    def __init__(self, images: int, batch_size: int, rank: int, world: int, first: int = 0) -> None:
        _check_enough(images, world)
        self.first = first
        self.own_images = torch.arange(images)[rank::world]
        most, fewest = -(-images // world), images // world
        self.batches = min(-(-most // batch_size), fewest)
        if first > self.batches:
            raise ValueError(f"{first} batches are done already, but there are {self.batches}")

    def __len__(self) -> int:
        """Return the number of batches without those skipped, equal on all processes."""
        return self.batches - self.first

    def __iter__(self) -> Iterator[list[Key]]:
        """Yield this process's images in batches whose sizes differ by at most one."""
        for batch in self.own_images.tensor_split(self.batches)[self.first :]:
            yield [(0, int(image)) for image in batch]


def _check_enough(images: int, world: int) -> None:
    if images < world:
        raise ValueError(
            f"{images} images cannot be divided among {world} processes; use fewer processes"
        )
