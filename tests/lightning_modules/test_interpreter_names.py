"""Names of interpreters are free text in training too."""

from pathlib import Path

import pytest
from helpers import SILENT, shapes, tiny_network
from lightning import Trainer
from lightning.pytorch.loggers import TensorBoardLogger

from interpreters import GradCam
from lightning_modules import PassiveFooling
from lightning_modules.callbacks import HeatmapPanel
from lightning_modules.names import utf8
from losses import Location

NAMES = ("v1.0", "keys", "training", "a/b", r"$\frac{1$", "caf\udce9", "/etc/x")


@pytest.mark.filterwarnings("ignore:.*does not have many workers.*")
def test_interpreters_have_any_name(tmp_path: Path) -> None:
    first, *others = NAMES
    module = PassiveFooling(
        tiny_network(), {first: GradCam()}, Location(), watch={name: GradCam() for name in others}
    )
    logger = TensorBoardLogger(tmp_path / "run", name="", version="")
    options = {**SILENT, "logger": logger, "callbacks": [HeatmapPanel(images=1)]}
    trainer = Trainer(**options, max_epochs=1)
    trainer.fit(module, shapes())
    logged = {name.removeprefix("val/fooling_success_rate/") for name in trainer.callback_metrics}
    assert logged >= {utf8(name) for name in NAMES}
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
