"""Results, findings and counts of studies, whole and broken, read to compare, redraw and resume."""

import csv
import io
import json
from contextlib import redirect_stdout
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import torch
from pydantic import TypeAdapter
from torchmetrics import Metric

from benchmarks.fuzz.judging import Case
from benchmarks.fuzz.mutations import MUTATIONS, OTHERS
from benchmarks.fuzz.records import changed_record
from benchmarks.fuzz.small_study import REPORT
from evaluation import compare
from evaluation.partial import Partial, read_partial, restore, write_partial
from evaluation.redraw import redraw
from evaluation.report.style import Style
from evaluation.saving import TENSORS, TEXT, load_findings
from lightning_modules.names import humanize
from metrics import ClassMeans, MeanCurve

RESULTS, COUNTS = "results.json", "0_of_1.pt"
COLUMNS = "name", "network", "interpreter", "part", "against", "heatmaps"


def case_of(random: Random, folder: Path) -> Case:
    """Return a file of a study, and what must come of reading it."""
    return random.choice((comparison, drawing, resumption))(random, folder)


def broken(content: bytes, random: Random) -> tuple[str, bytes]:
    """Return a file with damaged bytes or another content, mostly of JSON."""
    chance = random.random()
    if chance < 0.1:
        return "whole", content
    if chance < 0.2:
        what = random.choice([*OTHERS])
        return what, OTHERS[what]
    if chance < 0.5 or not content.startswith(b"{"):
        mutate = random.choice(MUTATIONS)
        return mutate.__name__, mutate(content, random)
    what, changed = changed_record(json.loads(content), random)
    return what, json.dumps(changed).encode()


def comparison(random: Random, folder: Path) -> Case:
    """Return a run whose results.json is broken."""
    what, content = broken(REPORT[RESULTS], random)
    run = folder / "mine"
    (run / "report").mkdir(parents=True)
    (run / "report" / RESULTS).write_bytes(content)

    def load() -> list[list[str]]:
        with redirect_stdout(io.StringIO()):
            compare.main([str(run), "--output", str(folder / "table")])
        text = (folder / "table" / "table.csv").read_text()
        return [[cell.lstrip("'") for cell in row] for row in csv.reader(io.StringIO(text))]

    def difference(found: list[list[str]]) -> str:
        try:
            expected = table(json.loads(content))
        except (ValueError, TypeError, KeyError, AttributeError):
            return "accepted"
        return "" if found[1:] == expected else f"{found[1:4]!r} for {expected[:3]!r}"

    return Case(f"compare, {what}", load, difference, ("mine",), what == "whole")


def table(results: Any) -> list[list[str]]:
    """Return a plain transcription of the table of one run's results."""
    rows = {}
    for figure in results["figures"]:
        if figure.get("label") is None:
            title = " ".join(humanize(figure[key]) for key in COLUMNS if figure.get(key))
            x = figure.get("x")
            key = tuple(figure.get(each) for each in COLUMNS), None if x is None else float(x)
            numbers = [figure["value"], *(figure.get("interval") or ())]
            value, *ends = (f"{float('nan' if n is None else n):.4f}" for n in numbers)
            shown = f"{value} ({ends[0]} to {ends[1]})" if ends else value
            rows[key] = [title if x is None else f"{title} at {float(x):g}", shown]
    return [*rows.values()]


def drawing(random: Random, folder: Path) -> Case:
    """Return a run of which one of the files of findings is broken."""
    name = random.choice((TEXT, TEXT, TENSORS))
    what, content = broken(REPORT[name], random)
    report = folder / "mine" / "report"
    report.mkdir(parents=True)
    for each, whole in REPORT.items():
        (report / each).write_bytes(content if each == name else whole)
    before = (report / TEXT).read_bytes()

    def load() -> Any:
        # pictures of few pixels
        (folder / "small.mplstyle").write_text("savefig.dpi: 20")
        return redraw(folder / "mine", Style([str(folder / "small.mplstyle")]), [])

    def difference(page: Path) -> str:
        if not page.is_file() or (report / TEXT).read_bytes() != before:
            return "no page, or other findings"
        whole, findings = json.loads(before), load_findings(report)
        content = TypeAdapter(type(findings)).dump_python(findings, context={})
        known = {"schema": 1, "study": findings.study, "findings": content}
        return "" if holds(known, whole) else "an entry is passed over"

    return Case(f"redraw, {name}, {what}", load, difference, ("mine",), what == "whole")


def holds(found: Any, given: Any) -> bool:
    """Return True if all that a record gives was read; names of tensors are given anew."""
    if isinstance(given, dict):
        return all(key in found and holds(found[key], each) for key, each in given.items())
    if isinstance(given, list):
        return len(found) == len(given) and all(map(holds, found, given))
    if isinstance(given, int | float) and isinstance(found, int | float):
        return float(given) == float(found) or given != given
    return bool(given == found) or str(given).isdigit()


def resumption(random: Random, folder: Path) -> Case:
    """Return the counts of a study that was stopped, which are broken."""
    path = folder / COUNTS
    metrics: dict[str, Metric] = {"one": MeanCurve(3), "two.other": ClassMeans(4)}
    states: Any = {
        name: {key: torch.full_like(getattr(each, key), 7) for key in each.metric_state}
        for name, each in metrics.items()
    }
    content: Any = Partial("0" * 64, [3], states)
    what = "whole"
    if random.random() < 0.5:
        what, record = changed_record(deepcopy(content._asdict()), random)
        torch.save(record, path)
        states = record.get("states") if isinstance(record, dict) else None
    else:
        write_partial(content, path)
        what, data = broken(path.read_bytes(), random)
        path.write_bytes(data)

    def load() -> dict[str, Metric]:
        restore(read_partial(path).states, metrics, path)
        return metrics

    def difference(found: dict[str, Metric]) -> str:
        wrong = [
            f"{name}.{key}"
            for name, metric in found.items()
            for key in metric.metric_state
            if not torch.equal(getattr(metric, key), states[name][key])
        ]
        return f"other counts of {wrong}" if wrong else ""

    return Case(f"resume, {what}", load, difference, (COUNTS,), what == "whole")
