"""The command line of trainings and studies: one folder for each run, and safe defaults."""

import os
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import torch
from jsonargparse import Namespace
from lightning import LightningModule, Trainer
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only

from datamodules import DataModule
from files import sole_writer
from lightning_modules.callbacks import Overview, ProgressLines
from lightning_modules.callbacks.checkpoints import RunCheckpoint
from lightning_modules.checkpoint_files import CheckpointFiles
from trompe.configurations import with_paths
from trompe.nulls import complaints
from trompe.parser import Parser, own_error
from trompe.places import given_files
from trompe.quiet import quiet

# sections of a configuration, and what their options are those of
GROUPS: dict[str, type] = {"trainer": Trainer, "best": RunCheckpoint, "last": RunCheckpoint}


def import_beside(files: Iterable[Path]) -> None:
    """Let `class_path: my_loss.MyLoss` name a file beside a configuration, in whatever folder."""
    for folder in (str(path.resolve().parent) for path in files):
        # last, so that no file there takes the place of another module
        if folder not in sys.path:
            sys.path.append(folder)


class CommandLine(LightningCLI):
    """A run of any module on any data, which writes everything into one folder."""

    def __init__(
        self, module: type[LightningModule], open_until_end: ExitStack, **options: Any
    ) -> None:
        self.open_until_end = open_until_end
        quiet()
        # single precision is single on a GPU too: TF32 moves heatmaps of gradients by 5 %
        torch.backends.cudnn.allow_tf32 = False
        defaults = {
            # heatmaps need gradients, which Lightning's inference mode forbids for good
            "inference_mode": False,
            # the data modules share images out themselves, without repeating any
            "use_distributed_sampler": False,
            "num_sanity_val_steps": 0,
            "log_every_n_steps": 10,
            "enable_model_summary": False,  # the table of the run says more
            "callbacks": [ProgressLines(), Overview()],
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

    @property
    def settings(self) -> Namespace:
        """The configuration of the subcommand, or of the one command there is."""
        found = self.config.get(self.subcommand, self.config) if self.subcommand else self.config
        return cast(Namespace, found)

    def keep_others_out(self, task: str) -> None:
        """Hold the run's folder until the command ends; the first process does it for all."""
        node = os.environ.get("NODE_RANK", os.environ.get("GROUP_RANK", "0"))
        if getattr(rank_zero_only, "rank", 0) == 0 and node == "0":
            self.open_until_end.enter_context(sole_writer(Path(self.settings.run), task))

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse the arguments, in which shipped configurations may be named without a path."""
        arguments = with_paths(sys.argv[1:] if args is None else args)
        import_beside(given_files(arguments))
        self.config = parser.parse_args(arguments)
        settings = self.config.get(self.config.get("subcommand") or "", self.config)
        if wrong := complaints(settings, GROUPS):
            parser.error("\n".join(wrong))

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
        """Build the trainer, which logs to the run's folder unless a logger is given.

        Raises: ValueError: Lightning refuses its options.
        """
        settings = self.settings
        if settings.trainer.logger in (None, True):
            kwargs["logger"] = TensorBoardLogger(settings.run, name="", version="")
        plugins = settings.trainer.plugins or []
        plugins = plugins if isinstance(plugins, list) else [plugins]
        kwargs["plugins"] = [*plugins, CheckpointFiles()]
        try:
            return super().instantiate_trainer(**kwargs)
        except (TypeError, ValueError) as error:
            raise ValueError(f"`trainer` has options that do not fit: {error}") from error
