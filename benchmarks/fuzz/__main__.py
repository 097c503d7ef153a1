"""Give broken, hostile and usual inputs to what reads them, and count what came of it.

A case is repeated by `--only KIND:NUMBER` with the same seed.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from traceback import format_exc

import torch
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from benchmarks.fuzz.child import outcomes
from benchmarks.fuzz.judging import CRASHED, FAILURES, VERDICTS, Outcome, judge
from benchmarks.fuzz.kinds import KINDS


def found(
    name: str, numbers: Sequence[int], seed: int, folder: Path
) -> Iterator[tuple[int, Outcome]]:
    """Yield the outcome of each case of a kind, in a folder that all children share."""
    kind = KINDS[name]

    def run(number: int) -> Outcome:
        with TemporaryDirectory(dir=folder) as own:
            os.chdir(own)
            try:
                # a text is the seed of the same numbers everywhere
                case = kind.case_of(Random(f"{seed}:{name}:{number}"), Path(own))  # noqa: S311
            except Exception:
                return Outcome(CRASHED, f"the case cannot be made: {format_exc()}")
            return judge(case)

    return outcomes(run, numbers, kind.seconds, kind.batch)


def main(arguments: list[str] | None = None) -> int:
    """Run the cases, print each failure and the table; return the number of failures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    for name in KINDS:
        parser.add_argument(f"--{name}", type=int, default=0, help=f"number of cases of {name}")
    parser.add_argument("--seed", type=int, default=0, help="seed of all cases")
    parser.add_argument("--only", action="append", default=[], help="KIND:NUMBER; repeatable")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    numbers: dict[str, Sequence[int]] = {name: range(getattr(given, name)) for name in KINDS}
    for name, _, number in (each.partition(":") for each in given.only):
        numbers[name] = [*numbers[name], int(number)]
    table, failures = Table("kind", *VERDICTS), 0
    with TemporaryDirectory() as folder:
        for name in (name for name in KINDS if numbers[name]):
            KINDS[name].prepare()
            counts: Counter[str] = Counter()
            shown = tqdm(
                found(name, numbers[name], given.seed, Path(folder)), name, len(numbers[name])
            )
            for number, outcome in shown:
                counts[outcome.verdict] += 1
                if outcome.verdict in FAILURES or given.only:
                    shown.write(f"{name}:{number} {outcome.verdict}: {outcome.reason[:1500]}")
            table.add_row(name, *(str(counts[verdict]) for verdict in VERDICTS))
            failures += sum(counts[verdict] for verdict in FAILURES)
    Console(width=100).print(table)
    return failures


if __name__ == "__main__":
    sys.exit(main() > 0)
