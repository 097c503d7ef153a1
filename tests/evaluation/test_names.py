"""Names of networks and interpreters are free text, in every study's counters, files and labels."""

import csv
import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
import torch
from helpers import SILENT, shapes, tiny_network
from lightning import Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from rich.console import Console
from torch import nn

from evaluation import Fooling
from evaluation.redraw import redraw
from evaluation.report import write_report
from evaluation.report.style import Style
from evaluation.slugs import LONGEST, slug
from evaluation.tables import escaped, literal
from interpreters import GradCam, Interpreter
from lightning_modules.names import humanize
from losses import Location

NAMES = (
    *("v1.0", "layer4.1", "a/b", "keys", "training", "data", r"$\frac{1$", "x" * 300),
    *("/etc/passwd", "../../up", "caf\udce9", "=1+1", "[red]", "<b>", "new\nline", "Keys", "_"),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study of networks and interpreters with every name."""
    torch.manual_seed(0)
    networks: dict[str, nn.Module] = {
        name: tiny_network().eval() for name in ("original network", *NAMES)
    }
    interpreters: dict[str, Interpreter] = {
        "$": GradCam(),
        r"$\frac{1$": GradCam(),
        "layer4.1/keys": GradCam(),
    }
    study = Fooling(
        "original network",
        [*NAMES],
        interpreters,
        Location(),
        trained_on={name: ["$"] for name in NAMES[:3]},
        networks=networks,
    )
    folder = tmp_path_factory.mktemp("outer") / "inner"
    logger = TensorBoardLogger(folder, name="", version="")
    Trainer(**{**SILENT, "logger": logger}).test(study, shapes(), verbose=False)
    findings = study.findings()
    # two networks' pictures show it as well as those of all
    few = replace(
        findings, manipulated=findings.manipulated[6:12:4], interpreters=tuple(interpreters)[1:2]
    )
    write_report(few, folder / "report", [logger])
    return folder


@pytest.mark.slow
def test_measurements_have_the_names_as_they_are(run: Path) -> None:
    content = json.loads((run / "report" / "results.json").read_text())
    assert {figure["network"] for figure in content["figures"]} == {"original network", *NAMES}
    assert {f.get("interpreter") for f in content["figures"]} == {
        None,
        "$",
        r"$\frac{1$",
        "layer4.1/keys",
    }
    assert set(content["fingerprints"]) == {"data", "network data", "original network", *NAMES}


@pytest.mark.slow
def test_files_stay_in_the_folder(run: Path) -> None:
    assert [path.name for path in run.parent.iterdir()] == ["inner"]
    pictures = [*(run / "report" / "figures").iterdir()]
    assert len(pictures) == 2 * (1 + 2 * 4)
    assert all(path.suffix in (".png", ".pdf") and len(path.stem) <= LONGEST for path in pictures)


@pytest.mark.slow
def test_the_page_shows_names_literally(run: Path) -> None:
    page = (run / "report" / "index.html").read_text()
    assert "$\\frac{1$" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    rows = [*csv.reader((run / "report" / "results.csv").open())]
    assert any("'=1+1" in row for row in rows)
    assert not any(cell.startswith(("=", "@")) for row in rows for cell in row)


@pytest.mark.slow
def test_the_report_is_drawn_again(run: Path, tmp_path: Path) -> None:
    redraw(run, Style(), [], tmp_path)
    first, second = (
        {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        for folder in (run / "report", tmp_path)
    )
    assert first == second


def test_every_text_has_a_file_of_its_own() -> None:
    texts = [*NAMES, "a_b", "a-b", "A/b", "x" * 301, "keys ", ""]
    files = [slug([text]) for text in texts]
    assert len({file.lower() for file in files}) == len(texts)
    assert slug(["a", "b_c"]) == slug(["a_b", "c"]) == "a_b_c"
    assert all("/" not in file and file and not file.startswith((".", "-")) for file in files)


def test_labels_are_short_and_on_one_line() -> None:
    for name in NAMES:
        label = humanize(name)
        assert len(label) <= 60
        assert label.isprintable()
        label.encode()
    assert humanize("grad_cam") == "grad cam"
    assert humanize("word " * 50).endswith("word …")


def test_no_cell_is_a_formula() -> None:
    assert [literal(cell) for cell in ("=1", "+a", "-2+3", "@x", "-1.5", "+0.01 ± 0.2", -1.0)] == [
        *("'=1", "'+a", "'-2+3", "'@x", "-1.5", "+0.01 ± 0.2", -1.0)
    ]
    assert escaped("a\nb_$") == r"a b\_\$"


def test_a_terminal_shows_names_literally() -> None:
    console = Console(markup=False, emoji=False, width=80, record=True, file=StringIO())
    console.print("[red] :smile:")
    assert console.export_text() == "[red] :smile:\n"
