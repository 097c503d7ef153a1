"""Evaluate networks and write a report with pictures: python evaluate.py --config ..."""

from endings import in_brief


def main(args: list[str] | None = None) -> None:
    """Run a study, and write its report."""
    from trompe.evaluate import main as run_study

    run_study(args)


if __name__ == "__main__":
    with in_brief():
        main()
