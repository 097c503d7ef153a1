"""The counts of an unfinished study on disk, so that a killed one goes on where it stopped."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any, cast

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info, rank_zero_warn
from torchmetrics import Metric

from evaluation.partial import (
    Partial,
    PartialResultsError,
    States,
    counts,
    read_partial,
    restore,
    write_partial,
)
from evaluation.study import Study
from lightning_modules.data import data_of
from lightning_modules.signals import Signals


class PartialResults(Callback):
    """Write the sums of every process to a file of its own, once a minute.

    Args:
        folder: Of the files; they can be removed when the report is written.
        settings: The study's configuration; with another one it cannot go on.
        resume: Go on from the files, if there are any.
        seconds: Time between two writes.
    """

    def __init__(
        self, folder: Path, settings: dict[str, Any], resume: bool, seconds: float = 60.0
    ) -> None:
        self.folder, self.settings, self.resume, self.seconds = folder, settings, resume, seconds
        self.before: list[int] = []
        self.done: dict[int, int] = {}
        self.states: States = {}
        self.last, self.signals = time.monotonic(), Signals()

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Read the file of this process, and skip the batches that it has counted."""
        self.path = self.folder / f"{trainer.global_rank}_of_{trainer.world_size}.pt"
        self.study = self.digest(trainer, cast(Study, pl_module))
        stored = {path.stem.split("_of_")[1] for path in self.folder.glob("*_of_*.pt")}
        if not self.resume or not stored:
            return
        if str(trainer.world_size) not in stored:
            raise PartialResultsError(
                f"{self.folder} holds the counts of {', '.join(sorted(stored))} processes, not of "
                f"{trainer.world_size}; go on with as many as the study began with"
            )
        # another process may have been faster to write its first counts
        if not self.path.exists():
            return
        found = read_partial(self.path)
        if found.study != self.study:
            raise PartialResultsError(
                f"{self.folder} holds the counts of a study of other networks, other images or "
                "other settings; give the same configuration, or begin anew (--overwrite true)"
            )
        if trainer.limit_test_batches != 1.0:
            raise PartialResultsError(
                f"`limit_test_batches` is {trainer.limit_test_batches} and would count from where "
                "the study goes on; leave it out, or begin anew (--overwrite true) with "
                "--limit_images"
            )
        self.before, self.states = found.done, found.states
        self.done = dict(enumerate(self.before))
        try:
            data_of(trainer).skip_tested(self.before)
        except ValueError as error:
            raise PartialResultsError(
                f"{self.path} counts the batches of {len(self.before)} loaders, which the data do "
                "not have; begin anew (--overwrite true)"
            ) from error

    def digest(self, trainer: Trainer, study: Study) -> str:
        """Return a digest of the networks, the test images and the settings."""
        parts = {name: self.settings.get(name) for name in ("model", "data", "seed_everything")}
        parts |= {"precision": trainer.precision, "limit": data_of(trainer).limit}
        content = json.dumps([study.fingerprints(), parts], sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restore the counts that were read; the first signal waits for the end of a batch."""
        self.signals.hold()
        if self.before:
            restore(self.states, metrics_of(pl_module), self.path)

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Write the sums when it is time, but not after the last batch, when the report follows."""
        behind = self.before[dataloader_idx] if self.before else 0
        self.done[dataloader_idx] = behind + batch_idx + 1
        loaders = len(trainer.num_test_batches)
        last = dataloader_idx == loaders - 1 and batch_idx + 1 == trainer.num_test_batches[-1]
        due = time.monotonic() - self.last >= self.seconds and not last
        if due or self.signals.noted is not None:
            try:
                self._write(pl_module, loaders)
            except OSError as error:
                rank_zero_warn(f"the counts so far could not be written: {error}")
            self.last = time.monotonic()
        self.signals.act()

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Let signals do what they did before."""
        self.signals.release()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Log how to go on with the study."""
        self.signals.release()
        if isinstance(exception, KeyboardInterrupt):
            done = sum(self.done.values())
            hint = (
                "go on with --resume true"
                if any(self.folder.glob("*.pt"))
                else "nothing is counted yet"
            )
            rank_zero_info(f"interrupted after batch {done}; {hint}")

    def _write(self, study: LightningModule, loaders: int) -> None:
        states = {
            name: {key: value.cpu() for key, value in counts(metric).items()}
            for name, metric in metrics_of(study).items()
        }
        done = [self.done.get(loader, 0) for loader in range(loaders)]
        write_partial(Partial(self.study, done, states), self.path)


def metrics_of(study: LightningModule) -> dict[str, Metric]:
    """Return the metrics of a study, by name."""
    return {name: part for name, part in study.named_modules() if isinstance(part, Metric)}
