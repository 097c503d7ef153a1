"""Evaluate networks and write a report with pictures: python evaluate.py --config ..."""

from trompe.evaluate import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
