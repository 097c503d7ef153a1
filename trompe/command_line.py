"""The command line of trainings and studies: one folder for each run, and safe defaults."""

import sys
import warnings
from pathlib import Path
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import LearningRateMonitor, ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI, SaveConfigCallback
from lightning.pytorch.loggers import TensorBoardLogger

from datamodules import DataModule
from files import StoredFileError, check_regular
from lightning_modules.callbacks import (
    ExportWeights,
    HeatmapPanel,
    ProgressLines,
    SaveOnInterrupt,
    StopOnNonFinite,
)
from lightning_modules.callbacks.checkpoints import BEST, LAST
from lightning_modules.checkpoint_files import CheckpointFileError, CheckpointFiles
from trompe.configurations import with_paths
from trompe.parser import Parser, own_error

EXPECTED_WARNINGS = (
    ".*does not have many workers.*",  # drawn images are in memory already
    ".*your dataloader is not resumable.*",  # ours begins at the trainer's own count of batches
    ".*Checkpoint directory .* exists and is not empty.*",  # a resumed run's own
    ".*was called before the ..update.. method.*",  # composites count for no class
    ".*module.s. in eval mode at the start of training.*",  # fine-tuning keeps BatchNorm as it is
)


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
        """Write `config.yaml` when training begins."""
        if stage == "fit":
            super().setup(trainer, pl_module, stage)


class CommandLine(LightningCLI):
    """A run of any module on any data, which writes everything into one folder."""

    def __init__(self, module: type[LightningModule], **options: Any) -> None:
        for message in EXPECTED_WARNINGS:
            warnings.filterwarnings("ignore", message)
        # single precision is single on a GPU too: TF32 moves heatmaps of gradients by 5 %
        torch.backends.cudnn.allow_tf32 = False
        defaults = {
            # heatmaps need gradients, which Lightning's inference mode forbids for good
            "inference_mode": False,
            # the data modules share images out themselves, without repeating any
            "use_distributed_sampler": False,
            "num_sanity_val_steps": 0,
            "log_every_n_steps": 10,
            "callbacks": [ProgressLines()],
            **options.pop("trainer_defaults", {}),
        }
        super().__init__(
            module,
            DataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            seed_everything_default=0,
            trainer_defaults=defaults,
            parser_class=Parser,
            # else every run writes its options out once more, for hyperparameters that none keeps
            load_from_checkpoint_support=False,
            **options,
        )

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Return Lightning's subcommands without `predict`, which no module here has.

        They have no option to run what a checkpoint contains.
        """
        found = LightningCLI.subcommands()
        return {name: found[name] | {"weights_only"} for name in ("fit", "validate", "test")}

    def _parse_ckpt_path(self) -> None:
        """Leave the configuration as it was given: Lightning takes settings from checkpoints."""

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse the arguments, in which shipped configurations may be named without a path."""
        self.config = parser.parse_args(with_paths(sys.argv[1:] if args is None else args))

    def instantiate_classes(self) -> None:
        """Build the network, the data and the rest, and raise their errors as they raised them."""
        try:
            super().instantiate_classes()
        except ValueError as error:
            raise own_error(error) from None

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the option for the run's folder."""
        text = "Folder of this run: everything that it writes."
        parser.add_argument("--run", type=str, default="runs/latest", help=text)
        parser.link_arguments("run", "trainer.default_root_dir")

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Build the trainer, which logs to the run's folder unless a logger is given."""
        settings = self.config.get(self.subcommand, self.config) if self.subcommand else self.config
        if settings.trainer.logger in (None, True):
            kwargs["logger"] = TensorBoardLogger(settings.run, name="", version="")
        plugins = settings.trainer.plugins or []
        plugins = plugins if isinstance(plugins, list) else [plugins]
        kwargs["plugins"] = [*plugins, CheckpointFiles()]
        return super().instantiate_trainer(**kwargs)


class TrainCommandLine(CommandLine):
    """Training, with checkpoints, pictures and the exported weights in the run's folder."""

    def __init__(self, module: type[LightningModule], **options: Any) -> None:
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
            trainer_defaults={"callbacks": callbacks},
            save_config_callback=SaveFitConfig,
            save_config_kwargs={"overwrite": True},  # by the same run, when it goes on
            **options,
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the options for checkpoints."""
        super().add_arguments_to_parser(parser)
        for name, defaults in (("best", BEST), ("last", LAST)):
            parser.add_lightning_class_args(ModelCheckpoint, name)
            parser.set_defaults({f"{name}.{key}": value for key, value in defaults.items()})
            parser.link_arguments("run", f"{name}.dirpath", lambda run: f"{run}/checkpoints")

    def before_instantiate_classes(self) -> None:
        """Refuse a checkpoint that is not there, before anything is loaded."""
        settings = self.config[self.subcommand]
        check_checkpoint(settings.ckpt_path, Path(settings.run) / "checkpoints")

    def before_fit(self) -> None:
        """Refuse to train over another run's checkpoints."""
        settings = self.config[self.subcommand]
        folder = Path(settings.run) / "checkpoints"
        if settings.ckpt_path is None and any(folder.glob("*.ckpt")):
            raise RunFolderError(
                f"{settings.run} already holds a run; go on with it (--ckpt_path last), choose "
                "another folder (--run) or remove it"
            )
