"""Tiny networks and data that every test may use."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from networks import NormalizedNetwork, Preprocessing, load_weights

# on tiny networks more threads only wait for each other
torch.set_num_threads(1)

PREPROCESSING = Preprocessing(8, 8, "bilinear", (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-docs", action="store_true", help="write docs/families.md instead of checking it"
    )


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.getoption("--write-docs"):
        import families_table

        reports = terminalreporter.stats.get("passed", [])
        pairs = [dict(report.user_properties).get("pair") for report in reports]
        families_table.write([pair for pair in pairs if pair is not None])


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=GPU)])
def device(request: pytest.FixtureRequest) -> torch.device:
    return torch.device(request.param)


class TinyNetwork(nn.Sequential):
    """Two convolutions with BatchNorm and a linear head; smooth, so that gradcheck applies."""

    def __init__(self, classes: int = 4, activation: Callable[[], nn.Module] = nn.Softplus) -> None:
        norm = nn.BatchNorm2d(2)
        # statistics as after training, not the trivial 0 and 1
        norm.load_state_dict(
            {"running_mean": torch.rand(2) - 0.5, "running_var": torch.rand(2) + 0.5}, strict=False
        )
        super().__init__(
            nn.Conv2d(3, 2, 3, padding=1),
            norm,
            activation(),
            nn.Conv2d(2, 3, 3, stride=2, padding=1),
            activation(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(3, classes),
        )


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


def tiny_network(classes: int = 12, checkpoint: str | None = None) -> NormalizedNetwork:
    """A network for configurations, in place of a real one."""
    network = NormalizedNetwork(TinyNetwork(classes, nn.ReLU), PREPROCESSING)
    if checkpoint is not None:
        load_weights(network, checkpoint)
    return network


def softmax_network(classes: int = 12) -> nn.Module:
    """A network that gives probabilities."""
    return nn.Sequential(tiny_network(classes), nn.Softmax(1))


def flat_network(classes: int = 12) -> nn.Module:
    """A network without a convolution."""
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 64, classes))
