"""The commands that train networks and compute their metrics."""

from lightning_modules import Classifier
from trompe.command_line import TrainCommandLine


def main(args: list[str] | None = None) -> None:
    """Run `fit`, `validate` or `test`, which the arguments begin with."""
    TrainCommandLine(Classifier, args=args)
