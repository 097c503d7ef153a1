"""Train a classifier, or manipulate its heatmaps: python train.py fit --config ..."""

from trompe.train import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
