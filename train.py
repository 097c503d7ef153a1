"""Train a classifier, or fine-tune one until its heatmaps lie: python train.py fit --config ..."""

from command_line import TrainCommandLine
from lightning_modules import Classifier


def main(args: list[str] | None = None) -> None:
    """Run the command line; `python train.py --help` shows the subcommands."""
    TrainCommandLine(Classifier, args=args)


if __name__ == "__main__":
    main()
