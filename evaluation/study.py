"""The base of all studies: checks, images, and what is needed to repeat the measurements."""

import platform
from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, ClassVar

import torch
from lightning import LightningModule
from torch import Tensor, nn

from evaluation.counts.not_finite import NotFinite
from evaluation.findings import Findings
from evaluation.measurements import Measurement
from evaluation.refusals import usable
from evaluation.results import Results
from interpreters import Interpreter
from lightning_modules.data import Batch, Images, data_of, take
from lightning_modules.preflight import check_classifier
from lightning_modules.step_progress import StepProgress
from losses import Loss
from metrics import Keyed
from networks import check_pixels, fingerprint

PACKAGES = ("torch", "torchvision", "timm", "lightning", "torchmetrics", "numpy")


class Study(LightningModule, ABC):
    """An evaluation: `Trainer.test` fills it on any number of devices, then it has findings.

    Args:
        networks: All networks by name; the data are fitted to the input size of the first.
        interpreters: By name, at least one; not given where a study measures no heatmaps.
    """

    name: ClassVar[str]
    loss: Loss | None = None

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        interpreters: dict[str, Interpreter] | None = None,
    ) -> None:
        super().__init__()
        for title, given in (("networks", networks), ("interpreters", interpreters)):
            if given is not None and not given:
                raise ValueError(f"`{title}` is empty; give at least one")
        self.networks = Keyed(networks).requires_grad_(False).eval()
        self.given = self.interpreters = interpreters or {}
        self.progress = StepProgress()
        self.refused: dict[str, str] = {}
        self.left_out: list[Measurement] = []

    @property
    def network(self) -> nn.Module:
        """The first network, to whose input size the data are fitted."""
        return next(iter(self.networks.values()))

    def explained(self) -> Images:
        """Return the images whose heatmaps are measured."""
        return data_of(self.trainer).images("test")

    def sample(self, count: int) -> Batch:
        """Return a random sample of test images, the same in all studies, on the device."""
        test = data_of(self.trainer).images("test")
        random = torch.randperm(len(test), generator=torch.Generator().manual_seed(0))
        return self.images_at(random[:count])

    def images_at(self, indices: Tensor, explained: bool = False) -> Batch:
        """Return these images of the test split, or of `explained()`, on the device."""
        images = self.explained() if explained else data_of(self.trainer).images("test")
        pixels, labels, indices = take(images, indices.tolist())
        return pixels.to(self.device).type(self.dtype), labels.to(self.device), indices

    def explaining(self) -> dict[str, nn.Module]:
        """Return the networks that every interpreter must be able to explain, by name."""
        return dict(self.networks)

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and leave out interpreters that cannot be used."""
        data = data_of(self.trainer)
        check_pixels(take(data.images("test"), [0])[0])
        for network in self.networks.values():
            check_classifier(network, data)
        if self.given:
            self.interpreters, self.refused = usable(
                self.given, self.explaining(), self.explained(), self.loss
            )
        self.not_finite = NotFinite(self.explaining(), self.interpreters)

    def on_test_batch_start(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Raise ValueError if an image of the batch is not finite or not in [0, 1]."""
        check_pixels(batch[0])

    def on_test_end(self) -> None:
        """Bring the numbers of heatmaps that are not finite together."""
        self.left_out = self.not_finite.measurements()

    @abstractmethod
    def measurements(self) -> list[Measurement]:
        """Return all measurements after the test; they are equal on every process."""

    @abstractmethod
    def findings(self, settings: dict[str, Any] | None = None) -> Findings:
        """Return the measurements and all that the report shows, after the test.

        Args:
            settings: the configuration, to be kept with the measurements.
        """

    def data_fingerprints(self) -> dict[str, str]:
        """Return digests of the images that the study depends on, by name."""
        return {"data": data_of(self.trainer).fingerprint("test")}

    def fingerprints(self) -> dict[str, str]:
        """Return digests of the images and of each network's weights, by name."""
        found = self.data_fingerprints()
        for name, network in self.networks.items():
            found[f"network {name}" if name in found else name] = fingerprint(network)
        return found

    def results(self, settings: dict[str, Any] | None = None) -> Results:
        """Return the measurements, with what is needed to repeat them."""
        data = data_of(self.trainer)
        return Results(
            self.name,
            [*self.measurements(), *self.left_out],
            settings or {},
            versions(),
            self.fingerprints(),
            data.skipped,
            self.refused,
            data.limit,
        )


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that measurements depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
