"""Images a second of one core: reading and decoding, the transforms, and the two together.

Training on ImageNet is as fast as its workers decode: divide the images that a GPU takes in a
second by the last line to know how many workers it wants. Without --root the images are drawn:
JPEG files of ImageNet's usual size, as hard to decode as photographs.
"""

import argparse
import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.timing import Task, alternated
from datamodules import ImageNet
from datamodules.imagenet import pictures_of
from datamodules.pictures import Pictures

DRAWN = 32


def draw(root: Path) -> None:
    """Smooth noise with grain, 500x375, in the folder of one class."""
    generator = torch.Generator().manual_seed(0)
    folder = root / "val" / "n01440764"
    folder.mkdir(parents=True)
    for number in range(DRAWN):
        coarse = torch.rand(1, 3, 12, 16, generator=generator)
        pixels = torch.nn.functional.interpolate(coarse, (375, 500), mode="bicubic")[0]
        pixels += 0.05 * torch.randn(3, 375, 500, generator=generator)
        array = (255 * pixels.clamp(0, 1)).byte().permute(1, 2, 0).numpy()
        Image.fromarray(array).save(folder / f"{number}.JPEG", quality=90)


def tasks(pictures: Pictures, count: int) -> dict[str, Task]:
    """Each part of an image's way, on the first images."""
    data = ImageNet("", size=224, resize=256)
    chosen = range(count)
    decoded = [pictures.read(number) for number in chosen]
    training, evaluation = data.transform("train"), data.transform("test")
    return {
        "read and decode": lambda: [pictures.read(number) for number in chosen],
        "crop, resize and flip, for training": lambda: [training(p) for p in decoded],
        "resize and crop, for evaluation": lambda: [evaluation(p) for p in decoded],
        "all for training": lambda: [training(pictures.read(n)) for n in chosen],
    }


def main() -> None:
    """Time the parts on one core and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, help="ImageNet, as datamodules.ImageNet reads it")
    parser.add_argument("--images", type=int, default=100, help="images to time")
    parser.add_argument("--rounds", type=int, default=5, help="rounds to time")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with TemporaryDirectory() as folder:
        if options.root is None:
            draw(Path(folder))
        pictures = pictures_of(options.root or Path(folder), "val", [])
        count = min(options.images, len(pictures.labels))
        taken = alternated(tasks(pictures, count), options.rounds, "decoding")
    table = Table("one core", "images a second", "share of all")
    whole = statistics.median(taken["all for training"])
    for name, seconds in taken.items():
        middle = statistics.median(seconds)
        table.add_row(name, f"{count / middle:.0f}", f"{middle / whole:.2f}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
