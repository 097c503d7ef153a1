"""Which images come in which batch: a function of seed, position and process alone."""

from collections.abc import Callable, Iterator

import torch
from torch.utils.data import Sampler

from seeds import generator

Key = tuple[int, int]


class TrainStream(Sampler[list[Key]]):
    """Endless shuffled batches, cut into epochs; each key is (epoch, image).

    Batch b is a function of the seed and b alone, and the processes share it out, so that a
    resumed run sees what the uninterrupted one would, and two processes what one would.
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
        # the images that do not fill a batch wait for another pass over them
        self.batches_in_pass = images // self.whole_batch
        self.batches = batches or self.batches_in_pass

    def __len__(self) -> int:
        """Batches in an epoch: those of one pass, or as many as another stream has."""
        return self.batches

    def __iter__(self) -> Iterator[list[Key]]:
        """One epoch's worth of batches, from the first one that training has not seen."""
        first = self.done()
        for position in range(first, first + len(self)):
            epoch, batch = divmod(position, self.batches_in_pass)
            if position == first or batch == 0:
                order = torch.randperm(self.images, generator=generator(self.seed, epoch))
            whole = order[batch * self.whole_batch : (batch + 1) * self.whole_batch]
            yield [(epoch, int(image)) for image in whole[self.rank :: self.world]]


class EvaluationStream(Sampler[list[Key]]):
    """Every image once, in the same number of batches on every process; each key is (0, image).

    An equal number of batches keeps processes in step; nothing is repeated to fill one up. The
    first ones are left out where a resumed evaluation has them behind it.
    """

    def __init__(self, images: int, batch_size: int, rank: int, world: int, first: int = 0) -> None:
        _check_enough(images, world)
        self.first = first
        self.mine = torch.arange(images)[rank::world]
        most, fewest = -(-images // world), images // world
        self.batches = min(-(-most // batch_size), fewest)

    def __len__(self) -> int:
        """Batches on this process, as many as on any other but for those left out."""
        return self.batches - self.first

    def __iter__(self) -> Iterator[list[Key]]:
        """This process's images, in batches whose sizes differ by one at most."""
        for batch in self.mine.tensor_split(self.batches)[self.first :]:
            yield [(0, int(image)) for image in batch]


def _check_enough(images: int, world: int) -> None:
    if images < world:
        raise ValueError(f"{images} images cannot be shared out to {world} processes; use fewer")
