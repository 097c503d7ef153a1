"""What a study is."""

import platform
from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, ClassVar

import torch
from lightning import LightningModule
from matplotlib.figure import Figure
from torch import Tensor, nn

from evaluation.refusals import usable
from evaluation.results import Number, Results
from interpreters import Interpreter
from lightning_modules.data import Batch, Images, data_of, take
from lightning_modules.preflight import NetworkError, check_classifier
from lightning_modules.step_progress import StepProgress
from losses import Loss
from networks import check_pixels, fingerprint

PACKAGES = ("torch", "torchvision", "timm", "lightning", "torchmetrics", "numpy")


class Study(LightningModule, ABC):
    """An evaluation: `Trainer.test` fills it on any number of devices, then it has results.

    Args:
        networks: The networks by name, the original among them.
        interpreters: By name, at least one; not given where a study is not of heatmaps.
    """

    name: ClassVar[str]
    loss: Loss | None = None

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        interpreters: dict[str, Interpreter] | None = None,
    ) -> None:
        super().__init__()
        if interpreters == {}:
            raise ValueError("`interpreters` is empty; name at least one")
        self.networks = nn.ModuleDict(networks).requires_grad_(False).eval()
        self.given = self.interpreters = interpreters or {}
        self.progress = StepProgress()
        self.refused: dict[str, str] = {}

    @property
    def network(self) -> nn.Module:
        """The first network, to whose input size the data are fitted."""
        return next(iter(self.networks.values()))

    def explained(self) -> Images:
        """The images whose heatmaps are studied."""
        return data_of(self.trainer).images("test")

    def some(self, count: int) -> Batch:
        """Test images at random to be shown, the same in all studies, where the networks are."""
        test = data_of(self.trainer).images("test")
        random = torch.randperm(len(test), generator=torch.Generator().manual_seed(0))
        return self.taken(random[:count])

    def taken(self, indices: Tensor) -> Batch:
        """These test images, where the networks are."""
        test = data_of(self.trainer).images("test")
        images, labels, indices = take(test, indices.tolist())
        return images.to(self.device).type(self.dtype), labels.to(self.device), indices

    def explaining(self) -> dict[str, nn.Module]:
        """The networks that every interpreter is to explain, by name."""
        return dict(self.networks.items())

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and leave out the interpreters that do not."""
        data = data_of(self.trainer)
        check_pixels(take(data.images("test"), [0])[0])
        classes = {name: check_classifier(net, data) for name, net in self.networks.items()}
        if len(set(classes.values())) > 1:
            counts = ", ".join(f"{name} {count}" for name, count in classes.items())
            raise NetworkError(
                f"the networks cannot be compared, as they know different numbers of classes: "
                f"{counts}; set `num_classes` of each alike"
            )
        if self.given:
            self.interpreters, self.refused = usable(
                self.given, self.explaining(), self.explained(), self.loss
            )

    @abstractmethod
    def numbers(self) -> list[Number]:
        """The figures, after the test; equal on every process."""

    def fingerprints(self) -> dict[str, str]:
        """What changes when the test images or a network's weights do, by name."""
        networks = {name: fingerprint(network) for name, network in self.networks.items()}
        return {"data": data_of(self.trainer).fingerprint("test"), **networks}

    def results(self, settings: dict[str, Any]) -> Results:
        """The figures, with what is needed to repeat them."""
        data = data_of(self.trainer)
        return Results(
            self.name,
            self.numbers(),
            settings,
            versions(),
            self.fingerprints(),
            data.skipped,
            self.refused,
            data.limit,
        )

    @abstractmethod
    def pictures(self) -> dict[str, Figure]:
        """The pictures of the report by name, after the test."""

    @abstractmethod
    def sentences(self, results: Results) -> list[str]:
        """What was found, in a few words."""

    @abstractmethod
    def summary(self, results: Results) -> list[list[str]]:
        """A short table of the results, its header first."""


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that figures depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
