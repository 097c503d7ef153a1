"""The tables of the pages in docs, from the results.json of every experiment that was run.

python -m docs.results RUNS writes a row for each configuration in configs/experiments/NAME that
RUNS/NAME holds the evaluation of, with the command in the configuration's comments; rows of runs
that are not there stay as they are. Families of networks that share the configurations of another
folder have folders of runs of their own. Where a page marks a place for the summary of a report, or
for its curves, those of the run are put there.
"""

import argparse
import csv
import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EXPERIMENTS = ROOT / "configs" / "experiments"
INTERPRETERS = {"grad_cam": "Grad-CAM", "lrp": "LRP", "simple_gradient": "SimpleGradient"}
# folders of runs whose configurations lie in another folder, and the one put over them
FAMILIES = {"shapes_repvgg": ("shapes", "repvgg"), "shapes_densenet": ("shapes", "densenet")}
# what a report moves, as in the paper's figure 3 (Ghorbani et al. 2019)
MEASURES = ("top_k_intersection", "rank_correlation", "center_distance")
PLACE = re.compile(
    r"(?P<begin><!-- (?P<kind>summary|curves) of (?P<run>\S+): written by docs/results.py -->\n)"
    r".*?(?P<end><!-- end of (?P=run) -->)",
    re.DOTALL,
)
BEGIN, END = "<!-- {}: written by docs/results.py -->\n", "<!-- end of {} -->"


def command_of(config: Path) -> str:
    """Return the command in a configuration's comments, in one line."""
    lines = config.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if " --config " in line)
    parts = []
    for line in lines[start:]:
        parts.append(line.removeprefix("#").strip().removesuffix("\\").strip())
        if not line.endswith("\\"):
            break
    return " ".join(parts)


def table(name: str, runs: Path, before: str) -> str:
    """The rows of one folder of experiments, and those that it had before."""
    rows = [
        f"| manipulation | {' | '.join(INTERPRETERS.values())} | top-1 | below the control |",
        "|---" * (len(INTERPRETERS) + 3) + "|",
    ]
    folder, family = FAMILIES.get(name, (name, None))
    kept = {line.split(" | ")[0][2:]: line for line in before.splitlines() if line[:2] == "| "}
    commands = []
    for config in sorted((EXPERIMENTS / folder).glob("*.yaml")):
        path = runs / name / config.stem / "report" / "results.json"
        results: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
        if results.get("study") == "fooling":
            kept[title_of(config)] = row(config.stem, results["figures"])
        if title_of(config) in kept:
            rows.append(kept[title_of(config)])
            commands.append(command_of(config) + overlays(name, folder, family, config.stem))
    return "\n".join([*rows, "", "```", *commands, "```"]) + "\n"


def overlays(name: str, folder: str, family: str | None, stem: str) -> str:
    """Return a family's options beside those of the configuration: its own, and the row's."""
    if family is None:
        return ""
    each = EXPERIMENTS / folder / f"{family}_{stem}.yaml"
    files = [f"{family}.yaml", *([each.name] if each.is_file() else [])]
    over = "".join(f" --config configs/experiments/{folder}/{file}" for file in files)
    return f"{over} --run runs/{name}/{stem}"


def title_of(config: Path) -> str:
    """Return the first cells of a configuration's row."""
    return config.stem.replace("_", " ")


def row(name: str, figures: list[dict[str, Any]]) -> str:
    """The success rate of every interpreter, those that were fooled in bold, and the price."""

    def found(kind: str, **labels: str) -> list[dict[str, Any]]:
        labels = {"name": kind, "network": "manipulated", **labels}
        whole = [f for f in figures if f.get("label") is None and f.get("x") is None]
        return [f for f in whole if labels.items() <= f.items()]

    cells = []
    for key in INTERPRETERS:
        rates = found("fooling_success_rate", interpreter=key)
        text = ", ".join(f"{100 * rate['value']:.2f} %" for rate in rates)
        cells.append(f"**{text}**" if name.startswith((key, "all")) else text)
    top1 = next(figure for figure in found("accuracy_top1") if not figure.get("part"))
    price = ""
    if drops := found("accuracy_top1_drop", against="control"):
        low, high = drops[0]["interval"]
        price = f"{drops[0]['value']:.2f} ({low:.2f} to {high:.2f})"
    title = name.replace("_", " ")
    return f"| {title} | {' | '.join(cells)} | {100 * top1['value']:.2f} % | {price} |"


def filled(text: str, runs: Path) -> str:
    """The page with the tables of every folder of runs that it marks a place for."""
    for name in sorted(folder.name for folder in runs.iterdir()):
        begin, end = BEGIN.format(name), END.format(name)
        if begin in text:
            above, rest = text.split(begin)
            before, below = rest.split(end)
            text = above + begin + table(name, runs, before) + end + below
    return PLACE.sub(lambda found: reported(found, runs), text)


def reported(place: re.Match[str], runs: Path) -> str:
    """The place of a summary, or of curves, with those of the run."""
    report = runs / place["run"] / "report"
    if not (report / "results.json").is_file():
        return place[0]
    rows = summary(report) if place["kind"] == "summary" else curves(report)
    rows.insert(1, ["---"] * len(rows[0]))
    body = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"{place['begin']}{body}{place['end']}"


def summary(report: Path) -> list[list[str]]:
    """The report's own summary."""
    with (report / "summary.csv").open(newline="") as file:
        return list(csv.reader(file))


def curves(report: Path) -> list[list[str]]:
    """Return the change of heatmaps by attacks of every size, with half of each interval."""
    found: dict[tuple[str, ...], dict[float, str]] = {}
    for figure in json.loads((report / "results.json").read_text())["figures"]:
        if figure["name"] in MEASURES and figure["x"]:
            low, high = figure["interval"]
            labels = (figure[label] for label in ("name", "network", "interpreter", "part"))
            cells = found.setdefault(tuple(labels), {})
            cells[figure["x"]] = f"{figure['value']:.3f} ± {(high - low) / 2:.3f}"
    titles = ("measure", "network", "interpreter", "attack")
    header = [*titles, *(f"{size:g}/255" for size in next(iter(found.values())))]
    ordered = sorted(found.items(), key=lambda pair: MEASURES.index(pair[0][0]))
    return [header] + [
        [*(label.replace("_", " ") for label in labels), *cells.values()]
        for labels, cells in ordered
    ]


def main() -> None:
    """Put the tables where the pages mark their places."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, help="folder of the runs, such as runs")
    runs = parser.parse_args().runs
    for page in (ROOT / "docs").glob("*.md"):
        page.write_text(filled(page.read_text(), runs))


if __name__ == "__main__":
    main()
