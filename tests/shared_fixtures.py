"""Fixtures that every test may use."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import GPU, PREPROCESSING, TinyNetwork
from torch import Tensor

from datamodules.shapes import draw
from evaluation.report import drawing
from lightning_modules.callbacks import HeatmapPanel
from networks import NormalizedNetwork
from trompe.command_line import CommandLine

# of each command, what its parser is made of
PARSERS: dict[type[CommandLine], dict[str, Any]] = {}


@pytest.fixture(autouse=True)
def _seed() -> None:
    # torch.manual_seed also queues a call for each kind of accelerator, with a traceback
    torch.default_generator.manual_seed(0)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(0)


@pytest.fixture(scope="session", autouse=True)
def _drawn_once() -> Iterator[None]:
    """One drawing of an image of Shapes serves all tests: it depends on its arguments alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datamodules.shapes.draw", cache(draw))
        yield


@pytest.fixture(scope="module")
def without_pdf() -> Iterator[None]:
    """A report's pictures are PNGs alone, where it is tested for something else."""
    rendered = drawing.rendered
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            drawing, "rendered", lambda f, form: b"" if form == "pdf" else rendered(f, form)
        )
        yield


@pytest.fixture(scope="module")
def few_pictures() -> Iterator[None]:
    """TensorBoard is shown one image where a run is tested for something else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HeatmapPanel.__init__, "__defaults__", (1,))
        yield


@pytest.fixture(scope="module")
def kept_parsers() -> Iterator[None]:
    """One parser serves all runs of a command: it is the same for all, and takes long to make."""
    set_up = CommandLine.setup_parser

    def keep(command: CommandLine, *arguments: Any) -> None:
        if type(command) not in PARSERS:
            before = set(vars(command))
            set_up(command, *arguments)
            PARSERS[type(command)] = {n: v for n, v in vars(command).items() if n not in before}
        vars(command).update(PARSERS[type(command)])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CommandLine, "setup_parser", keep)
        yield


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=GPU)])
def device(request: pytest.FixtureRequest) -> torch.device:
    return torch.device(request.param)


@pytest.fixture
def network() -> NormalizedNetwork:
    """A smooth classifier of 4 classes in float64, in evaluation mode."""
    return NormalizedNetwork(TinyNetwork(), PREPROCESSING).double().eval()


@pytest.fixture
def images() -> Tensor:
    return torch.rand(3, 3, 8, 8, dtype=torch.float64)


@pytest.fixture
def labels() -> Tensor:
    return torch.tensor([0, 3, 1])


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """Noise in ImageNet's layout: 3 classes, 6 training and 5 validation images of each."""
    from PIL import Image

    for split, count in (("train", 6), ("val", 5)):
        for label in ("ant", "bee", "cat"):
            folder = tmp_path / "images" / split / label
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = torch.randint(0, 256, (36, 40, 3), dtype=torch.uint8).numpy()
                Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "images"
