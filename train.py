"""Train a classifier, or manipulate its heatmaps: python train.py fit --config ..."""

from endings import in_brief


def main(args: list[str] | None = None) -> None:
    """Run `fit`, `validate` or `test`, which the arguments begin with."""
    from trompe.train import main as train

    train(args)


if __name__ == "__main__":
    with in_brief():
        main()
