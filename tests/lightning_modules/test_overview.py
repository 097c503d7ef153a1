"""A run says what it is about to do, and nothing else of itself."""

import logging
import warnings

import pytest
from helpers import SILENT, shapes, tiny_network
from lightning import Trainer

from interpreters import GradCam
from lightning_modules import PassiveFooling
from lightning_modules.callbacks import Overview
from losses import Location
from trompe.quiet import quiet


def test_a_training_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    module = PassiveFooling(tiny_network(), GradCam(), Location())
    options = {**SILENT, "max_epochs": 1, "callbacks": [Overview()]}
    Trainer(**options).fit(module, shapes())
    shown = " ".join(capsys.readouterr().err.split())
    for text in ("PassiveFooling", "weights", "grad cam", "Shapes: ", "cpu, 1 process", "1 epochs"):
        assert text in shown


def test_the_console_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    with warnings.catch_warnings(record=True) as caught:
        quiet()
        warnings.warn("the `isinstance(x, LeafSpec)` is deprecated", FutureWarning, stacklevel=1)
        warnings.warn("the loss is NaN", UserWarning, stacklevel=1)
    assert [str(each.message) for each in caught] == ["the loss is NaN"]
    logger = logging.getLogger("lightning.pytorch.utilities.rank_zero")
    logger.propagate, before = True, logger.propagate
    try:
        logger.info("💡 Tip: buy something")
        logger.info("step 1 of 2")
    finally:
        logger.propagate = before
    assert [record.getMessage() for record in caplog.records] == ["step 1 of 2"]
