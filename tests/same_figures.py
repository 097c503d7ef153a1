"""Compare every figure of every study before and after a change, to the last digit.

    python tests/same_figures.py before     # on the code as it was
    python tests/same_figures.py after      # on the changed code
    python tests/same_figures.py before after

The first two run the tiny studies of tests/studies into a folder, the third compares two folders.
What stands behind a folder goes to evaluate.py.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

TESTS = Path(__file__).parent
STUDIES = sorted((TESTS / "studies").glob("*.yaml"))
OPTIONS = """
--trainer.precision 64-true --trainer.accelerator cpu --trainer.logger false
--trainer.enable_progress_bar false --overwrite true
""".split()


def measure(folder: Path, *options: str) -> None:
    """Run every tiny study, each with its report in a folder of its own, without pictures."""
    sys.path[:0] = [str(TESTS), str(TESTS.parent)]
    from evaluate import main

    # they are drawn from the findings, and take longer than all the rest
    with patch("evaluation.report.write.draw", return_value=[]):
        for study in STUDIES:
            run = str(folder / study.stem)
            main(["--config", str(study), "--run", run, *OPTIONS, *options])


def figures(run: Path) -> list[dict[str, Any]]:
    """Return the figures of a run, but for seconds, which no run repeats."""
    found = json.loads((run / "report" / "results.json").read_text())["figures"]
    return [figure for figure in found if figure["name"] != "seconds"]


def compare(before: Path, after: Path) -> int:
    """Say for each study if its figures are equal; return the number of those that are not."""
    different = 0
    for run in sorted(path for path in before.iterdir() if path.is_dir()):
        old, new = figures(run), figures(after / run.name)
        different += old != new
        said = "equal" if old == new else f"DIFFERENT{differences(old, new)}"
        sys.stdout.write(f"{run.name}: {len(old)} and {len(new)} figures, {said}\n")
    return different


def differences(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> str:
    """Return the largest difference of each kind of figure, if both runs have the same ones."""
    if [each["name"] for each in old] != [each["name"] for each in new]:
        return ""
    values = zip(old, new, strict=True)
    sizes = [(abs((a["value"] or 0) - (b["value"] or 0)), a["name"]) for a, b in values]
    largest = {name: size for size, name in sorted(sizes)}
    return ", by " + ", ".join(f"{size:.1e} ({name})" for name, size in largest.items() if size)


def main() -> None:
    """Run the studies into one folder, or compare two."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path)
    given, options = parser.parse_known_args()
    if len(given.folders) == 1:
        measure(*given.folders, *options)
    else:
        sys.exit(compare(*given.folders))


if __name__ == "__main__":
    main()
