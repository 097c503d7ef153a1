"""Speed of a study in two processes over one, of one thread each.

Each runs twice, with few and with many images: the difference leaves out how a run begins.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.progress import track

ROOT = Path(__file__).parents[1]
STUDY = """
evaluate.py --config configs/experiments/shapes/evaluate.yaml --trainer.accelerator cpu
--model.init_args.manipulated configs/networks/shapes_resnet10t.yaml
--trainer.enable_progress_bar false
""".split()


def seconds(processes: int, images: int) -> float:
    """Return the seconds that a study of this many images takes, from its start to its report."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [*STUDY, "--run", folder, "--data.init_args.test", str(images)]
        arguments += ["--trainer.devices", str(processes)]
        if processes > 1:
            arguments += ["--trainer.strategy", "ddp"]
        start = time.perf_counter()
        subprocess.run(  # noqa: S603  # our own script
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            check=True,
            capture_output=True,
        )
        return time.perf_counter() - start


def main() -> None:
    """Time the four runs and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=512, help="images of the short runs")
    parser.add_argument("--many", type=int, default=4608, help="images of the long runs")
    options = parser.parse_args()
    sizes = (options.few, options.many)
    runs = [(processes, images) for processes in (1, 2) for images in sizes]
    taken = {run: seconds(*run) for run in track(runs, "studies")}
    one, two = (taken[p, options.many] - taken[p, options.few] for p in (1, 2))
    rate = (options.many - options.few) / one
    Console().print(
        f"one process: {rate:.1f} images a second; two: {one / two:.2f} times as fast, an "
        f"efficiency of {one / two / 2:.2f}"
    )


if __name__ == "__main__":
    main()
