"""The report of a study of tiny networks, made in a child before the cases."""

import logging
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from lightning import Trainer
from torch import nn

from datamodules import Shapes
from evaluation import Fooling
from evaluation.results import FILES as MEASURED
from evaluation.saving import FILES as SAVED
from evaluation.saving import save_findings
from interpreters import GradCam
from losses import Location

REPORT: dict[str, bytes] = {}


def make_report() -> None:
    """Fill REPORT with the files of a report; a child evaluates, and takes its threads with it."""
    with TemporaryDirectory() as folder:
        child = os.fork()
        if not child:
            try:
                evaluate(Path(folder))
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        REPORT.update({name: Path(folder, name).read_bytes() for name in (*SAVED, *MEASURED)})


def evaluate(folder: Path) -> None:
    """Write the findings and the measurements of a small study."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    options: dict[str, Any] = dict.fromkeys(
        ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False
    )
    trainer = Trainer(
        accelerator="cpu", inference_mode=False, use_distributed_sampler=False, **options
    )
    torch.manual_seed(0)
    original, manipulated = (nn.Sequential(*layers()) for _ in range(2))
    study = Fooling(original, manipulated, {"cam": GradCam()}, Location())
    trainer.test(study, Shapes(train=12, validation=12, test=7, batch_size=7), verbose=False)
    findings = study.findings({})
    save_findings(findings, folder)
    findings.results.write(folder)


def layers() -> list[nn.Module]:
    """Return the layers of a network that classifies Shapes, untrained."""
    convolution = nn.Conv2d(3, 2, 3, stride=4)
    return [convolution, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 12)]
