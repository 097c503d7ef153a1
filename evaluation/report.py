"""The report of a study: data, tables, pictures and one page that opens anywhere."""

import base64
import io
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader
from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib.figure import Figure
from PIL import Image

from evaluation.results import Results, replace
from evaluation.study import Study
from evaluation.tables import to_csv, to_latex

PAGES = Environment(loader=PackageLoader("evaluation", "templates"), autoescape=True)


# where a study keeps its counts until the report is written
PARTIAL = "partial"


class ReportFolderError(ValueError):
    """A report cannot be written where it is to be."""


def prepare(folder: Path, overwrite: bool = False, resume: bool = False) -> None:
    """Make the folder of a report; raises ReportFolderError if it holds one or is not writable."""
    # a study that did not end in the folder of a report was to write over it
    begun = resume and (folder / PARTIAL).exists()
    if (folder / "results.json").exists() and not (overwrite or begun):
        raise ReportFolderError(
            f"{folder} already holds a report; write over it (--overwrite true), choose another "
            "folder (--run) or remove it"
        )
    if (folder / PARTIAL).exists() and not (overwrite or resume):
        raise ReportFolderError(
            f"{folder} holds a study that did not end; go on with it (--resume true), write over "
            "it (--overwrite true) or choose another folder (--run)"
        )
    if not resume:
        shutil.rmtree(folder / PARTIAL, ignore_errors=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink(missing_ok=True)  # another process may have been faster
    except OSError as error:
        raise ReportFolderError(
            f"the report cannot be written to {folder}: {error}; choose another folder (--run)"
        ) from error


def write_report(study: Study, settings: dict[str, Any], folder: Path) -> tuple[Results, Path]:
    """Write results, tables, figures and index.html to a folder; return the results and the page.

    The files are results.json and .csv (every figure), summary.csv and .tex (the first table), and
    figures/*.png and *.pdf. What an earlier report left of them goes first; results.json comes
    last, so that a folder with it holds a whole report.
    """
    (folder / "results.json").unlink(missing_ok=True)
    shutil.rmtree(folder / "figures", ignore_errors=True)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    results = study.results(settings)
    summary = study.summary(results)
    replace(folder / "summary.csv", to_csv(summary))
    replace(folder / "summary.tex", to_latex(summary))
    pictures = study.pictures()
    images = {name: drawn(figure, "png") for name, figure in pictures.items()}
    for name, image in images.items():
        replace(folder / "figures" / f"{name}.png", image)
        replace(folder / "figures" / f"{name}.pdf", drawn(pictures[name], "pdf"))
    page = PAGES.get_template("report.html").render(
        results=results,
        sentences=study.sentences(results),
        summary=summary,
        pictures={name: base64.b64encode(image).decode() for name, image in images.items()},
        widths={name: round(96 * figure.get_figwidth()) for name, figure in pictures.items()},
        settings=json.dumps(settings, indent=2, default=str),
    )
    replace(folder / "index.html", page)
    _to_tensorboard(study, results, images)
    results.write(folder)
    return results, folder / "index.html"


def drawn(figure: Figure, form: str) -> bytes:
    """A figure as the content of a file."""
    file = io.BytesIO()
    figure.savefig(file, format=form, dpi=130)
    # now that everything has its place, another form need not look for it
    figure.set_layout_engine("none")
    return file.getvalue()


def _to_tensorboard(study: Study, results: Results, images: dict[str, bytes]) -> None:
    for logger in study.trainer.loggers:
        if not isinstance(logger, TensorBoardLogger):
            continue
        finals: dict[str, float] = {}
        places: Counter[str] = Counter()
        for number in results.numbers:
            if number.label is not None:
                continue
            tag = f"{results.study}/{number.key}"
            # a step is a whole number, as the places of a curve are not
            step = None if number.x is None else places[tag]
            places[tag] += 1
            logger.experiment.add_scalar(tag, number.value, step)
            # of a curve the last point, by a name of its own, as it is no further point
            finals[tag if number.x is None else f"{tag}/last"] = number.value
        # so that runs can be sorted by what they found
        logger.log_hyperparams(results.settings.get("model", {}), finals)
        for name, image in images.items():
            pixels = np.asarray(Image.open(io.BytesIO(image)))
            logger.experiment.add_image(f"{results.study}/{name}", pixels, dataformats="HWC")
        logger.finalize("success")
