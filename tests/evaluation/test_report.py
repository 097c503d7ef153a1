"""The report's files, and its page as a browser sees it."""

import base64
import csv
import io
import json
import math
import shutil
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from browser import BROWSER, seen
from helpers import SILENT, shapes, tiny_network
from lightning import Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib import rcParams
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from evaluation import Fooling
from evaluation.compare import ResultsError, main, side_by_side
from evaluation.fooling.findings import FoolingFindings
from evaluation.measurements import Measurement
from evaluation.redraw import main as redraw_main
from evaluation.redraw import redraw
from evaluation.report import ReportFolderError, prepare, write_report
from evaluation.report.style import Style
from evaluation.results import Results
from evaluation.saving import FindingsError, load_findings
from evaluation.tables import to_csv, to_latex
from interpreters import GradCam, SimpleGradient
from losses import Location

WIDTHS = [1200, 390]
INTERPRETERS = {"grad_cam": GradCam(), "gradient": SimpleGradient()}


class Page(HTMLParser):
    """What a page shows and where it points."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.pictures: list[str] = []
        self.elsewhere: list[str] = []
        self.scripts = 0
        self.open: list[str] = []
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script" or any(name.startswith("on") for name, _ in attrs)
        for name, value in attrs:
            if name in ("src", "href"):
                self.pictures += [value or ""] if tag == "img" else []
                self.elsewhere += [] if (value or "").startswith("data:") else [value or ""]
        if tag not in ("meta", "img", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with a report."""
    torch.manual_seed(0)
    original, manipulated = (tiny_network().eval() for _ in range(2))
    study = Fooling(original, manipulated, INTERPRETERS, Location(), trained_on=["grad_cam"])
    run = tmp_path_factory.mktemp("run")
    logger = TensorBoardLogger(run, name="", version="")
    Trainer(**{**SILENT, "logger": logger}).test(study, shapes(), verbose=False)
    findings = study.findings({"model": {"class_path": "evaluation.Fooling"}})
    write_report(findings, run / "report", [logger])
    return run


def test_the_page_needs_nothing_else(folder: Path) -> None:
    page = Page(folder / "report" / "index.html")
    assert page.elsewhere == []
    assert page.scripts == 0
    assert page.open == []
    assert len(page.pictures) == 9
    for source in page.pictures:
        content = base64.b64decode(source.removeprefix("data:image/png;base64,"))
        Image.open(io.BytesIO(content)).verify()


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_a_browser_finds_nothing_wrong(folder: Path, tmp_path: Path) -> None:
    main([str(folder), str(folder), "--output", str(tmp_path)])
    report, compared = (
        (place / "index.html").read_text() for place in (folder / "report", tmp_path)
    )
    printed = report.replace("@media print", "@media all")
    pages = [(printed, 700), *product((report, compared), WIDTHS)]
    on_paper, *on_screens = seen(pages, tmp_path)
    for found, width in zip(on_screens, 2 * WIDTHS, strict=True):
        assert found.errors == found.broken == found.elsewhere == []
        assert found.width == width
        assert "manipulated" in found.text.lower()
    assert on_screens[0].hidden == 2
    assert on_paper.hidden == 0


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_a_browser_finds_what_is_wrong(folder: Path, tmp_path: Path) -> None:
    report = (folder / "report" / "index.html").read_text()
    wrong = (
        "<script>nothing.at_all</script>",
        '<img alt="broken" src="data:image/png;base64,AAAA">',
        '<a href="https://localhost:1/">elsewhere</a>',
        "<style>body { background: url(https://localhost:1/picture.png) }</style>",
        '<p style="width: 391px">wide</p>',
    )
    pages = [(report.replace("</body>", f"{part}</body>"), 390) for part in wrong]
    script, picture, link, loaded, wide = seen(pages, tmp_path)
    assert "nothing is not defined" in script.errors[0]
    assert picture.broken == ["broken"]
    assert link.elsewhere == ["https://localhost:1/"]
    assert loaded.elsewhere == ["https://localhost:1/picture.png"]
    assert wide.width > 390


def test_sentence(folder: Path) -> None:
    page = (folder / "report" / "index.html").read_text()
    assert '<p class="lead">Manipulated: accuracy ' in page
    assert "grad cam lies on" in page
    assert "gradient, never trained on, lies on" in page


def test_tables_and_figures_are_files(folder: Path) -> None:
    report = folder / "report"
    rows = [*csv.reader((report / "summary.csv").open())]
    assert rows[0] == ["", "original", "manipulated"]
    assert rows[3][0] == "FSR grad cam"
    latex = (report / "summary.tex").read_text()
    assert latex.count(r"\\") == len(rows)
    assert r"0.00 \%" in latex
    stems = {path.stem for path in (report / "figures").glob("*.png")}
    assert stems == {path.stem for path in (report / "figures").glob("*.pdf")}
    assert all(path.read_bytes()[:4] == b"%PDF" for path in (report / "figures").glob("*.pdf"))


def test_tensorboard_has_the_final_figures_beside_the_settings(folder: Path) -> None:
    events = EventAccumulator(str(folder))
    events.Reload()
    tags = events.Tags()["scalars"]
    assert "fooling/fooling_success_rate/manipulated/grad_cam" in tags
    assert any("hparams" in plugin for plugin in events.summary_metadata)
    pictures = {path.stem: path for path in (folder / "report" / "figures").glob("*.png")}
    assert {*events.Tags()["images"]} == {f"fooling/{name}" for name in pictures}
    for name, path in pictures.items():
        (event,) = events.Images(f"fooling/{name}")
        shown = Image.open(io.BytesIO(event.encoded_image_string))
        assert shown.tobytes() == Image.open(path).tobytes()


def test_json_of_figures_that_are_no_numbers(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    labels: dict[str, Any] = {"better": "lower", "network": "manipulated", "n": 4}
    numbers = [
        Measurement("kl_divergence", math.inf, (math.nan, math.inf), **labels),
        Measurement("calibration_error", math.nan, None, **labels),
    ]
    Results("fooling", numbers).write(tmp_path / "report")
    text = (tmp_path / "report" / "results.json").read_text()
    first, second = json.loads(text, parse_constant=pytest.fail)["figures"]
    assert (first["value"], first["interval"], second["value"]) == (None, [None, None], None)
    assert "interval" not in second
    assert [row[1] for row in side_by_side([tmp_path])[1:]] == ["nan (nan to nan)", "nan"]


def test_curves_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    labels: dict[str, Any] = {"better": "higher", "network": "original", "n": 4}
    numbers = [
        *(Measurement("accuracy", 1 - x, (0, 1), **labels, part="images", x=x) for x in (0, 0.25)),
        Measurement("accuracy_by_class", 1, (0, 1), **labels, x=3, label="arrow"),
    ]
    Results("stability", numbers).write(tmp_path / "report")
    assert side_by_side([tmp_path])[1:] == [
        ["accuracy original images at 0", "1.0000 (0.0000 to 1.0000)"],
        ["accuracy original images at 0.25", "0.7500 (0.0000 to 1.0000)"],
    ]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '"figures"',
        '{"figures": 1}',
        '{"figures": [1]}',
        '{"figures": [{"name": "a"}]}',
        '{"figures": [{"name": ["a"], "value": 1}]}',
        '{"figures": [{"name": "a", "value": "b"}]}',
        '{"figures": [{"name": "a", "value": 1, "interval": [1]}]}',
        "[" * 100_000,
    ],
    ids=lambda content: content[:50],
)
def test_broken_results_are_one_error(content: str, tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "results.json").write_text(content)
    with pytest.raises(ResultsError, match=f"{tmp_path} has no results to compare: .*; give fold"):
        side_by_side([tmp_path])


def test_latex_sees_no_command() -> None:
    rows = [["", "a_b"], [r"5 % of $x^2$ \ ~{}", "#1 & 2"]]
    assert to_latex(rows) == (
        "\\begin{tabular}{lr}\n\\toprule\n & a\\_b \\\\\n\\midrule\n"
        "5 \\% of \\$x\\textasciicircum{}2\\$ \\textbackslash{} \\textasciitilde{}\\{\\} & "
        "\\#1 \\& 2 \\\\\n\\bottomrule\n\\end{tabular}\n"
    )
    assert [*csv.reader(io.StringIO(to_csv(rows)))] == rows


def test_an_earlier_report_is_kept(folder: Path) -> None:
    with pytest.raises(ReportFolderError, match=r"already holds a report.*--overwrite"):
        prepare(folder / "report")
    (folder / "report" / "partial").mkdir()
    prepare(folder / "report", overwrite=True)
    assert (folder / "report" / "results.json").exists()
    assert not (folder / "report" / "partial").exists()


@pytest.mark.slow
def test_a_picture_that_cannot_be_drawn_loses_no_measurement(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings, report = load_findings(folder / "report"), tmp_path / "report"
    (report / "figures").mkdir(parents=True)
    (report / "figures" / "of_another_study.png").touch()
    with monkeypatch.context() as patch:
        patch.setattr(FoolingFindings, "pictures", Mock(side_effect=MemoryError))
        with pytest.raises(MemoryError) as raised:
            write_report(findings, report)
    assert f"`python -m evaluation.redraw {tmp_path}`" in raised.value.__notes__[0]
    assert (report / "results.json").exists()
    assert not (report / "index.html").exists()
    page = redraw(tmp_path, Style(), [])
    assert page.read_bytes() == (folder / "report" / "index.html").read_bytes()
    assert not (report / "figures" / "of_another_study.png").exists()


@pytest.mark.slow
def test_the_report_is_drawn_again_as_it_was(folder: Path, tmp_path: Path) -> None:
    redraw_main([str(folder), "--output", str(tmp_path)])
    first, second = (
        {p.relative_to(place): p.read_bytes() for p in place.rglob("*") if p.is_file()}
        for place in (folder / "report", tmp_path)
    )
    assert first == second


@pytest.mark.slow
def test_a_report_in_another_style_and_order(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "large.mplstyle").write_text("font.size: 14")
    options = ["--style", str(tmp_path / "large.mplstyle"), "--colormap", "viridis", "--size", "2"]
    redraw_main([str(folder), *options, "--order", "gradient", "--output", str(tmp_path / "new")])
    rates = Image.open(tmp_path / "new" / "figures" / "rates.png")
    before = Image.open(folder / "report" / "figures" / "rates.png")
    # sides are whole pixels
    assert rates.size == pytest.approx((2 * before.width, 2 * before.height), abs=1)
    rows = [*csv.reader((tmp_path / "new" / "summary.csv").open())]
    assert [row[0] for row in rows[3:]] == ["FSR gradient", "FSR grad cam"]
    # the style is for this report alone
    assert Style().colormap is None
    assert rcParams["font.size"] == 10


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--style", "nowhere"], "give a file of settings, or one of"),
        (["--colormap", "nocolour"], "matplotlib has no colour map nocolour"),
        (["--size", "0"], "`size` must be a factor above 0"),
    ],
)
def test_unknown_styles_are_named(
    options: list[str], error: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        redraw_main([str(folder), *options])
    assert error in capsys.readouterr().err


def test_findings_that_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(
        FindingsError,
        match=r"no findings: no file at .*findings\.json; check",
    ):
        load_findings(tmp_path)
    shutil.copytree(folder / "report", tmp_path / "report")
    text = (tmp_path / "report" / "findings.json").read_text()
    for damaged in (
        text[:-20],
        text.replace('"study": "fooling"', '"study": "none"'),
        text.replace('"n": 7', '"n": "many"'),
        text.replace('"schema": 1', '"schema": 2'),
        # would be an entry without an interpreter
        text.replace('"interpreter": "grad_cam"', '"interpretr": "grad_cam"'),
        "[]",
        "[" * 10**5,
    ):
        (tmp_path / "report" / "findings.json").write_text(damaged)
        with pytest.raises(FindingsError, match=r"cannot be read: .*evaluate anew"):
            load_findings(tmp_path / "report")
    (tmp_path / "report" / "findings.json").write_text(text)
    (tmp_path / "report" / "findings.safetensors").write_bytes(b"none")
    with pytest.raises(FindingsError, match="cannot be read"):
        load_findings(tmp_path / "report")


def test_findings_that_do_not_fit_each_other(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(folder / "report", tmp_path / "report")
    path = tmp_path / "report" / "findings.json"
    path.write_text(path.read_text().replace('"networks": ["original"', '"networks": ["other"'))
    with pytest.raises(SystemExit, match="2"):
        redraw_main([str(tmp_path)])
    assert f"the findings in {path.parent} cannot be drawn: KeyError: " in capsys.readouterr().err


def test_a_study_that_was_to_write_over_a_report_goes_on(tmp_path: Path) -> None:
    (tmp_path / "results.json").touch()
    with pytest.raises(ReportFolderError, match="already holds a report"):
        prepare(tmp_path, resume=True)
    (tmp_path / "partial").mkdir()
    prepare(tmp_path, resume=True)
    assert (tmp_path / "partial").exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportFolderError, match=r"cannot be written to .*file/report"):
        prepare(tmp_path / "file" / "report")


def test_results_side_by_side(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    (other / "report").mkdir(parents=True)
    Results("fooling", []).write(other / "report")
    rows = side_by_side([folder, other])
    assert rows[0] == ["figure", str(folder), str(other)]
    titles = [row[0] for row in rows]
    row = rows[titles.index("fooling success rate manipulated grad cam")]
    assert " to " in row[1]
    assert row[2] == ""
    main([str(folder), str(folder), "--output", str(tmp_path / "compared")])
    assert "agreement" in capsys.readouterr().out
    assert Page(tmp_path / "compared" / "index.html").elsewhere == []
    table = [*csv.reader((tmp_path / "compared" / "table.csv").open())]
    assert len(table) == len(rows)
    assert all(line[1] == line[2] for line in table[1:])
    with pytest.raises(ValueError, match="has no results to compare"):
        main([str(tmp_path / "nowhere")])


def test_trained_on_must_be_tested() -> None:
    network = tiny_network()
    with pytest.raises(
        ValueError, match="`trained_on` names lrp, which `interpreters` does not have"
    ):
        Fooling(network, network, INTERPRETERS, Location(), trained_on=["lrp"])
    with pytest.raises(
        ValueError, match=r"names second, which `manipulated` does not have; it has man"
    ):
        Fooling(network, network, INTERPRETERS, Location(), trained_on={"second": ["grad_cam"]})
