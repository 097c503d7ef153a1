"""The commands that train networks and compute their metrics."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import LearningRateMonitor, ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser, SaveConfigCallback

from files import StoredFileError, check_regular, replace
from lightning_modules import Classifier
from lightning_modules.callbacks import (
    ExportWeights,
    HeatmapPanel,
    ProgressLines,
    SaveOnInterrupt,
    StopOnNonFinite,
)
from lightning_modules.callbacks.checkpoints import BEST, LAST, RunCheckpoint
from lightning_modules.checkpoint_files import CheckpointFileError
from trompe.command_line import CommandLine
from trompe.resumed import check_same


class RunFolderError(ValueError):
    """The folder of a run already holds another run."""


def check_checkpoint(path: str | None, folder: Path) -> None:
    """Raise CheckpointFileError unless `--ckpt_path` is a file, or there is one in the folder."""
    if path in (None, "best"):
        return
    if "://" in str(path):
        raise CheckpointFileError(
            f"`ckpt_path` must be a file, got {path}; download it and give its path"
        )
    if path == "last":
        if not any(folder.glob("last*.ckpt")):
            raise CheckpointFileError(
                f"`ckpt_path` is last, but {folder} holds no last.ckpt; leave it out to begin, or "
                "give the --run that it lies in"
            )
        return
    try:
        check_regular(Path(str(path)))
    except StoredFileError as error:
        raise CheckpointFileError(f"`ckpt_path`: {error}") from error


class SaveFitConfig(SaveConfigCallback):
    """Save the configuration of a training; validating and testing must not replace it."""

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Write nothing yet: a checkpoint may refuse to go on."""

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write `config.yaml` when training begins, and keep the one that the run began with."""
        path = Path(trainer.log_dir or ".", self.config_filename)
        if not trainer.is_global_zero:
            return
        before = path.read_text() if path.is_file() else ""
        now = self.parser.dump(self.config, skip_unset=False)
        if before not in ("", now):
            number = 1 + len([*path.parent.glob("config_*.yaml")])
            replace(path.with_name(f"config_{number}.yaml"), before)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, now)


class TrainCommandLine(CommandLine):
    """Training, with checkpoints, pictures and the exported weights in the run's folder."""

    def __init__(
        self, module: type[LightningModule], open_until_end: ExitStack, **options: Any
    ) -> None:
        callbacks = [
            StopOnNonFinite(),
            SaveOnInterrupt(),
            HeatmapPanel(),
            LearningRateMonitor("step"),
            ProgressLines(),
            ExportWeights(),
        ]
        super().__init__(
            module,
            open_until_end,
            trainer_defaults={"callbacks": callbacks},
            save_config_callback=SaveFitConfig,
            save_config_kwargs={"overwrite": True},  # by the same run, when it goes on
            **options,
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the options for checkpoints."""
        super().add_arguments_to_parser(parser)
        for name, defaults in (("best", BEST), ("last", LAST)):
            parser.add_lightning_class_args(RunCheckpoint, name)
            parser.set_defaults({f"{name}.{key}": value for key, value in defaults.items()})
            parser.link_arguments("run", f"{name}.dirpath", lambda run: f"{run}/checkpoints")

    def _instantiate_trainer(self, config: dict[str, Any], callbacks: list[Callback]) -> Trainer:
        """Build the trainer with those callbacks that its other options leave a use for."""
        if config.get("enable_checkpointing") is False:
            callbacks = [each for each in callbacks if not isinstance(each, ModelCheckpoint)]
        if not config["logger"]:
            kept = self.trainer_defaults["callbacks"]
            kept = [each for each in kept if not isinstance(each, LearningRateMonitor)]
            self.trainer_defaults["callbacks"] = kept
        return super()._instantiate_trainer(config, callbacks)

    def before_instantiate_classes(self) -> None:
        """Refuse a checkpoint that is not there, before anything is loaded."""
        settings = self.settings
        check_checkpoint(settings.ckpt_path, Path(settings.run) / "checkpoints")
        if self.subcommand == "fit":
            self.keep_others_out("fit")
            self.check_run()

    def check_run(self) -> None:
        """Refuse to train over another run's checkpoints, or to go on with other settings."""
        settings = self.settings
        folder = Path(settings.run) / "checkpoints"
        if settings.ckpt_path is not None:
            own = settings.ckpt_path in ("last", "best")
            checkpoint = folder / "last.ckpt" if own else Path(settings.ckpt_path)
            check_same(checkpoint, yaml.safe_load(self._parser("fit").dump(settings)))
        if settings.ckpt_path is None and any(folder.glob("*.ckpt")):
            raise RunFolderError(
                f"{settings.run} already holds a run; go on with it (--ckpt_path last), choose "
                "another folder (--run) or remove it"
            )


def main(args: list[str] | None = None) -> None:
    """Run `fit`, `validate` or `test`, which the arguments begin with."""
    with ExitStack() as stack:
        TrainCommandLine(Classifier, stack, args=args)
